import type { MultipartUploads, ObjectStore } from './object-store.ts'

/** The same store with some of its methods replaced. */
export function alteredStore(store: ObjectStore, change: Partial<ObjectStore>): ObjectStore {
  return {
    ...(store.place === undefined ? {} : { place: store.place }),
    ...(store.endpoint === undefined ? {} : { endpoint: store.endpoint }),
    ...(store.etagForm === undefined ? {} : { etagForm: () => store.etagForm?.() ?? 'quoted' }),
    ...(store.copyFrom === undefined
      ? {}
      : { copyFrom: async (...args) => (await store.copyFrom?.(...args)) ?? { outcome: 'unsupported' as const } }),
    ...(store.uploads === undefined ? {} : { uploads: store.uploads }),
    list: (...args) => store.list(...args),
    get: (...args) => store.get(...args),
    getUnless: (...args) => store.getUnless(...args),
    getTail: (...args) => store.getTail(...args),
    getRange: (...args) => store.getRange(...args),
    head: (...args) => store.head(...args),
    put: (...args) => store.put(...args),
    delete: (...args) => store.delete(...args),
    stream: (...args) => store.stream(...args),
    listVersions: (...args) => store.listVersions(...args),
    ...change,
  }
}

/** The same uploads with some of their requests replaced. */
export function alteredUploads(uploads: MultipartUploads, change: Partial<MultipartUploads>): MultipartUploads {
  return {
    begin: (...args) => uploads.begin(...args),
    copyPart: (...args) => uploads.copyPart(...args),
    sendPart: (...args) => uploads.sendPart(...args),
    complete: (...args) => uploads.complete(...args),
    abort: (...args) => uploads.abort(...args),
    list: (...args) => uploads.list(...args),
    ...change,
  }
}
