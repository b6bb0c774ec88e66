import { type IndexText, readIndexText } from '../../lib/core/index/index-text.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'

/** What no client may ever do to the store, whatever happens. */
export interface Guard {
  readonly indexKey: string
  readonly deltaFolder: string
  /** Whether a base can only move forward: conditional writes are exact, and nobody writes garbage over it. */
  readonly isExact: boolean
  readonly report: (violation: string) => void
}

/**
 * The store with a look at each write as it happens: `index.yaml` is a valid index whose entries were all pushed, and no
 * delta is deleted that the base of this moment has not folded.
 */
export function guardStore(store: ObjectStore, guard: Guard): ObjectStore {
  const pushed = new Set<string>()
  const readIndex = async (): Promise<IndexText | undefined> => {
    const object = await store.get(guard.indexKey as never)
    return object && readIndexText(object.body)
  }
  return {
    list: (...args) => store.list(...args),
    get: (...args) => store.get(...args),
    getUnless: (...args) => store.getUnless(...args),
    head: (...args) => store.head(...args),
    stream: (...args) => store.stream(...args),
    listVersions: (...args) => store.listVersions(...args),
    put: async (key, body, options) => {
      if (key.endsWith('.tgz') && options.sha256 !== undefined) pushed.add(options.sha256)
      const outcome = await store.put(key, body, options)
      if (key === guard.indexKey && outcome.outcome === 'written') {
        for (const problem of indexProblems(body, pushed)) guard.report(problem)
      }
      return outcome
    },
    delete: async (key, options) => {
      if (guard.isExact && key.startsWith(guard.deltaFolder)) {
        const id = key.slice(guard.deltaFolder.length).replace('.yaml', '')
        const folded = (await readIndex())?.bookkeeping.folded as ReadonlyMap<string, unknown> | undefined
        const exists = (await store.head(key)) !== undefined
        if (exists && folded?.has(id) !== true) guard.report(`a delta is deleted that the base has not folded: ${key}`)
      }
      return store.delete(key, options)
    },
  }
}

function indexProblems(body: Uint8Array, pushed: ReadonlySet<string>): string[] {
  try {
    const index = readIndexText(body)
    const entries = [...index.chartNames()].flatMap((name) => index.versions(name))
    return entries
      .filter(({ digest }) => digest === undefined || !pushed.has(digest))
      .map(({ name, version }) => `index.yaml names ${name} ${version} with a digest that was never pushed`)
  } catch (error) {
    return [`index.yaml is not valid: ${String(error)}`]
  }
}
