import type { Session } from './session.ts'

/** How often something is tried, and how long it pauses in between. */
export interface Retries {
  /** At the most. */
  readonly attempts: number
  /** Left out: the next attempt follows at once. */
  readonly pause?: Pause
}

export interface Pause {
  /** Of the first pause, at the most: milliseconds. */
  readonly first: number
  /** Each pause may be so many times as long as the one before it. */
  readonly growth: number
  /** Of every pause, at the most: milliseconds. */
  readonly longest: number
  /** The part of a pause that is drawn at random, so that clients which met once do not meet again: from 0 to 1. */
  readonly jitter: number
}

/**
 * Counts the attempts from 1, and pauses before each but the first, by the clock of the session. Leaving the loop ends
 * it; behind the loop stands what is said when all attempts were in vain.
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

/** `drawn`: from 0 to 1. Milliseconds. */
function pauseBefore(attempt: number, { first, growth, jitter, longest }: Pause, drawn: number): number {
  const most = Math.min(first * growth ** (attempt - 2), longest)
  return most * (1 - jitter * drawn)
}
