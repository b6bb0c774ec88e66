import type { Session } from './session.ts'

/** How often something is tried, and how long the pauses in between are. */
export interface Retries {
  /** The number of attempts, at the most. */
  readonly attempts: number
  /** Left out: each attempt follows at once. */
  readonly pause?: Pause
}

export interface Pause {
  /** The longest that the first pause can be, milliseconds. */
  readonly first: number
  /** The factor by which the longest possible pause grows from one pause to the next. */
  readonly growth: number
  /** The longest that any pause can be, milliseconds. */
  readonly longest: number
  /**
   * The part of a pause that is drawn at random, from 0 to 1, so that clients that collided once do not collide again.
   */
  readonly jitter: number
}

/**
 * Counts the attempts from 1, and pauses by the clock of the session before each one but the first. The caller leaves
 * the loop when an attempt succeeds; the code after the loop runs when all attempts have failed.
 */
export async function* attempts(
  { clock, random }: Pick<Session, 'clock' | 'random'>,
  { attempts: most, pause }: Retries,
): AsyncGenerator<number, void, undefined> {
  for (let attempt = 1; attempt <= most; attempt++) {
    if (attempt > 1 && pause !== undefined) await clock.sleep(pauseBefore(attempt, pause, random.fraction()))
    yield attempt
  }
}

/** The pause before an attempt, milliseconds. `drawn`: a random number from 0 to 1. */
function pauseBefore(attempt: number, { first, growth, jitter, longest }: Pause, drawn: number): number {
  const most = Math.min(first * growth ** (attempt - 2), longest)
  return most * (1 - jitter * drawn)
}
