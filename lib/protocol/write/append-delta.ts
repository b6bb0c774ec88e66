import { type Delta, removedForGood } from '../../core/log/delta.ts'
import { deltaKey, deltaTime } from '../../core/log/delta-id.ts'
import { decodeDelta, deltaSizeProblem, encodeDelta } from '../../core/log/delta-text.ts'
import { isAnnouncement } from '../../core/log/entry.ts'
import { HelmS3Error, during, hasCode } from '../../errors.ts'
import { attempts } from '../session/attempts.ts'
import { DELTA_RETRIES, ID_LIFETIME, MAX_CLOCK_LEAD, RETENTION } from '../session/limits.ts'
import type { Minted } from './mint.ts'
import { type UncertainWrite, lookAfter, outcomeUnknown } from './lost-answer.ts'
import { openBase } from '../read/read-base.ts'
import type { Session } from '../session/session.ts'

/** What became of a delta. */
export type Appended =
  | {
      readonly outcome: 'committed'
      /**
       * When the delta landed: store clock, milliseconds since 1970. Undefined: that can no longer be known, because
       * the delta is folded already.
       */
      readonly landedAt: number | undefined
      /**
       * Whether the store's own answers show that the delta landed within the lifetime of its id. If not, a delta of a
       * higher id may have been folded and collected before it; then its writer must look whether it took effect.
       */
      readonly isTimely: boolean
    }
  | { readonly outcome: 'expired' }

/** `Date` headers and dates of objects are in whole seconds, and a store may round either of them. Milliseconds. */
const DATE_TOLERANCE = 5000

/**
 * Writes one delta. This is the commit point of every mutation, and the only place that writes deltas below `index.d/`.
 *
 * The session remembers the delta as readers read it, so that it is not fetched again.
 *
 * After any answer but success it looks before it sends again: first for the delta itself, then in the folded set,
 * because a delta that is not listed may have been folded and collected. A second PUT of a collected delta would make
 * it pending again.
 *
 * @returns `expired` when the id is too old to be sent (again), or when the store's clock has stepped back so far that
 *   readers do not obey a delta of this id. Then the whole operation starts again from its first look at the store. The
 *   same delta is never sent under a new id: both could take effect.
 * @throws HelmS3Error `too-large`, `invalid-chart` when no reader would accept the delta: then nothing was sent;
 *   `outcome-unknown` when it was sent and no look can tell what became of it
 *
 * Cost: one PUT; after a lost answer a HEAD and, if need be, a GET of `index.yaml`.
 */
export async function appendDelta(session: Session, minted: Minted, delta: Delta): Promise<Appended> {
  const { changes } = session
  const removed = removedForGood(delta).filter((removal) => !isAnnouncement(removal))
  const change = { delta: minted.id, added: delta.added.map(({ entry }) => entry), removed }
  const sent = { isUnanswered: false }
  changes.sending(change)
  try {
    const appended = await sendDelta(session, minted, delta, sent)
    if (appended.outcome === 'committed') changes.committed(change)
    else if (!sent.isUnanswered) changes.notMade(change)
    return appended
  } catch (error) {
    if (!sent.isUnanswered) changes.notMade(change)
    throw error
  }
}

/** `sent.isUnanswered` is true while the delta was sent and no answer has settled what became of it. */
async function sendDelta(
  session: Session,
  minted: Minted,
  delta: Delta,
  sent: { isUnanswered: boolean },
): Promise<Appended> {
  const { location, store } = session
  const key = deltaKey(location.deltaFolder, minted.id)
  const { body, read } = await readableText({ ...delta, origin: session.origin })
  for await (const _ of attempts(session, DELTA_RETRIES)) {
    if (!minted.isFresh()) break
    const put = await during('upload index to s3: upload delta to S3 bucket', () =>
      store.put(key, body, {
        when: 'absent',
        contentType: 'application/yaml',
        until: minted.until,
        inTime: minted.isFresh,
      }),
    ).catch((error: unknown) => {
      if (hasCode(error, 'unreachable') && !minted.isFresh()) return { outcome: 'too-late' } as const
      throw sent.isUnanswered ? outcomeUnknown(writeOf(minted), error) : error
    })
    if (put.outcome === 'too-late') return { outcome: 'expired' }
    const isSoundDate = put.outcome === 'written' && deltaTime(minted.id) < put.date + MAX_CLOCK_LEAD - DATE_TOLERANCE
    if (isSoundDate) {
      session.memory.deltas.set(minted.id, { ...read, id: minted.id, lastModified: put.date })
      return committed(minted, put.date)
    }
    sent.isUnanswered ||= put.outcome !== 'expired'
    const found = await lookForDelta(session, minted)
    if (found === 'folded') return committed(minted, undefined)
    if (found !== undefined) {
      const isObeyed = deltaTime(minted.id) <= found + MAX_CLOCK_LEAD
      sent.isUnanswered &&= isObeyed
      return isObeyed ? committed(minted, found) : { outcome: 'expired' }
    }
    if (put.outcome === 'expired') break
  }
  return { outcome: 'expired' }
}

/**
 * Encodes a delta, and reads the text back before it is sent. Readers skip a malformed delta, so it would be
 * acknowledged and never have an effect.
 */
async function readableText(delta: Delta): Promise<{ readonly body: Uint8Array; readonly read: Delta }> {
  const body = encodeDelta(delta)
  const problem = deltaSizeProblem(body.length, delta.added.length + delta.removed.length)
  if (problem !== undefined) {
    throw new HelmS3Error('too-large', `the change ${problem}, which no reader would accept`, {
      hint: 'do it in several commands, with fewer charts each',
    })
  }
  const decoded = await decodeDelta(body)
  if (decoded.outcome !== 'delta') throw unreadable(decoded.reason)
  const asRead = encodeDelta({ ...decoded.delta, ...(delta.origin && { origin: delta.origin }) })
  if (!Buffer.from(asRead).equals(body)) throw unreadable('is not read as it was written')
  return { body, read: decoded.delta }
}

function unreadable(reason: string): HelmS3Error {
  return new HelmS3Error('invalid-chart', `this change cannot be written: its delta ${reason}`, {
    hint: 'the index was not changed',
  })
}

function committed({ date }: Minted, landedAt: number | undefined): Appended {
  return { outcome: 'committed', landedAt, isTimely: landedAt !== undefined && Math.abs(landedAt - date) < ID_LIFETIME }
}

/**
 * When the delta landed, by the store's clock in milliseconds since 1970. `folded`: it has landed, and may be
 * collected. Undefined: it has not landed.
 */
async function lookForDelta(session: Session, minted: Minted): Promise<number | 'folded' | undefined> {
  return lookAfter(writeOf(minted), async () => {
    const head = await session.store.head(deltaKey(session.location.deltaFolder, minted.id))
    if (head !== undefined) return head.lastModified
    const { bookkeeping, date } = await openBase(session, { isWhole: false })
    if (bookkeeping.folded.has(minted.id)) return 'folded'
    if (date - minted.date > RETENTION)
      throw new HelmS3Error('timeout', 'more than an hour passed before it could be looked for')
    return undefined
  })
}

function writeOf({ id }: Minted): UncertainWrite {
  return {
    what: `${id}: it may or may not have taken effect`,
    wayOut: 'look with `helm s3 list REPO` what is in the repository before you repeat the command',
  }
}
