import { deltaKey } from '../../lib/core/log/delta-id.ts'
import { makeChart } from '../archives.ts'
import { VERSIONS_PER_CHART, chartName, deltaFiles } from '../data.ts'
import { count } from '../format.ts'
import type { Case } from '../line.ts'
import type { Program } from '../programs.ts'
import type { Repository } from '../repository.ts'
import type { Workbench } from '../workbench.ts'
import { type Growth, addPoints } from './growth.ts'

/** Cost against the number of deltas that wait for a compaction. */
export const deltas: Growth = {
  name: 'deltas',
  title: 'Pending deltas',
  axis: 'pending deltas',
  charts: [
    { file: 'deltas', title: 'Time against pending deltas', value: 'time', shows: () => true },
    { file: 'deltas-memory', title: 'Peak memory against pending deltas', value: 'memory', shows: () => true },
  ],
  measure: async (bench, add, say) => {
    const { deltas: steps, deltasVersions } = bench.sizes.growth
    const repository = bench.repository()
    const files = [...deltaFiles(Math.max(...steps), Math.ceil(deltasVersions / VERSIONS_PER_CHART))]
    const chart = await makeChart(bench.path('charts'), chartName(1), '9.0.0')
    let done = 0
    for (const at of steps) {
      say(`growth: ${count(at)} pending deltas`)
      await repository.putDeltas(files.slice(done, at))
      done = at
      const keys = new Set<string>(files.slice(0, at).map(({ id }) => deltaKey(repository.deltaFolder, id)))
      const index = await bench.index(deltasVersions, 'json')
      const prepare = (): Promise<void> => repository.restore(index, (key) => keys.has(key))
      const cases = bench.ours.map((program) => casesOf(bench, program, repository, prepare, chart.path))
      for (const what of ['read', 'push --no-compact', 'compact']) {
        await addPoints(
          add,
          at,
          cases.flat().filter((each) => each.what === what),
          bench.sizes.runs,
        )
      }
    }
    await repository.remove()
  },
}

function casesOf(
  bench: Workbench,
  program: Program,
  repository: Repository,
  prepare: () => Promise<void>,
  chart: string,
): Case[] {
  const stdout = bench.path('stdout')
  const one = (what: string, ...args: readonly string[]): Case => ({
    what,
    program: program.name,
    prepare,
    run: () => bench.run(program.path, args, repository, { stdout }),
  })
  return [
    one('read', 'download', '', '', '', repository.urlOf('index.yaml')),
    one('push --no-compact', 'push', chart, 'bench', '--no-compact'),
    one('compact', 'compact', 'bench'),
  ]
}
