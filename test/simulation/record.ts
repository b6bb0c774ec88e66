import type { ObjectStore } from '../../lib/store/object-store.ts'
import type { Operation } from './linearizability.ts'
import type { OperationKind } from './mixes.ts'
import type { Client } from './network.ts'

/** What one client set out to do and what came of it. Times in milliseconds of virtual time. */
export interface ClientRecord {
  readonly client: Client
  readonly kind: Exclude<OperationKind, 'batch' | 'prune' | 'junk' | 'garbage' | 'rebuild'>
  /** Version -> digest that it pushes; for others the versions with an empty digest. */
  readonly wants: ReadonlyMap<string, string>
  start: number
  acknowledgedAt: number | undefined
  failure: string | undefined
  /** Ids of the deltas that it has sent. */
  readonly deltas: Set<string>
  /** Version -> digests that its deltas remove. */
  readonly removes: Map<string, Set<string>>
  /** What the deltas of a reindex do. */
  readonly reconciles: { readonly version: string; readonly removed: string | undefined; readonly added: string | undefined }[]
  hasActed: boolean
  /** A rebuild that wrote an empty `index.yaml`. */
  hasReplacedIndex: boolean
  /** A delete that left an archive standing, knowingly. */
  hasLeftArchive: boolean
}

/** The store, noting in `record` what the client sends. */
export function recordMutations(store: ObjectStore, record: ClientRecord, deltaFolder: string): ObjectStore {
  return {
    ...store,
    put: (key, body, options) => {
      record.hasActed = true
      if (key.endsWith('/index.yaml') && record.kind === 'reindex') record.hasReplacedIndex = true
      if (key.startsWith(deltaFolder)) {
        record.deltas.add(key)
        const delta = JSON.parse(Buffer.from(body).toString()) as Record<'removedEntries' | 'addedIfAbsent' | 'addedEntries', ByChart | undefined>
        if (record.kind === 'reindex') record.reconciles.push(...reconciliations(delta))
        if (record.kind === 'delete') {
          for (const { version, digest } of Object.values(delta.removedEntries ?? {}).flat()) {
            record.removes.set(version, (record.removes.get(version) ?? new Set()).add(digest))
          }
        }
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

type ByChart = Readonly<Record<string, readonly { readonly version: string; readonly digest: string }[]>>

function reconciliations(delta: Record<'removedEntries' | 'addedIfAbsent' | 'addedEntries', ByChart | undefined>): ClientRecord['reconciles'] {
  const removed = new Map(Object.values(delta.removedEntries ?? {}).flat().map(({ version, digest }) => [version, digest]))
  const added = new Map(Object.values({ ...delta.addedIfAbsent, ...delta.addedEntries }).flat().map(({ version, digest }) => [version, digest]))
  return [...new Set([...removed.keys(), ...added.keys()])].map((version) => ({ version, removed: removed.get(version), added: added.get(version) }))
}

/**
 * The operations of a client on one version, for the search of an order. `repeated`: operations that may have taken effect
 * once more, because the client sent more than one delta.
 */
export function operationsOn(record: ClientRecord, version: string): { readonly first: Operation[]; readonly repeated: Operation[] } {
  if (!record.hasActed || !record.wants.has(version) || record.kind === 'orphans') return { first: [], repeated: [] }
  const acknowledged = record.acknowledgedAt
  const base = { client: record.client.name, start: record.start, end: acknowledged ?? Infinity, required: acknowledged !== undefined }
  const first: Operation[] = []
  if (record.kind === 'reindex') return { first: reindexOperations(record, version), repeated: [] }
  if (record.kind === 'delete') {
    const digests = [...(record.removes.get(version) ?? [])]
    digests.forEach((value, i) => {
      const isLast = i === digests.length - 1
      first.push({ ...base, kind: 'remove', value, ...(isLast ? {} : { end: Infinity, required: false }) })
    })
  } else if (record.kind === 'init') first.push({ ...base, kind: 'clear', value: null })
  else first.push({ ...base, kind: record.kind === 'force' ? 'overwrite' : 'set', value: record.wants.get(version) ?? null })
  const repeated = record.deltas.size > 1 ? first.map((operation) => ({ ...operation, end: Infinity, required: false })) : []
  return { first, repeated }
}

/** A reindex promises nothing about one version: each of its deltas may take effect, at any time, or none. */
function reindexOperations({ client, hasReplacedIndex, reconciles, start }: ClientRecord, version: string): Operation[] {
  const base = { client: client.name, start, end: Infinity, required: false }
  const operations = reconciles
    .filter((each) => each.version === version)
    .map(({ added, removed }): Operation => {
      if (added === undefined) return { ...base, kind: 'remove', value: removed ?? null }
      return removed === undefined ? { ...base, kind: 'fill', value: added } : { ...base, kind: 'exchange', value: added, from: removed }
    })
  return hasReplacedIndex ? [{ ...base, kind: 'clear', value: null }, ...operations] : operations
}
