import {
  type ConfigDocument,
  configOf,
  decodeConfig,
  encodeConfig,
  isSameConfig,
} from '../../settings/repository-config.ts'
import { HelmS3Error } from '../../errors.ts'
import { shellWord } from '../../text/terminal-text.ts'
import { attempts } from '../session/attempts.ts'
import { SWAP_RETRIES } from '../session/limits.ts'
import { lookAfter, outcomeUnknown } from './lost-answer.ts'
import { type ConfigObject, lookAtConfig } from '../read/read-config.ts'
import type { Session } from '../session/session.ts'
import { newWriteId } from './write-id.ts'

/**
 * Changes the defaults of the repository by compare-and-swap. The only place that writes them. When two clients write
 * different keys, both changes take effect. After any answer but success it looks before it writes again. The object is
 * written with the ACL and the encryption that the new document sets.
 *
 * @param change makes the new document; throws to refuse
 * @returns the document that is there now, and whether it was written
 * @throws HelmS3Error what `change` throws; `conflict` when other clients write first each time; `outcome-unknown`
 * Cost: one GET, and one PUT when there is something to change.
 */
export async function writeRepositoryConfig(
  session: Session,
  change: (document: ConfigDocument) => ConfigDocument,
): Promise<{ readonly document: ConfigDocument; readonly isWritten: boolean }> {
  const { changes, location, store } = session
  const written = { object: location.configKey }
  const write = {
    what: location.configKey,
    wayOut: `look what is there with \`helm s3 config ${shellWord(location.address)}\``,
  }
  let unanswered: { readonly cause: unknown } | undefined
  for await (const attempt of attempts(session, SWAP_RETRIES)) {
    const look = (): Promise<ConfigObject> => lookAtConfig(session)
    const { decoded, when } = unanswered === undefined ? await look() : await lookAfter(write, look)
    const next = change(decoded.document)
    if (!decoded.isUnreadable && isSameConfig(next, decoded.document)) {
      if (attempt > 1) changes.committed(written)
      return { document: next, isWritten: attempt > 1 }
    }
    const body = encodeConfig(next, newWriteId(session))
    // A bucket whose policy demands an encryption takes the very write that sets it.
    session.noteConfig(configOf(decodeConfig(body).texts))
    changes.sending(written)
    const options = { when, contentType: 'application/json', cacheControl: 'no-cache', inTime: () => true }
    const put = await store.put(location.configKey, body, options).catch((cause: unknown) => {
      if (unanswered !== undefined) throw outcomeUnknown(write, cause)
      changes.notMade(written)
      throw cause
    })
    if (put.outcome === 'written') {
      changes.committed(written)
      return { document: next, isWritten: true }
    }
    if (put.outcome === 'unknown') unanswered = put
    else if (unanswered === undefined) changes.notMade(written)
  }
  if (unanswered !== undefined) throw outcomeUnknown(write, unanswered.cause)
  throw new HelmS3Error('conflict', `other clients wrote ${location.configKey} first each time`, {
    hint: 'nothing was changed; try again',
  })
}
