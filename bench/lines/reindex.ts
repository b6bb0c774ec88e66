import { DEFAULT_CONCURRENCY } from '../../lib/protocol/session/limits.ts'
import { makeCharts } from '../archives.ts'
import { type Case, type Line, Skip, atMostTimes, fasterThan, findRow, measureCases } from '../line.ts'
import type { Program } from '../programs.ts'
import type { Goal } from '../result.ts'
import type { Workbench } from '../workbench.ts'

/** The Go plugin asks for one archive after another: more than a minute for each run at full size. */
const PEER_RUNS = 1
const PAGE = 1000
const [EMPTY, SAME, ALONE] = ['from an empty index', 'with nothing new', 'its LISTs and HEADs alone']

/** The index made from the archives, far from the store. */
export const reindex: Line = {
  name: 'reindex',
  title: ({ sizes }) =>
    `reindex of ${sizes.archives.toLocaleString('en')} archives, store ${String(sizes.roundTrip)} ms away`,
  measure: async (bench) => {
    const [first] = bench.ours
    if (first === undefined || !(await bench.has(first, 'reindex')))
      throw new Skip('the program has no command `reindex`')
    const { archives, roundTrip, runs } = bench.sizes
    const indexes = await prepareIndexes(bench)
    const rows = await bench.atDistance({ roundTrip }, async (endpoint) => {
      const cases: Case[] = []
      for (const program of bench.programs) cases.push(...(await reindexCases(bench, program, indexes, endpoint)))
      cases.push(await requestsAlone(bench, indexes, endpoint))
      return measureCases(cases, runs)
    })
    const goals = bench.ours.flatMap(({ name }): Goal[] => {
      const [fresh, same] = [findRow(rows, EMPTY, name), findRow(rows, SAME, name)]
      if (fresh === undefined || same === undefined) return []
      return [
        atMostTimes(2, fresh, findRow(rows, ALONE, ADAPTER)),
        fasterThan(findRow(rows, EMPTY, 'peer'), 25, fresh),
        fasterThan(findRow(rows, SAME, 'peer'), 200, same),
        // The pages of the archives and `index.yaml`; then one read of the view: LIST and GET.
        {
          what: `${SAME}: requests`,
          program: name,
          sense: 'at most',
          limit: Math.ceil((archives + 1) / PAGE) + 2,
          unit: 'requests',
          value: same.traffic?.requests,
        },
      ]
    })
    return { rows, goals }
  },
}

const ADAPTER = 'the adapter alone'

/** What a reindex from an empty index cannot do without: the listing of the archives, and a HEAD for each. */
async function requestsAlone(bench: Workbench, { empty, paths }: Indexes, endpoint: string): Promise<Case> {
  const repository = bench.repository()
  await repository.restore(empty)
  for (const program of bench.ours.slice(0, 1)) await bench.run(program.path, ['push', ...paths, 'bench'], repository)
  const work = {
    kind: 'look',
    bucket: bench.bucket.name,
    prefix: repository.prefix,
    concurrency: DEFAULT_CONCURRENCY,
  } as const
  return { what: ALONE, program: ADAPTER, run: () => bench.raw(work, { ...bench.store, endpoint }) }
}

interface Indexes {
  readonly empty: string
  /** Names every archive. */
  readonly full: string
  readonly folder: string
  readonly paths: readonly string[]
}

async function prepareIndexes(bench: Workbench): Promise<Indexes> {
  const folder = bench.path('reindex')
  const charts = await makeCharts(folder, 'archive', bench.sizes.archives)
  const [empty, full] = ['pristine/empty', 'pristine/reindexed']
  await bench.bucket.put(empty, 'apiVersion: v1\nentries: {}\n')
  return { empty, full, folder, paths: charts.map(({ path }) => path) }
}

async function reindexCases(
  bench: Workbench,
  program: Program,
  { empty, full, paths }: Indexes,
  endpoint: string,
): Promise<Case[]> {
  const repository = bench.repository()
  const [ours] = bench.ours
  if (ours === undefined) return []
  // Pushed, so that the archives carry the metadata that both programs write and read.
  await repository.restore(empty)
  await bench.run(ours.path, ['push', ...paths, 'bench'], repository)
  const ownFull = `${full}-${program.name.replace(' ', '-')}`
  await bench.bucket.copy(repository.indexKey, ownFull)
  const isArchive = (key: string): boolean => key.endsWith('.tgz')
  const one = (what: string, index: string): Case => ({
    what,
    program: program.name,
    ...(program.name === 'peer' ? { runs: PEER_RUNS } : {}),
    prepare: () => repository.restore(index, isArchive),
    run: () => bench.run(program.path, ['reindex', 'bench'], repository, { endpoint }),
    check: async () => {
      const index = await bench.bucket.get(repository.indexKey)
      const missing = paths.filter((path) => !index.includes(path.slice(path.lastIndexOf('/') + 1)))
      if (missing.length > 0)
        throw new Error(`${program.name}: ${String(missing.length)} archives are not in index.yaml`)
    },
    ...(program.name === 'peer' ? {} : { count: () => bench.count(program.path, ['reindex', 'bench'], repository) }),
  })
  return [one(EMPTY, empty), one(SAME, ownFull)]
}
