import { setMaxListeners } from 'node:events'
import { attend } from '../sys/busy.ts'
import { formatDuration } from '../text/duration.ts'
import { HelmS3Error, hasCode } from '../errors.ts'
import type { Clock } from '../sys/clock.ts'

export interface Deadline {
  /** Milliseconds for the whole operation. */
  readonly timeout: number
  /** Ends the operation at once. */
  readonly interrupted?: AbortSignal
  readonly clock: Clock
}

/** The longest that a timer can wait, milliseconds. */
const MAX_TIMER = 2 ** 31 - 1

/** Milliseconds that an operation has, after its requests were aborted, to say what became of it. */
const LAST_WORDS = 500

/**
 * Runs an operation with a signal that is aborted when its time is up. What the operation itself says then counts when
 * it is a success, or an unknown outcome; otherwise it has timed out. Work that lets no timer have its turn asks by
 * itself.
 * @throws HelmS3Error `timeout`; the reason of `interrupted`; what the operation throws
 */
export async function withDeadline<T>(
  { timeout, interrupted, clock }: Deadline,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const requests = new AbortController()
  // Every request under way listens: a warning about more than ten is about leaks, and this is none.
  setMaxListeners(0, requests.signal)
  const over = new AbortController()
  const interruption = new Promise<never>((_, reject) => {
    const stop = (): void => {
      requests.abort(interrupted?.reason)
      reject(interrupted?.reason as Error)
    }
    if (interrupted?.aborted === true) stop()
    else interrupted?.addEventListener('abort', stop, { signal: over.signal })
  })
  const timedOut = (): HelmS3Error =>
    new HelmS3Error('timeout', `not done after ${formatDuration(timeout)}`, {
      hint: 'allow more time with --timeout; a change that was in progress may have been made',
    })
  const end = clock.monotonic() + Math.min(Math.max(timeout, 0), MAX_TIMER)
  const leave = attend({
    check: () => {
      if (clock.monotonic() > end + LAST_WORDS) throw timedOut()
    },
  })
  const expiry = async (): Promise<never> => {
    await clock.sleep(Math.min(Math.max(timeout, 0), MAX_TIMER), over.signal)
    const error = timedOut()
    requests.abort(error)
    await clock.sleep(LAST_WORDS, over.signal)
    throw error
  }
  const operation = run(requests.signal).catch((error: unknown) => {
    throw requests.signal.aborted && !hasCode(error, 'outcome-unknown') ? requests.signal.reason : error
  })
  try {
    return await Promise.race([operation, interruption, expiry()])
  } finally {
    over.abort()
    leave()
  }
}
