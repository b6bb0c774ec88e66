import { alteredStore, alteredUploads } from './altered-store.ts'
import type { ObjectStore } from './object-store.ts'
import type { Clock } from '../sys/clock.ts'

/** The store's clock as this command knows it: the local clock, corrected by the `Date` of the newest answer. */
export interface StoreClock {
  /**
   * Milliseconds since 1970. It is not behind the store's own clock by more than the time that the newest answer took
   * to arrive, unless the clock of this machine has been set back since. Before the first answer it is the local clock.
   */
  now(): number
  /**
   * Whether an answer had a date well before the time that an earlier answer had led to expect. Then the clock of the
   * store may have been set back, and a delta that this command never saw may have an id above those that it mints.
   */
  readonly mayHaveGoneBack: boolean
}

/** Milliseconds. `Date` headers are in whole seconds, rounded down. */
const DATE_RESOLUTION = 1000

/**
 * Milliseconds. The clocks of the servers of one store may differ by this much without harm: a delta that the listing
 * of a mint no longer shows was collected, and so is older than the shortest grace window.
 */
const TOLERANCE = 5000

/**
 * A store that notes the `Date` of each answer, and the clock that follows it. The clock dates entries, and tells from
 * which id on to list when an id is minted (the id itself takes the `Date` of that listing: see `mint`).
 *
 * The clock assumes that the store wrote the `Date` at the end of its second, at the moment when the answer arrived. So
 * an entry is never dated before its archive, which would make a reindex open the archive, and is at most a second
 * later, however long the upload of the archive took.
 */
export function followStoreClock(
  store: ObjectStore,
  clock: Clock,
): { readonly store: ObjectStore; readonly storeClock: StoreClock } {
  let offset: number | undefined
  let mayHaveGoneBack = false
  const now = (): number => clock.now() + (offset ?? 0)
  const noting = async <T>(request: () => Promise<T>): Promise<T> => {
    const expected = offset === undefined ? -Infinity : now()
    const answer = await request()
    if (typeof answer === 'object' && answer !== null && 'date' in answer && typeof answer.date === 'number') {
      const date = answer.date + DATE_RESOLUTION
      mayHaveGoneBack ||= date < expected - TOLERANCE
      offset = date - clock.now()
    }
    return answer
  }
  const { uploads } = store
  return {
    store: alteredStore(store, {
      list: (...args) => noting(() => store.list(...args)),
      get: (...args) => noting(() => store.get(...args)),
      getUnless: (...args) => noting(() => store.getUnless(...args)),
      getTail: (...args) => noting(() => store.getTail(...args)),
      head: (...args) => noting(() => store.head(...args)),
      put: (...args) => noting(() => store.put(...args)),
      ...(store.copyFrom === undefined
        ? {}
        : {
            copyFrom: (...args) => noting(async () => store.copyFrom?.(...args) ?? { outcome: 'unsupported' as const }),
          }),
      ...(uploads === undefined
        ? {}
        : {
            uploads: alteredUploads(uploads, { complete: (...args) => noting(() => uploads.complete(...args)) }),
          }),
    }),
    storeClock: {
      now,
      get mayHaveGoneBack() {
        return mayHaveGoneBack
      },
    },
  }
}
