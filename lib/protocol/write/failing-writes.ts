import type { Key } from '../../core/keys.ts'
import { alteredStore, alteredUploads } from '../../store/altered-store.ts'
import type { ObjectStore, PutOutcome } from '../../store/object-store.ts'

/** How many times in a row a store may fail to write one object before the write is given up. */
const MOST_FAILURES = 4

/**
 * Wraps a store so that a PUT, or the completion of an upload, is rejected when the store has failed it (500) five
 * times in a row. The error carries what the store said; without this the outcome would be called unknown once more.
 * Some stores answer 500 to a setting that they do not know, for instance an encryption. A client that kept repeating
 * such a write would wait in silence, and then blame other clients. As before, a write that was sent may have been
 * carried out.
 */
export function stopFailingWrites(store: ObjectStore): ObjectStore {
  const failures = new Map<Key, number>()
  const note = <T extends PutOutcome | { readonly outcome: 'unsupported' }>(key: Key, put: T): T => {
    if (put.outcome !== 'unknown' || put.isFailure !== true) {
      failures.delete(key)
      return put
    }
    const count = (failures.get(key) ?? 0) + 1
    failures.set(key, count)
    if (count > MOST_FAILURES) throw put.cause
    return put
  }
  const copyFrom: NonNullable<ObjectStore['copyFrom']> = async (source, key, options) =>
    note(key, (await store.copyFrom?.(source, key, options)) ?? { outcome: 'unsupported' })
  const { uploads } = store
  return alteredStore(store, {
    put: async (key, ...args) => note(key, await store.put(key, ...args)),
    ...(store.copyFrom === undefined ? {} : { copyFrom }),
    ...(uploads === undefined
      ? {}
      : {
          uploads: alteredUploads(uploads, {
            complete: async (upload, ...args) => note(upload.key, await uploads.complete(upload, ...args)),
          }),
        }),
  })
}
