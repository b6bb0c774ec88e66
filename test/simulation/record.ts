import type { ObjectStore } from '../../lib/store/object-store.ts'
import type { Client } from './client.ts'
import type { Operation } from './linearizability.ts'
import type { OperationKind } from './mixes.ts'

/** What an operation does to a version, whatever the command is called. */
export type Effect = 'push' | 'force' | 'delete' | 'init' | 'reindex' | 'orphans'

/** What one client set out to do and what came of it. Times in milliseconds of virtual time. */
export interface ClientRecord {
  readonly client: Client
  readonly kind: OperationKind | 'check'
  readonly effect: Effect
  /** Version -> digest that it pushes; for others the versions with an empty digest. */
  readonly wants: Map<string, string>
  start: number
  acknowledgedAt: number | undefined
  failedAt: number | undefined
  failure: string | undefined
  /** Versions that it has reported as existing. */
  readonly existing: Set<string>
  /** Keys of the deltas that it has sent. */
  readonly deltas: Set<string>
  /** Versions that its deltas add. */
  readonly adds: Set<string>
  /** Version -> digests that its deltas remove. */
  readonly removes: Map<string, Set<string>>
  /** What the deltas of a reindex do. */
  readonly reconciles: Reconciliation[]
  hasActed: boolean
  /** Whether it knows that it left an archive in the bucket. */
  hasLeftArchive: boolean
}

export interface Reconciliation {
  readonly version: string
  readonly removed: string | undefined
  readonly added: string | undefined
}

export function newRecord({
  client,
  effect,
  kind,
  wants,
}: Pick<ClientRecord, 'client' | 'effect' | 'kind' | 'wants'>): ClientRecord {
  return {
    client,
    kind,
    effect,
    wants,
    start: Infinity,
    acknowledgedAt: undefined,
    failedAt: undefined,
    failure: undefined,
    existing: new Set(),
    deltas: new Set(),
    adds: new Set(),
    removes: new Map(),
    reconciles: [],
    hasActed: false,
    hasLeftArchive: false,
  }
}

type ByChart = Readonly<
  Record<string, readonly { readonly version: string; readonly digest: string; readonly created?: string }[]>
>
type DeltaText = Readonly<Record<'removedEntries' | 'addedIfAbsent' | 'addedEntries', ByChart | undefined>>

/** The store, noting in `record` what the client sends. */
export function recordMutations(store: ObjectStore, record: ClientRecord, deltaFolder: string): ObjectStore {
  return {
    ...store,
    put: (key, body, options) => {
      record.hasActed = true
      if (key.startsWith(deltaFolder) && key.endsWith('.yaml')) {
        record.deltas.add(key)
        noteDelta(record, JSON.parse(Buffer.from(body).toString()) as DeltaText)
      }
      return store.put(key, body, options)
    },
    delete: async (key, options) => {
      const outcome = await store.delete(key, options)
      if (outcome.outcome !== 'deleted') record.hasLeftArchive = true
      return outcome
    },
  }
}

function noteDelta(record: ClientRecord, delta: DeltaText): void {
  const removals = Object.values(delta.removedEntries ?? {}).flat()
  const additions = [delta.addedIfAbsent, delta.addedEntries].flatMap((charts) => Object.values(charts ?? {}).flat())
  for (const { version } of additions) record.adds.add(version)
  if (record.effect === 'reindex') {
    const removed = new Map(removals.map(({ version, digest }) => [version, digest]))
    const added = new Map(additions.map(({ version, digest }) => [version, digest]))
    const versions = new Set([...removed.keys(), ...added.keys()])
    record.reconciles.push(
      ...[...versions].map((version) => ({ version, removed: removed.get(version), added: added.get(version) })),
    )
  }
  if (record.effect === 'delete') {
    for (const { version, digest } of removals)
      record.removes.set(version, (record.removes.get(version) ?? new Set()).add(digest))
  }
}

/** The operations of a client on one version, for the search of an order. */
export interface VersionHistory {
  readonly first: readonly Operation[]
  /** What may have taken effect once more, because the client sent more than one delta. */
  readonly repeated: readonly Operation[]
}

export function operationsOn(record: ClientRecord, version: string): VersionHistory {
  const seen = existenceOf(record, version)
  const { effect, wants } = record
  if (!record.hasActed || !wants.has(version) || effect === 'orphans') return { first: seen, repeated: [] }
  const isAcknowledged = record.acknowledgedAt !== undefined && !record.existing.has(version)
  const end = isAcknowledged ? (record.acknowledgedAt ?? Infinity) : Infinity
  const base = { client: record.client.name, start: record.start, end, required: isAcknowledged }
  switch (effect) {
    case 'reindex':
      return { first: reindexOperations(record, version), repeated: [] }
    case 'delete': {
      const digests = [...(record.removes.get(version) ?? [])]
      const first = digests.map((value, i): Operation => {
        const isLast = i === digests.length - 1
        return { ...base, kind: 'remove', value, ...(isLast ? {} : { end: Infinity, required: false }) }
      })
      return { first, repeated: repeated(record, first) }
    }
    case 'init':
      return { first: [{ ...base, kind: 'clear', value: null }], repeated: [] }
    case 'push':
    case 'force': {
      // Without a delta nothing of it can be seen, unless another push adopts its archive.
      if (!isAcknowledged && !record.adds.has(version)) return { first: seen, repeated: [] }
      const first: Operation[] = [
        { ...base, kind: effect === 'force' ? 'overwrite' : 'set', value: wants.get(version) ?? null },
      ]
      return { first: [...seen, ...first], repeated: repeated(record, first) }
    }
  }
}

function repeated(record: ClientRecord, first: readonly Operation[]): readonly Operation[] {
  return record.deltas.size > 1 ? first.map((operation) => ({ ...operation, end: Infinity, required: false })) : []
}

/** A client that reports a version as existing has seen it: at some moment it was in the index, whatever its value. */
function existenceOf(record: ClientRecord, version: string): readonly Operation[] {
  const end = record.acknowledgedAt ?? record.failedAt
  if (!record.existing.has(version) || end === undefined) return []
  return [{ client: record.client.name, kind: 'exists', value: null, start: record.start, end, required: true }]
}

/** A reindex promises nothing about one version: each of its deltas may take effect, at any time, or none. */
function reindexOperations({ client, reconciles, start }: ClientRecord, version: string): readonly Operation[] {
  const base = { client: client.name, start, end: Infinity, required: false }
  return reconciles
    .filter((each) => each.version === version)
    .map(({ added, removed }): Operation => {
      if (added === undefined) return { ...base, kind: 'remove', value: removed ?? null }
      return removed === undefined
        ? { ...base, kind: 'fill', value: added }
        : { ...base, kind: 'exchange', value: added, from: removed }
    })
}
