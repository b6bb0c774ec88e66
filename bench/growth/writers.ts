import { freemem } from 'node:os'
import { makeCharts } from '../archives.ts'
import { measureCases } from '../line.ts'
import { writersCase } from '../writers-case.ts'
import type { Growth } from './growth.ts'

/** What is left to the rest of the machine. */
const SHARE_OF_MEMORY = 0.8

/** Cost against the number of processes that push at the same moment; as many as fit into memory. */
export const writers: Growth = {
  name: 'processes',
  title: 'Concurrent writers',
  axis: 'processes that push at the same moment',
  charts: [{ file: 'writers', title: 'Time until all are done', value: 'time', shows: () => true }],
  measure: async (bench, add, say) => {
    const { peerWriters, writers: steps, writersVersions } = bench.sizes.growth
    const charts = await makeCharts(bench.path('writers'), 'writer', Math.max(...steps))
    const index = await bench.index(writersVersions, 'yaml')
    const memoryOfOne = new Map<string, number>()
    for (const at of steps) {
      const programs = bench.programs.filter(({ name }) => {
        const fits = (memoryOfOne.get(name) ?? 0) * at < freemem() * SHARE_OF_MEMORY
        if (!fits) say(`growth: ${String(at)} processes (${name}) do not fit into memory`)
        return fits && (name !== 'peer' || at <= peerWriters)
      })
      say(`growth: ${String(at)} writers`)
      const found = new Map<string, number>()
      const what = 'pushes at once'
      const cases = programs.map((program) =>
        writersCase(bench, { program, index, charts: charts.slice(0, at), what, found }),
      )
      for (const { program, samples } of await measureCases(cases, Math.min(2, bench.sizes.runs))) {
        const kept = found.get(program)
        add(what, program, { at, samples, ...(kept === undefined ? {} : { kept }) })
        const memory = Math.max(...samples.map((sample) => sample.memory ?? 0))
        memoryOfOne.set(program, Math.max(memory, memoryOfOne.get(program) ?? 0))
      }
    }
  },
}
