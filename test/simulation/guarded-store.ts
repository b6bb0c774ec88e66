import { type IndexText, readIndexText } from '../../lib/core/index/index-text.ts'
import type { Key } from '../../lib/core/keys.ts'
import { alteredUploads } from '../../lib/store/altered-store.ts'
import type { ETag, MultipartUploads, ObjectStore } from '../../lib/store/object-store.ts'

/** What no client may ever do to the store, whatever happens. */
export interface Guard {
  readonly indexKey: Key
  readonly deltaFolder: string
  readonly report: (violation: string) => void
  /** The digests of archives that are there from the start, beside those that are put. */
  readonly present: readonly string[]
  /** Looks at each `index.yaml` that a client has written and that can be read. */
  readonly lookAt: (index: IndexText) => void
  /** Called after each write of `index.yaml` by a client. */
  readonly wroteIndex: () => Promise<void>
  /** Called after each write of `index.yaml` that the store has composed of parts. */
  readonly composed: () => void
  /** Called for a delta that was deleted although the current base has not folded it. */
  readonly tookUnfolded: (key: Key) => Promise<void>
  /** Called for an archive that was deleted although it has another ETag: the store ignores the condition. */
  readonly tookOther: (key: Key) => void
}

/**
 * The store, with a check of each write as it happens: `index.yaml` is a valid index whose entries were all pushed.
 */
export function guardStore(store: ObjectStore, guard: Guard): ObjectStore {
  const pushed = new Set<string>(guard.present)
  /** The index that was read last: most checks need the same one again. */
  let known: { readonly etag: ETag; readonly index: IndexText } | undefined
  const hasFolded = async (id: string): Promise<boolean> => {
    const object = await store.get(guard.indexKey)
    if (object === undefined) return false
    try {
      if (known?.etag !== object.etag) known = { etag: object.etag, index: readIndexText(object.body) }
    } catch {
      return false
    }
    return (known.index.bookkeeping.folded as ReadonlyMap<string, unknown>).has(id)
  }
  const lookAtIndex = async (body: Uint8Array, etag: ETag): Promise<void> => {
    try {
      known = { etag, index: readIndexText(body) }
      for (const problem of strangeEntries(known.index, pushed)) guard.report(problem)
      guard.lookAt(known.index)
    } catch (error) {
      guard.report(`index.yaml is not valid: ${String(error)}`)
    }
    await guard.wroteIndex()
  }
  const guarded = (uploads: MultipartUploads): MultipartUploads =>
    alteredUploads(uploads, {
      complete: async (upload, ...args) => {
        const outcome = await uploads.complete(upload, ...args)
        if (upload.key !== guard.indexKey || outcome.outcome !== 'written') return outcome
        guard.composed()
        const object = await store.get(guard.indexKey)
        if (object !== undefined) await lookAtIndex(object.body, object.etag)
        return outcome
      },
    })
  return {
    ...(store.place === undefined ? {} : { place: store.place }),
    ...(store.uploads === undefined ? {} : { uploads: guarded(store.uploads) }),
    list: (...args) => store.list(...args),
    get: (...args) => store.get(...args),
    getUnless: (...args) => store.getUnless(...args),
    getTail: (...args) => store.getTail(...args),
    getRange: (...args) => store.getRange(...args),
    head: (...args) => store.head(...args),
    stream: (...args) => store.stream(...args),
    listVersions: (...args) => store.listVersions(...args),
    put: async (key, body, options) => {
      if (key.endsWith('.tgz') && options.sha256 !== undefined) pushed.add(options.sha256)
      const outcome = await store.put(key, body, options)
      if (key === guard.indexKey && outcome.outcome === 'written') await lookAtIndex(body, outcome.etag)
      return outcome
    },
    delete: async (key, options) => {
      const present = await store.head(key)
      const outcome = await store.delete(key, options)
      if (outcome.outcome !== 'deleted' || present === undefined) return outcome
      if (options?.match !== undefined && options.match !== present.etag) guard.tookOther(key)
      if (key.startsWith(guard.deltaFolder) && key.endsWith('.yaml')) {
        if (!(await hasFolded(key.slice(guard.deltaFolder.length, -'.yaml'.length)))) await guard.tookUnfolded(key)
      }
      return outcome
    },
  }
}

function strangeEntries(index: IndexText, pushed: ReadonlySet<string>): string[] {
  const entries = [...index.chartNames()].flatMap((name) => index.versions(name))
  return entries
    .filter(({ digest }) => digest === undefined || !pushed.has(digest))
    .map(({ name, version }) => `index.yaml names ${name} ${version} with a digest that was never pushed`)
}
