import type { Clock } from '../../sys/clock.ts'
import { type Signs, isUnknownName } from './error-signs.ts'

/**
 * Milliseconds. A store that restarts is back after five to fifteen seconds. The adapter waits this long, counted from
 * the first failure.
 */
const PATIENCE = 20_000
/** Milliseconds. A failure that comes this long after the previous one belongs to a different outage. */
const APART = 2 * PATIENCE
/** Milliseconds. The user is told about a wait that takes longer than this. */
const TOLD_AFTER = 2000
/**
 * The number of attempts where waiting does not help: a host name that has never been resolved will not be resolved a
 * few seconds later.
 */
const FEW = 4

/** One request over all its attempts. */
export interface Attempts {
  /** The number of attempts so far. */
  count: number
  /** `clock.monotonic()` before the first attempt. */
  readonly startedAt: number
  /** `clock.monotonic()` at the first attempt that failed. Undefined: none has failed. */
  failedAt: number | undefined
}

export interface OutageOptions {
  readonly clock: Clock
  /** The store that is waited for: `http://minio:9000`, `AWS`. */
  readonly place: string
  /** Called once, with one line, when the wait takes long. */
  readonly notice: (line: string) => void
}

/**
 * The time in which a store does not answer. All requests of this process to that store share it, so that they wait
 * together only once.
 */
export class Outage {
  readonly #options: OutageOptions
  #since: number | undefined
  #failedAt = 0
  #hasAnswered = false
  #isTold = false

  constructor(options: OutageOptions) {
    this.#options = options
  }

  /** Notes that the store has answered. `isOver`: the store also does what it is asked to do. */
  noteAnswer({ isOver }: { readonly isOver: boolean }): void {
    this.#hasAnswered = true
    if (isOver) this.#since = undefined
  }

  /** Whether there is still time to repeat a request that has just failed with this error. */
  mayTryAgain(attempts: Attempts, signs: Signs): boolean {
    const now = this.#options.clock.monotonic()
    if (this.#since === undefined || now - this.#failedAt > APART) this.#since = now
    this.#failedAt = now
    attempts.failedAt ??= now
    const waited = now - Math.min(this.#since, attempts.failedAt)
    if (waited >= PATIENCE) return false
    if (isUnknownName(signs) && !this.#hasAnswered) return attempts.count < FEW
    if (now - attempts.startedAt >= TOLD_AFTER) this.#tell(signs)
    return true
  }

  #tell(signs: Signs): void {
    if (this.#isTold) return
    this.#isTold = true
    const { notice, place } = this.#options
    notice(`helm-s3: waiting for ${place} to answer (${reasonOf(signs)}), up to ${String(PATIENCE / 1000)} seconds`)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name is not known',
}

/** Why there is no answer, in words. */
function reasonOf({ code, name, status }: Signs): string {
  if (status !== undefined) return `status ${String(status)}`
  return REASONS[code] ?? (name === 'TimeoutError' || code === '' ? 'no answer' : code)
}
