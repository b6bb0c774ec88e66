import { makeChart } from '../archives.ts'
import { chartName } from '../data.ts'
import { FORMS } from '../forms.ts'
import { type Case, type Line, atMostTimes, measureCases, rowOf } from '../line.ts'
import type { Workbench } from '../workbench.ts'

/** A push that leaves `index.yaml` alone costs the same whatever the size of the repository. */
export const pushConstant: Line = {
  name: 'push-constant',
  title: ({ sizes }) =>
    `push \`--no-compact\` at ${sizes.big.toLocaleString('en')} against ${sizes.small.toLocaleString('en')} versions`,
  measure: async (bench) => {
    const { big, runs, small } = bench.sizes
    const cases: Case[] = []
    for (const form of FORMS) {
      for (const versions of [big, small]) cases.push(...(await pushCases(bench, versions, form)))
    }
    const rows = await measureCases(cases, runs * 3)
    const goals = FORMS.flatMap((form) =>
      bench.ours.map(({ name }) =>
        atMostTimes(1.3, rowOf(rows, caseName(form, big), name), rowOf(rows, caseName(form, small), name)),
      ),
    )
    return { rows, goals }
  },
}

function caseName(form: string, versions: number): string {
  return `push --no-compact, ${form}, ${versions.toLocaleString('en')} versions`
}

async function pushCases(bench: Workbench, versions: number, form: (typeof FORMS)[number]): Promise<Case[]> {
  const chart = await makeChart(bench.path('charts'), chartName(1), '9.0.0')
  const index = await bench.index(versions, form)
  const args = ['push', chart.path, 'bench', '--no-compact']
  return bench.ours.map((program) => {
    const repository = bench.repository()
    return {
      what: caseName(form, versions),
      program: program.name,
      prepare: () => repository.restore(index),
      run: () => bench.run(program.path, args, repository),
      count: () => bench.count(program.path, args, repository),
    }
  })
}
