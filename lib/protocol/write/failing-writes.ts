import type { Key } from '../../core/keys.ts'
import { alteredStore } from '../../store/altered-store.ts'
import type { ObjectStore, PutOutcome } from '../../store/object-store.ts'

/** So often in a row a store may say that it has failed to write one object. */
const MOST_FAILURES = 4

/**
 * The store, which rejects a PUT that it has failed (500) five times in a row with what it said, instead of calling it
 * unknown once more: some refuse so what they do not know, an encryption for instance. Who repeats it would wait in
 * silence, and then take others for the reason. As before, what was sent may have been carried out.
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
  return alteredStore(store, {
    put: async (key, ...args) => note(key, await store.put(key, ...args)),
    ...(store.copyFrom === undefined ? {} : { copyFrom }),
  })
}
