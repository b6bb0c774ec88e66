import { type HelmS3Error, hasCode } from '../../errors.ts'
import { attempts } from '../session/attempts.ts'
import { REFUSED_RETRIES } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/**
 * Asks twice more before a refusal is believed: credentials that were renewed a moment ago, or a policy that was just
 * attached, are not known to every part of a store at once. This is for requests whose refusal does not end the command
 * but makes its answer poorer; a single 403 must not do that.
 *
 * Cost: nothing when the request is granted. When it is refused for good, the request is sent two more times, and 0.7
 * seconds pass.
 * @throws what `ask` throws; `denied` after the third time
 */
export async function askAgain<T>(session: Session, ask: () => Promise<T>): Promise<T> {
  const { detail, location } = session
  // The first request is sent at once, so that the order of requests sent in parallel does not depend on this loop.
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

/**
 * The answer, or undefined when it is refused; see {@link askAgain}.
 * @throws what `ask` throws, except `denied`
 */
export async function unlessDenied<T>(session: Session, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await askAgain(session, ask)
  } catch (error) {
    if (hasCode(error, 'denied')) return undefined
    throw error
  }
}
