import { CONCURRENCY } from '../../lib/protocol/session/limits.ts'
import { makeCharts } from '../archives.ts'
import { type Case, type Line, atMostTimes, measureCases, rowOf } from '../line.ts'

/** Many archives in one call, against their PUTs alone. */
export const batch: Line = {
  name: 'batch',
  title: ({ sizes }) => `${sizes.batch.toLocaleString('en')} archives pushed in one call`,
  measure: async (bench) => {
    const charts = await makeCharts(bench.path('batch'), 'batch', bench.sizes.batch)
    const index = await bench.index(bench.sizes.small, 'json')
    const cases = bench.ours.map((program): Case => {
      const repository = bench.repository()
      const args = ['push', ...charts.map(({ path }) => path), 'bench']
      return {
        what: 'push',
        program: program.name,
        prepare: () => repository.restore(index),
        run: () => bench.run(program.path, args, repository),
        check: async () => {
          const found = await repository.countInIndex(charts)
          if (found !== charts.length)
            throw new Error(`${String(found)} of ${String(charts.length)} charts are in index.yaml`)
        },
        count: () => bench.count(program.path, args, repository),
      }
    })
    const alone = bench.repository()
    const raw = {
      kind: 'uploads',
      bucket: bench.bucket.name,
      prefix: alone.prefix,
      folder: bench.path('batch'),
      concurrency: CONCURRENCY,
    } as const
    const requests: Case = {
      what: 'the PUTs alone',
      program: 'the adapter alone',
      prepare: () => alone.remove(),
      run: () => bench.raw(raw, bench.store),
    }
    const rows = await measureCases([...cases, requests], bench.sizes.runs)
    const goals = bench.ours.map(({ name }) =>
      atMostTimes(2, rowOf(rows, 'push', name), rowOf(rows, requests.what, requests.program)),
    )
    return { rows, goals }
  },
}
