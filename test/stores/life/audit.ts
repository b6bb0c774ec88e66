import { deltaTime } from '../../../lib/core/log/delta-id.ts'
import type { Entry } from '../../../lib/core/log/entry.ts'
import { type Key, archiveKey, ownArchiveKey, provenanceKey } from '../../../lib/core/keys.ts'
import type { IndexText } from '../../../lib/core/index/index-text.ts'
import type { Ledger } from './ledger.ts'
import type { Snapshot } from './snapshot.ts'

/** How far the id of a delta may be ahead of its LastModified (docs/FORMAT.md). */
const MOST_AHEAD = 15 * 60_000

/**
 * What is wrong in a repository at rest, whose deltas all are folded: one line each. It does not ask the program, and
 * goes by what was read and by what was done alone. `snapshot`: with the digests of the archives.
 */
export function findFaults(snapshot: Snapshot, ledger: Ledger): readonly string[] {
  const { base, merged } = snapshot
  if (base === undefined || merged === undefined) return ['there is no index.yaml']
  return [
    ...entriesOf(merged).flatMap((entry) => faultsOfEntry(snapshot, ledger, entry)),
    ...missingEntries(merged, ledger),
    ...faultsOfDeltas(snapshot),
    ...unexplainedObjects(snapshot, ledger),
    ...snapshot.uploads.map(({ id, key }) => `the upload ${id} of ${key} is open`),
  ]
}

export function entriesOf(index: IndexText): readonly Entry[] {
  return index.chartNames().flatMap((name) => index.versions(name))
}

function faultsOfEntry({ digests, location }: Snapshot, ledger: Ledger, entry: Entry): readonly string[] {
  const what = `${entry.name} ${entry.version}`
  if (ledger.isUnbacked(entry)) return []
  const known = ledger.find(entry)
  if (known === undefined) return [`${what} is in the index, and was never pushed, or was removed`]
  const faults = entry.digest === known.digest ? [] : [`${what} has another digest than its last push`]
  const key = ownArchiveKey(location, entry.urls?.[0] ?? '')
  if (key === undefined) return [...faults, `${what} names no archive of the repository`]
  const digest = digests.get(key)
  if (digest === undefined) return [...faults, `${what} has no archive: there is no ${key}`]
  return digest === entry.digest ? faults : [...faults, `${what}: the archive at ${key} has another digest`]
}

function missingEntries(index: IndexText, { standing, unbacked }: Ledger): readonly string[] {
  return [...standing, ...unbacked]
    .filter((version) => index.find(version) === undefined)
    .map(({ name, version }) => `${name} ${version} is lost: it is not in the index`)
}

function faultsOfDeltas({ base, deltas }: Snapshot): readonly string[] {
  return deltas.flatMap(({ id, lastModified }) => [
    ...(base?.bookkeeping.folded.has(id) === true ? [] : [`the delta ${id} is not folded`]),
    ...(deltaTime(id) > lastModified + MOST_AHEAD ? [`the delta ${id} is ahead of its time`] : []),
  ])
}

/** Whatever no entry, no rule of the format and nothing that was done explains. */
function unexplainedObjects({ deltas, location, merged, objects }: Snapshot, ledger: Ledger): readonly string[] {
  const named = (merged === undefined ? [] : entriesOf(merged)).map(
    ({ name, urls, version }) => ownArchiveKey(location, urls?.[0] ?? '') ?? archiveKey(location, { name, version }),
  )
  const explained = new Set<string>([
    location.indexKey,
    location.configKey,
    ...deltas.map(({ id }) => `${location.deltaFolder}${id}.yaml`),
    ...named.flatMap((key): Key[] => [key, provenanceKey(key)]),
    ...ledger.strays.map((name) => location.prefix + name),
  ])
  const strange = [...objects.keys()].filter((key) => !explained.has(key)).map((key) => `nothing explains ${key}`)
  const gone = ledger.strays.filter((name) => !objects.has((location.prefix + name) as Key))
  return [...strange, ...gone.map((name) => `${name} is gone, and nobody was to take it away`)]
}
