import type { ObjectStore } from './object-store.ts'
import type { Clock } from '../sys/clock.ts'

/** The store's clock as this command knows it: the local one, corrected by the `Date` of the newest answer. */
export interface StoreClock {
  /**
   * Milliseconds since 1970. Not behind the store's own clock by more than the newest answer took to arrive, unless the
   * clock of this machine has stepped back since. The local clock as it is, until the first answer has come.
   */
  now(): number
  /**
   * Whether an answer was dated well before the time that an earlier one had led to expect: the clock of the store may
   * have been set back, and something that this command never saw may have an id above those that it mints.
   */
  readonly mayHaveGoneBack: boolean
}

/** `Date` headers are in whole seconds, cut off. */
const DATE_RESOLUTION = 1000

/**
 * The servers of one store differ by so much without harm, milliseconds: what the listing of a mint does not show any
 * more was collected, and so is older than the shortest grace window.
 */
const TOLERANCE = 5000

/**
 * A store that notes the `Date` of each answer, and the clock that follows it: it dates entries, and tells from where
 * to list when an id is minted (which itself takes the `Date` of that listing: see `mint`).
 *
 * The store is taken to have written the `Date`, with all of its second, when the answer has come. So an entry is not
 * dated before its archive, for which a reindex would have to open it, and at most a second later, however long the
 * archive took to be sent.
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
  return {
    store: {
      list: (...args) => noting(() => store.list(...args)),
      get: (...args) => noting(() => store.get(...args)),
      getUnless: (...args) => noting(() => store.getUnless(...args)),
      head: (...args) => noting(() => store.head(...args)),
      put: (...args) => noting(() => store.put(...args)),
      ...(store.copyFrom === undefined
        ? {}
        : {
            copyFrom: (...args) => noting(async () => store.copyFrom?.(...args) ?? { outcome: 'unsupported' as const }),
          }),
      delete: (...args) => store.delete(...args),
      stream: (...args) => store.stream(...args),
      listVersions: (...args) => store.listVersions(...args),
    },
    storeClock: {
      now,
      get mayHaveGoneBack() {
        return mayHaveGoneBack
      },
    },
  }
}
