import { type Case, type Line, atMostTimes, findRow, measureCases } from '../line.ts'
import type { Repository } from '../repository.ts'
import type { Goal, Row } from '../result.ts'
import type { Workbench } from '../workbench.ts'

/** What Helm does for each archive: start the getter, which downloads one small file. */
export const getter: Line = {
  name: 'getter',
  title: () => 'getter on a small archive, self-contained executable',
  measure: async (bench) => {
    const repository = bench.repository()
    await repository.putArchive(bench.sample)
    const near = getterCases(bench, repository, 'loopback')
    const rows = await measureCases(near, bench.sizes.startRuns)
    const { roundTrip } = bench.sizes
    const far = await bench.atDistance({ roundTrip }, (endpoint) =>
      measureCases(getterCases(bench, repository, `${String(roundTrip)} ms away`, endpoint), bench.sizes.startRuns),
    )
    const goals = [...goalsOf(rows, 1.5), ...goalsOf(far, 1.2)]
    const notes = bench.ours.some(({ name }) => name === 'executable') ? [] : ['The executable is not built.']
    return { rows: [...rows, ...far], goals, notes }
  },
}

function getterCases(bench: Workbench, repository: Repository, where: string, endpoint?: string): Case[] {
  const { name, version } = bench.sample
  const args = ['download', '', '', '', repository.urlOf(`${name}-${version}.tgz`)]
  const run = { stdout: bench.path('stdout') }
  return bench.programs.map((program) => ({
    what: `getter, ${where}`,
    program: program.name,
    run: () => bench.run(program.path, args, repository, endpoint === undefined ? run : { ...run, endpoint }),
    ...(endpoint === undefined ? { count: () => bench.count(program.path, args, repository, run) } : {}),
  }))
}

function goalsOf(rows: readonly Row[], limit: number): Goal[] {
  return rows
    .filter(({ program }) => program === 'executable')
    .map((row) => atMostTimes(limit, row, findRow(rows, row.what, 'peer')))
}
