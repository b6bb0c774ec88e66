import type { ObjectStore } from '../store/object-store.ts'
import type { Clock } from '../sys/clock.ts'

/** The store's clock as this command knows it: the local one, corrected by the `Date` of the newest answer. */
export interface StoreClock {
  /** Milliseconds since 1970, never behind the store's own clock. The local clock as it is, until the first answer has come. */
  now(): number
}

/** `Date` headers are in whole seconds, cut off. */
const DATE_RESOLUTION = 1000

/**
 * A store that notes the `Date` of each answer, and the clock that follows it.
 *
 * A command that trusted its local clock would order its deltas before others that it could see. For the same reason the
 * estimate errs on the late side: the store is taken to have written the `Date` when the request was sent. A process that
 * is suspended with an answer in its hands would otherwise mint an id of the past, below deltas that are folded and
 * collected already, and take a mutation for done that readers never see. How far it may err is checked by `mint`.
 */
export function followStoreClock(store: ObjectStore, clock: Clock): { readonly store: ObjectStore; readonly storeClock: StoreClock } {
  let offset = 0
  const noting = async <T>(request: () => Promise<T>): Promise<T> => {
    const sentAt = clock.now()
    const answer = await request()
    if (typeof answer === 'object' && answer !== null && 'date' in answer && typeof answer.date === 'number') {
      offset = answer.date + DATE_RESOLUTION - sentAt
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
      ...(store.copyFrom === undefined ? {} : { copyFrom: (...args) => noting(async () => store.copyFrom?.(...args) ?? { outcome: 'unsupported' as const }) }),
      delete: (...args) => store.delete(...args),
      stream: (...args) => store.stream(...args),
      listVersions: (...args) => store.listVersions(...args),
    },
    storeClock: { now: () => clock.now() + offset },
  }
}
