import { type Case, type Line, atMostTimes, findRow, measureCases } from '../line.ts'

/** The getter on the Node bundle, against Node that does nothing. */
export const startUp: Line = {
  name: 'start-up',
  title: () => 'the same on the Node bundle, against bare `node -e 0`',
  measure: async (bench) => {
    const repository = bench.repository()
    await repository.putArchive(bench.sample)
    const { name, version } = bench.sample
    const args = ['download', '', '', '', repository.urlOf(`${name}-${version}.tgz`)]
    const bare: Case = {
      what: 'node -e 0',
      program: 'Node',
      run: () => bench.run(process.execPath, ['-e', '0'], repository),
    }
    const cases = bench.ours
      .filter((program) => program.name === 'Node bundle')
      .map((program): Case => ({
        what: 'getter',
        program: program.name,
        run: () => bench.run(program.path, args, repository, { stdout: bench.path('stdout') }),
      }))
    const rows = await measureCases([...cases, bare], bench.sizes.startRuns)
    const goals = rows
      .filter(({ what }) => what === 'getter')
      .map((row) => atMostTimes(2.2, row, findRow(rows, bare.what, bare.program)))
    return { rows, goals }
  },
}
