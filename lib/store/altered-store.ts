import type { ObjectStore } from './object-store.ts'

/** The same store with some of its methods replaced. */
export function alteredStore(store: ObjectStore, change: Partial<ObjectStore>): ObjectStore {
  return {
    ...(store.place === undefined ? {} : { place: store.place }),
    ...(store.endpoint === undefined ? {} : { endpoint: store.endpoint }),
    ...(store.copyFrom === undefined
      ? {}
      : { copyFrom: async (...args) => (await store.copyFrom?.(...args)) ?? { outcome: 'unsupported' as const } }),
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
