import type { IndexForm } from '../../lib/core/index/index-text.ts'
import { chartName } from '../data.ts'
import { makeChart } from '../archives.ts'
import { type Case, type Line, fasterThan, findRow, measureCases, memoryAtMost } from '../line.ts'
import { FORMS } from '../forms.ts'
import type { Program } from '../programs.ts'
import type { Workbench } from '../workbench.ts'

/** A push of a new version of a chart that is there. */
export const push: Line = {
  name: 'push',
  title: ({ sizes }) => `push with inline compaction into ${sizes.big.toLocaleString('en')} versions`,
  measure: async (bench) => {
    const cases = await Promise.all(
      FORMS.flatMap((form) => bench.programs.map((program) => pushCase(bench, program, form))),
    )
    const rows = await measureCases(cases, bench.sizes.runs)
    const goals = rows
      .filter(({ program }) => program !== 'peer')
      .flatMap((row) => [fasterThan(findRow(rows, row.what, 'peer'), 25, row), memoryAtMost(350, row)])
    return { rows, goals }
  },
}

async function pushCase(bench: Workbench, program: Program, form: IndexForm): Promise<Case> {
  const chart = await makeChart(bench.path('charts'), chartName(1), '9.0.0')
  const index = await bench.index(bench.sizes.big, form)
  const repository = bench.repository()
  const args = ['push', chart.path, 'bench']
  return {
    what: `push, ${form}`,
    program: program.name,
    prepare: () => repository.restore(index),
    run: () => bench.run(program.path, args, repository),
    check: async () => {
      if ((await repository.countInIndex([chart])) !== 1)
        throw new Error(`${program.name}: what was pushed is not in index.yaml`)
    },
    ...(program.name === 'peer' ? {} : { count: () => bench.count(program.path, args, repository) }),
  }
}
