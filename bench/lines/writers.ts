import { makeCharts } from '../archives.ts'
import { type Line, fasterThan, findRow, measureCases } from '../line.ts'
import type { Goal } from '../result.ts'
import { writersCase } from '../writers-case.ts'

/** Many pushes at the same moment, each by a process with a Helm home of its own. */
export const writers: Line = {
  name: 'writers',
  title: ({ sizes }) => `${String(sizes.writers)} pushes at once into ${sizes.shared.toLocaleString('en')} versions`,
  measure: async (bench) => {
    const charts = await makeCharts(bench.path('writers'), 'writer', bench.sizes.writers)
    const index = await bench.index(bench.sizes.shared, 'yaml')
    const what = 'pushes at once, yaml'
    const found = new Map<string, number>()
    // The Go plugin takes a minute for this at full size.
    const cases = bench.programs.map((program) => writersCase(bench, { program, index, charts, what, found }))
    const rows = await measureCases(cases, bench.sizes.runs)
    const goals = bench.ours.flatMap(({ name }): Goal[] => {
      const row = findRow(rows, what, name)
      const kept: Goal = {
        what: 'in index.yaml',
        program: name,
        sense: 'at least',
        limit: charts.length,
        unit: 'charts',
        value: found.get(name),
      }
      return row === undefined ? [kept] : [kept, fasterThan(findRow(rows, what, 'peer'), 10, row)]
    })
    const lost = found.get('peer')
    const notes =
      lost === undefined
        ? []
        : [`After the peer, \`index.yaml\` names ${String(lost)} of ${String(charts.length)} charts at worst.`]
    return { rows, goals, notes }
  },
}
