import { setImmediate } from 'node:timers/promises'
import { type Clock, systemClock } from '../../lib/sys/clock.ts'

/** A clock whose sleeps take no time, and after which it is as much later as they were to last. */
export interface SkippingClock extends Clock {
  /** All sleeps so far, milliseconds. */
  readonly slept: number
}

/** @param beforeWaking what has to happen before a sleep is over */
export function skippingClock(beforeWaking: () => Promise<unknown> = async () => undefined): SkippingClock {
  let slept = 0
  return {
    get slept() {
      return slept
    },
    now: () => systemClock.now() + slept,
    monotonic: () => systemClock.monotonic() + slept,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted()
      slept += milliseconds
      await setImmediate()
      await beforeWaking()
      signal?.throwIfAborted()
    },
  }
}
