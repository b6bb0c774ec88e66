import { alteredStore } from './altered-store.ts'
import type { ObjectStore } from './object-store.ts'
import type { Clock } from '../sys/clock.ts'

/** Milliseconds. Dates are in whole seconds, rounded down. */
const RESOLUTION = 1000

export interface AnswerClocks {
  /** The same store. The dates of its answers are compared. */
  readonly store: ObjectStore
  /** By how much at least two answers disagree. Milliseconds; 0: they agree. */
  readonly apart: () => number
}

/**
 * Compares the dates of all answers. Each says that the clock of the server was between two times while the request was
 * under way; where no one clock can have shown all of that, the servers of the store have different clocks. Neither
 * long requests nor a busy machine make a difference of that.
 */
export function compareAnswerClocks(store: ObjectStore, clock: Clock): AnswerClocks {
  let least = -Infinity
  let most = Infinity
  const noting = async <T extends object | undefined>(request: () => Promise<T>): Promise<T> => {
    const sentAt = clock.monotonic()
    const answer = await request()
    if (answer !== undefined && 'date' in answer && typeof answer.date === 'number') {
      least = Math.max(least, answer.date - clock.monotonic())
      most = Math.min(most, answer.date + RESOLUTION - sentAt)
    }
    return answer
  }
  return {
    store: alteredStore(store, {
      list: (...args) => noting(() => store.list(...args)),
      get: (...args) => noting(() => store.get(...args)),
      head: (...args) => noting(() => store.head(...args)),
      put: (...args) => noting(() => store.put(...args)),
      delete: (...args) => noting(() => store.delete(...args)),
    }),
    apart: () => Math.max(0, least - most),
  }
}
