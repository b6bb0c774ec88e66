import type { Clock } from '../../sys/clock.ts'
import { type Signs, isUnknownName } from './error-signs.ts'

/**
 * A store that restarts is back after five to fifteen seconds: so long it is waited for, from its first failure on.
 * Milliseconds.
 */
const PATIENCE = 20_000
/** A failure so long after the one before it is not of the same outage, milliseconds. */
const APART = 2 * PATIENCE
/** Whoever waits longer than this is told what for, milliseconds. */
const TOLD_AFTER = 2000
/**
 * Attempts where waiting is of no use: the name of a host that has never answered will not be known in some seconds
 * either.
 */
const FEW = 4

/** One request over all its attempts. */
export interface Attempts {
  /** How many there have been. */
  count: number
  /** `clock.monotonic()` before the first. */
  readonly startedAt: number
  /** `clock.monotonic()` at the first that failed; undefined: none has. */
  failedAt: number | undefined
}

export interface OutageOptions {
  readonly clock: Clock
  /** What is waited for: `http://minio:9000`, `AWS`. */
  readonly place: string
  /** Told once, in one line, when the wait takes long. */
  readonly notice: (line: string) => void
}

/**
 * The time in which a store does not answer, as all requests of this process to it see it together: one wait for all of
 * them.
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

  /** The store has answered. `isOver`: it also does what it is asked to. */
  noteAnswer({ isOver }: { readonly isOver: boolean }): void {
    this.#hasAnswered = true
    if (isOver) this.#since = undefined
  }

  /** Whether a request that has just failed like this may be tried again, as far as time goes. */
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
