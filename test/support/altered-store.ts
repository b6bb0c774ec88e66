import type { ObjectStore } from '../../lib/store/object-store.ts'

/** The store, doing some things otherwise. */
export function alteredStore(store: ObjectStore, change: Partial<ObjectStore>): ObjectStore {
  return {
    ...(store.place === undefined ? {} : { place: store.place }),
    list: (...args) => store.list(...args),
    get: (...args) => store.get(...args),
    getUnless: (...args) => store.getUnless(...args),
    head: (...args) => store.head(...args),
    put: (...args) => store.put(...args),
    delete: (...args) => store.delete(...args),
    stream: (...args) => store.stream(...args),
    listVersions: (...args) => store.listVersions(...args),
    ...change,
  }
}
