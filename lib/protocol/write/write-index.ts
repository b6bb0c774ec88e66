import type { Bookkeeping } from '../../core/log/bookkeeping.ts'
import { compareIds } from '../../core/fold.ts'
import { NEWEST_METADATA, NO_ID } from '../../core/object-metadata.ts'
import { hasCode } from '../../errors.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import type { PutCondition, PutOutcome } from '../../store/object-store.ts'
import { lookAfter } from './lost-answer.ts'
import { forgetBase, readBase } from '../read/read-base.ts'
import type { Session } from '../session/session.ts'
import { newWriteId } from './write-id.ts'

/**
 * Writes `index.yaml` by compare-and-swap. The only place that does. `text` carries a write id of its own: so no two
 * writes have the same bytes (an ETag is often the MD5 of the bytes), and the writer recognises its own text after a
 * lost answer.
 *
 * @returns `written`; or `lost` when another client wrote first, or the store did not answer for so long that the text
 *   may be out of date. With `lost` nothing of this write is there
 * @throws HelmS3Error `outcome-unknown` when no answer came and the look fails, too
 * Cost: one PUT; after a lost answer one GET.
 */
export async function writeIndex(
  session: Session,
  text: IndexText,
  when: Exclude<PutCondition, 'always'>,
): Promise<'written' | 'lost'> {
  const { changes, location } = session
  const change = { object: location.indexKey }
  changes.sending(change)
  const put = await sendIndex(session, text, when).catch((error: unknown) => {
    changes.notMade(change)
    throw error
  })
  forgetBase(session)
  if (put.outcome === 'written') {
    changes.committed(change)
    return 'written'
  }
  if (put.outcome === 'refused' || put.outcome === 'expired') {
    changes.notMade(change)
    return 'lost'
  }
  const { etag, index } = await lookAfter(
    { what: location.indexKey, wayOut: wayOut(when) },
    () => readBase(session),
    put,
  )
  if (index.bookkeeping.writeId === text.bookkeeping.writeId) {
    changes.committed(change)
    return 'written'
  }
  // When the old text is still there, the write may still be on its way.
  if (when === 'absent' || etag !== when.match) changes.notMade(change)
  return 'lost'
}

function wayOut(when: PutCondition): string {
  return when === 'absent'
    ? 'if there is no index.yaml when the store answers again, run the same command again'
    : 'no delta is lost; run `helm s3 compact REPO` when the store answers again'
}

/**
 * Sends the swap. When the store cannot be reached, the swap is not sent later, because the text may be out of date by
 * then: the client waits until the store answers again, and the swap counts as lost.
 */
async function sendIndex(
  { location, store }: Session,
  text: IndexText,
  when: Exclude<PutCondition, 'always'>,
): Promise<PutOutcome> {
  const isCreation = when === 'absent'
  const contentType = text.form === 'json' ? 'application/json' : 'application/yaml'
  const newest = [...text.bookkeeping.folded.keys()].sort(compareIds).at(-1)
  const metadata = { [NEWEST_METADATA]: newest ?? NO_ID }
  const options = { when, metadata, contentType, cacheControl: 'no-cache' }
  try {
    return await store.put(location.indexKey, text.toBytes(), isCreation ? { ...options, inTime: () => true } : options)
  } catch (error) {
    if (isCreation || !hasCode(error, 'unreachable')) throw error
    await store.head(location.indexKey)
    return { outcome: 'refused' }
  }
}

/** The text that follows `base`: the entries of `merged`, the given folded set, and the next generation. */
export function nextIndex(
  session: Session,
  base: IndexText,
  merged: IndexText,
  folded: Bookkeeping['folded'],
): IndexText {
  const before = base.bookkeeping
  return merged.withHeader({
    bookkeeping: { ...before, generation: before.generation + 1, writeId: newWriteId(session), folded },
    generated: nextGenerated(session, base.generated),
  })
}

/**
 * A `generated` time that is later than the old one, whatever the clocks say, because other systems use it to detect
 * changes. RFC 3339.
 */
export function nextGenerated({ storeClock }: Session, old: string | undefined): string {
  const before = old === undefined ? Number.NaN : Date.parse(old)
  const now = storeClock.now()
  return new Date(Number.isNaN(before) ? now : Math.max(now, before + 1)).toISOString()
}
