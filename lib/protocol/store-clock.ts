import type { ObjectStore } from '../store/object-store.ts'
import type { Clock } from '../sys/clock.ts'

/** The store's clock as this command knows it: the local one, corrected by the `Date` of the newest answer. */
export interface StoreClock {
  /** Milliseconds since 1970. The local clock as it is, until the first answer has come. */
  now(): number
}

/**
 * A store that notes the `Date` of each answer, and the clock that follows it.
 * A command that trusted its local clock would order its deltas before others that it could see.
 */
export function followStoreClock(store: ObjectStore, clock: Clock): { readonly store: ObjectStore; readonly storeClock: StoreClock } {
  let offset = 0
  const note = <T>(answer: T): T => {
    if (typeof answer === 'object' && answer !== null && 'date' in answer && typeof answer.date === 'number') {
      offset = answer.date - clock.now()
    }
    return answer
  }
  return {
    store: {
      list: async (...args) => note(await store.list(...args)),
      get: async (...args) => note(await store.get(...args)),
      head: async (...args) => note(await store.head(...args)),
      put: async (...args) => note(await store.put(...args)),
      delete: (...args) => store.delete(...args),
      stream: (...args) => store.stream(...args),
    },
    storeClock: { now: () => clock.now() + offset },
  }
}
