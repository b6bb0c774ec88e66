import type { IndexForm } from '../../lib/core/index/index-text.ts'
import { VERSIONS_PER_CHART, deltaFiles } from '../data.ts'
import { FORMS } from '../forms.ts'
import type { HelmHome } from '../helm-home.ts'
import { type Case, type Line, atMostTimes, measureCases, rowOf } from '../line.ts'
import type { Program } from '../programs.ts'
import type { Repository } from '../repository.ts'
import { type Relay, counted } from '../relay.ts'
import { type Goal, type Row, trafficOf } from '../result.ts'
import type { Workbench } from '../workbench.ts'

/** The body of the base is many times this; what remains is the listing and the deltas. */
const WITHOUT_BASE = 1_000_000

/** The getter on an index whose base lies in Helm's cache, because Helm has read it before the last pushes. */
export const readCached: Line = {
  name: 'read-cached',
  title: ({ sizes }) =>
    `the same when the local cache already holds that base, store ${String(sizes.roundTrip)} ms away, ` +
    `${String(sizes.bandwidth / 1e6)} Mbit/s`,
  measure: async (bench) => {
    const rows = await bench.throughRelay(async (relay) => {
      const cases: Case[] = []
      for (const form of FORMS) {
        for (const program of bench.ours) cases.push(...(await readCases(bench, program, form, relay)))
      }
      return measureCases(cases, bench.sizes.runs)
    })
    const goals = FORMS.flatMap((form) =>
      bench.ours.flatMap(({ name }) => {
        const cached = rowOf(rows, `cached, ${form}`, name)
        return [bytesReceived(cached), atMostTimes(0.5, cached, rowOf(rows, `not cached, ${form}`, name))]
      }),
    )
    return { rows, goals }
  },
}

function bytesReceived(row: Row): Goal {
  return {
    what: `${row.what}: received`,
    program: row.program,
    sense: 'at most',
    limit: WITHOUT_BASE,
    unit: 'bytes',
    value: trafficOf(row)?.received,
  }
}

async function readCases(bench: Workbench, { name, path }: Program, form: IndexForm, relay: Relay): Promise<Case[]> {
  const { big, pendingRead } = bench.sizes
  const repository = bench.repository()
  await repository.restore(await bench.index(big, form))
  const args = ['download', '', '', '', repository.urlOf('index.yaml')]
  const { endpoint } = relay
  const home = await homeThatRead(bench, path, args, repository, endpoint)
  await repository.putDeltas(deltaFiles(pendingRead, big / VERSIONS_PER_CHART))
  const stdout = bench.path('stdout')
  const one = (what: string, known: { readonly home?: HelmHome }): Case => ({
    what: `${what}, ${form}`,
    program: name,
    run: () => counted(relay, () => bench.run(path, args, repository, { ...known, endpoint, stdout })),
  })
  return [one('cached', { home }), one('not cached', {})]
}

/**
 * A Helm home in which Helm has just read this index: it keeps what the getter gave it. The program keeps it, too, but
 * only for the store at this endpoint.
 */
async function homeThatRead(
  bench: Workbench,
  program: string,
  args: readonly string[],
  repository: Repository,
  endpoint: string,
): Promise<HelmHome> {
  const home = await bench.home(repository)
  await bench.run(program, args, repository, { home, endpoint, stdout: home.cachedIndex })
  return home
}
