import type { IndexForm } from '../../lib/core/index/index-text.ts'
import { FORMS } from '../forms.ts'
import { type Case, type Line, fasterThan, findRow, measureCases } from '../line.ts'
import type { Program } from '../programs.ts'
import type { Workbench } from '../workbench.ts'

/** Deletion of one version and its archive. */
export const deleteOne: Line = {
  name: 'delete',
  title: ({ sizes }) => `delete one version at ${sizes.big.toLocaleString('en')}`,
  measure: async (bench) => {
    const cases = await Promise.all(
      FORMS.flatMap((form) => bench.programs.map((program) => deleteCase(bench, program, form))),
    )
    const rows = await measureCases(cases, bench.sizes.runs)
    const goals = rows
      .filter(({ program }) => program !== 'peer')
      .map((row) => fasterThan(findRow(rows, row.what, 'peer'), 20, row))
    return { rows, goals }
  },
}

async function deleteCase(bench: Workbench, program: Program, form: IndexForm): Promise<Case> {
  const { sample } = bench
  const index = await bench.index(bench.sizes.big, form)
  const repository = bench.repository()
  const args = ['delete', sample.name, '--version', sample.version, 'bench']
  return {
    what: `delete, ${form}`,
    program: program.name,
    prepare: async () => {
      await repository.restore(index)
      await repository.putArchive(sample)
    },
    run: () => bench.run(program.path, args, repository),
    check: async () => {
      const isListed = (await repository.countInIndex([sample])) > 0
      if (isListed) throw new Error(`${program.name}: what was deleted is still in index.yaml`)
    },
    ...(program.name === 'peer' ? {} : { count: () => bench.count(program.path, args, repository) }),
  }
}
