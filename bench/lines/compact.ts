import { CONCURRENCY } from '../../lib/protocol/session/limits.ts'
import { VERSIONS_PER_CHART, deltaFiles } from '../data.ts'
import { FORMS } from '../forms.ts'
import { type Case, type Line, atMostTimes, measureCases, rowOf } from '../line.ts'

/** Compaction of many deltas, against its requests alone. */
export const compact: Line = {
  name: 'compact',
  title: ({ sizes }) =>
    `compact: ${sizes.pendingCompact.toLocaleString('en')} pending deltas into ${sizes.big.toLocaleString('en')} ` +
    `versions`,
  measure: async (bench) => {
    const { big, pendingCompact, runs } = bench.sizes
    const repository = bench.repository()
    const files = [...deltaFiles(pendingCompact, big / VERSIONS_PER_CHART)]
    await repository.putDeltas(files)
    const added = files.map((file) => file.added)
    const isDelta = (key: string): boolean => key.startsWith(repository.deltaFolder)
    const cases: Case[] = []
    for (const form of FORMS) {
      const index = await bench.index(big, form)
      const prepare = (): Promise<void> => repository.restore(index, isDelta)
      const raw = {
        kind: 'compaction',
        base: repository.indexKey,
        target: `${repository.prefix}written`,
        deltaFolder: repository.deltaFolder,
      } as const
      cases.push(
        ...bench.ours.map(({ name, path }) => ({
          what: `compact, ${form}`,
          program: name,
          prepare,
          run: () => bench.run(path, ['compact', 'bench'], repository),
          count: () => bench.count(path, ['compact', 'bench'], repository),
        })),
        {
          what: `its requests alone, ${form}`,
          program: 'the adapter alone',
          prepare,
          run: () => bench.raw({ ...raw, bucket: bench.bucket.name, concurrency: CONCURRENCY }, bench.store),
        },
      )
    }
    const rows = await measureCases(cases, runs)
    const last = bench.ours[0]
    if (last !== undefined) {
      await repository.restore(await bench.index(big, 'json'), isDelta)
      await bench.run(last.path, ['compact', 'bench'], repository)
      const found = await repository.countInIndex(added)
      if (found !== added.length)
        throw new Error(`${String(found)} of ${String(added.length)} deltas are in index.yaml`)
    }
    const goals = FORMS.flatMap((form) =>
      bench.ours.map(({ name }) =>
        atMostTimes(
          3,
          rowOf(rows, `compact, ${form}`, name),
          rowOf(rows, `its requests alone, ${form}`, 'the adapter alone'),
        ),
      ),
    )
    await repository.remove()
    return { rows, goals }
  },
}
