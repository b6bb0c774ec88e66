import type { ObjectStore } from '../../lib/store/object-store.ts'
import type { Operation } from './linearizability.ts'
import type { OperationKind } from './mixes.ts'
import type { Client } from './network.ts'

/** What one client set out to do and what came of it. Times in milliseconds of virtual time. */
export interface ClientRecord {
  readonly client: Client
  readonly kind: Exclude<OperationKind, 'batch' | 'prune' | 'junk'>
  /** Version -> digest that it pushes; for others the versions with an empty digest. */
  readonly wants: ReadonlyMap<string, string>
  start: number
  acknowledgedAt: number | undefined
  failure: string | undefined
  /** Ids of the deltas that it has sent. */
  readonly deltas: Set<string>
  /** Version -> digests that its deltas remove. */
  readonly removes: Map<string, Set<string>>
  hasActed: boolean
  /** A delete that left an archive standing, knowingly. */
  hasLeftArchive: boolean
}

/** The store, noting in `record` what the client sends. */
export function recordMutations(store: ObjectStore, record: ClientRecord, deltaFolder: string): ObjectStore {
  return {
    ...store,
    put: (key, body, options) => {
      record.hasActed = true
      if (key.startsWith(deltaFolder)) {
        record.deltas.add(key)
        const delta = JSON.parse(Buffer.from(body).toString()) as {
          removedEntries?: Record<string, { version: string; digest: string }[]>
          addedIfAbsent?: unknown
        }
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

/**
 * The operations of a client on one version, for the search of an order. `repeated`: operations that may have taken effect
 * once more, because the client sent more than one delta.
 */
export function operationsOn(record: ClientRecord, version: string): { readonly first: Operation[]; readonly repeated: Operation[] } {
  if (!record.hasActed || !record.wants.has(version)) return { first: [], repeated: [] }
  const acknowledged = record.acknowledgedAt
  const base = { client: record.client.name, start: record.start, end: acknowledged ?? Infinity, required: acknowledged !== undefined }
  const first: Operation[] = []
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
