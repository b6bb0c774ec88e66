import { hasCode } from '../errors.ts'
import type { Session } from './session.ts'

/** Before the second question, and before the third: milliseconds. */
const PAUSES = [200, 500]

/**
 * Asks again what was refused, twice, before the refusal is believed: credentials that were renewed a moment ago, or a
 * policy that was just attached, are not known to every part of a store at once. For questions whose refusal is not the
 * end of a command but makes its answer poorer: a single 403 must not do that.
 *
 * Cost: nothing when it is granted; where it is refused for good two times the request more, and 0.7 seconds.
 * @throws what `ask` throws; `denied` after the third time
 */
export async function askAgain<T>({ clock, location, detail }: Session, ask: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await ask()
    } catch (error) {
      if (!hasCode(error, 'denied')) throw error
      detail(`helm-s3: ${location.url}: refused, which may pass: asking again (${error.message})`)
      await clock.sleep(pause)
    }
  }
  return ask()
}

/** The answer, or undefined where it is refused; see {@link askAgain}. @throws what `ask` throws but `denied` */
export async function unlessDenied<T>(session: Session, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await askAgain(session, ask)
  } catch (error) {
    if (hasCode(error, 'denied')) return undefined
    throw error
  }
}
