import { type HelmS3Error, hasCode } from '../../errors.ts'
import { attempts } from '../session/attempts.ts'
import { REFUSED_RETRIES } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/**
 * Asks again what was refused, twice, before the refusal is believed: credentials that were renewed a moment ago, or a
 * policy that was just attached, are not known to every part of a store at once. For questions whose refusal is not the
 * end of a command but makes its answer poorer: a single 403 must not do that.
 *
 * Cost: nothing when it is granted; where it is refused for good two times the request more, and 0.7 seconds.
 * @throws what `ask` throws; `denied` after the third time
 */
export async function askAgain<T>(session: Session, ask: () => Promise<T>): Promise<T> {
  const { detail, location } = session
  // At once: the order of requests that are sent beside each other does not hang on the counting.
  const first = ask()
  let refusal: HelmS3Error | undefined
  for await (const attempt of attempts(session, REFUSED_RETRIES)) {
    if (refusal !== undefined)
      detail(`helm-s3: ${location.url}: refused, which may pass: asking again (${refusal.message})`)
    try {
      return await (attempt === 1 ? first : ask())
    } catch (error) {
      if (!hasCode(error, 'denied')) throw error
      refusal = error
    }
  }
  throw refusal ?? new Error('nothing was asked')
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
