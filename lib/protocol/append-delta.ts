import { type Delta, removedForGood } from '../core/delta.ts'
import { deltaKey } from '../core/delta-id.ts'
import { encodeDelta } from '../core/delta-text.ts'
import { isAnnouncement } from '../core/entry.ts'
import { HelmS3Error, during, hasCode } from '../errors.ts'
import { RETENTION } from './limits.ts'
import type { Minted } from './mint.ts'
import { readBase } from './read-base.ts'
import type { Session } from './session.ts'

/**
 * Writes one delta: the commit point of every mutation, and the only place that writes below `index.d/`.
 *
 * After any answer but success it looks before it sends again: at the delta itself, then in the folded set, because a delta
 * that is not there may have been folded and collected. A second PUT of a collected delta would make it pending again.
 *
 * @returns `committed`, or `expired`: the id is too old to be sent (again), and the whole operation starts again from its
 *   first look at the store. Never the same delta under a new id: both could take effect.
 * @throws HelmS3Error `outcome-unknown` when it was sent and no look can tell what became of it
 *
 * Cost: one PUT; after a lost answer a HEAD and, if need be, a GET of `index.yaml`.
 */
export async function appendDelta(session: Session, minted: Minted, delta: Delta): Promise<'committed' | 'expired'> {
  const { changes } = session
  const removed = removedForGood(delta).filter((removal) => !isAnnouncement(removal))
  const change = { delta: minted.id, added: delta.added.map(({ entry }) => entry), removed }
  const sent = { isUnanswered: false }
  changes.sending(change)
  try {
    const outcome = await sendDelta(session, minted, delta, sent)
    if (outcome === 'committed') changes.committed(change)
    else if (!sent.isUnanswered) changes.notMade(change)
    return outcome
  } catch (error) {
    if (!sent.isUnanswered) changes.notMade(change)
    throw error
  }
}

/** `sent`: told whether the delta went out and has got no answer yet. */
async function sendDelta(
  session: Session,
  minted: Minted,
  delta: Delta,
  sent: { isUnanswered: boolean },
): Promise<'committed' | 'expired'> {
  const { clock, location, store } = session
  const key = deltaKey(location.deltaFolder, minted.id)
  const body = encodeDelta({ ...delta, origin: session.origin })
  let firstSent: number | undefined
  while (minted.isFresh()) {
    firstSent ??= clock.monotonic()
    const put = await during('upload index to s3: upload delta to S3 bucket', () =>
      store.put(key, body, { when: 'absent', contentType: 'application/yaml', inTime: minted.isFresh }),
    ).catch((error: unknown) => {
      if (hasCode(error, 'unreachable') && !minted.isFresh()) return { outcome: 'too-late' } as const
      throw sent.isUnanswered ? outcomeUnknown(session, minted, error) : error
    })
    if (put.outcome === 'written') return 'committed'
    if (put.outcome === 'too-late') return 'expired'
    sent.isUnanswered = true
    if (await hasLanded(session, minted)) return 'committed'
    if (clock.monotonic() - firstSent > RETENTION) throw outcomeUnknown(session, minted)
    await clock.sleep(100 + session.random.fraction() * 400)
  }
  return 'expired'
}

async function hasLanded(session: Session, minted: Minted): Promise<boolean> {
  try {
    if ((await session.store.head(deltaKey(session.location.deltaFolder, minted.id))) !== undefined) return true
    const { index } = await readBase(session)
    return index.bookkeeping.folded.has(minted.id)
  } catch (cause) {
    throw outcomeUnknown(session, minted, cause)
  }
}

function outcomeUnknown(session: Session, minted: Minted, cause?: unknown): HelmS3Error {
  const why = cause instanceof Error ? ` (${cause.message})` : ''
  return new HelmS3Error('outcome-unknown', `no answer to the write of ${minted.id}: it may or may not have taken effect${why}`, {
    hint: `see what stands there, \`helm s3 fetch\` from ${session.location.address}, before you repeat the command`,
    cause,
  })
}
