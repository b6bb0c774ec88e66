import type { Bookkeeping } from '../../core/log/bookkeeping.ts'
import { compareIds } from '../../core/fold.ts'
import { NEWEST_METADATA, NO_ID, WRITE_METADATA } from '../../core/object-metadata.ts'
import { hasCode } from '../../errors.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import { type Segment, layOut } from '../../core/index/lay-out.ts'
import { planParts } from '../../core/index/plan-parts.ts'
import type { PutCondition, PutOutcome, UploadOptions } from '../../store/object-store.ts'
import { lookAfter } from './lost-answer.ts'
import { sha256Of } from '../../sys/sha256.ts'
import { composeIndex } from './compose-index.ts'
import { forgetBase, readLastWrite } from '../read/read-base.ts'
import type { Session } from '../session/session.ts'
import { newWriteId } from './write-id.ts'

/**
 * Writes `index.yaml` by compare-and-swap. The only place that does. `text` carries a write id of its own: so no two
 * writes have the same bytes (an ETag is often the MD5 of the bytes), and the writer recognises its own text after a
 * lost answer.
 *
 * @param text what is to be written, made of the index whose ETag `when` names, or of nothing
 * @param composing whether the store may make the object of ranges of that index, see {@link composeIndex}
 * @returns `written`; or `lost` when another client wrote first, or the store did not answer for so long that the text
 *   may be out of date; or `whole` when the text cannot be written from the pages that were read, or composed: then all
 *   of the index has to be read. With `lost` and `whole` nothing of this write is there
 * @throws HelmS3Error `outcome-unknown` when no answer came and the look fails, too
 * Cost: one PUT, or the requests of a composed write; after a lost answer one GET.
 */
export async function writeIndex(
  session: Session,
  text: IndexText,
  when: Exclude<PutCondition, 'always'>,
  composing: 'compose' | 'put' = 'put',
): Promise<'written' | 'lost' | 'whole'> {
  const { changes, location, paging } = session
  const segments = layOut(text, paging.sizes, sha256Of)
  if (segments === 'whole') return 'whole'
  const parts = composing === 'compose' && typeof when === 'object' ? planParts(segments, paging.parts) : undefined
  const body = parts === undefined ? wholeBody(segments) : undefined
  if (parts === undefined && body === undefined) return 'whole'
  const change = { object: location.indexKey }
  changes.sending(change)
  const send = (): Promise<PutOutcome | { readonly outcome: 'whole' }> =>
    parts !== undefined && typeof when === 'object'
      ? composeIndex(session, parts, when.match, optionsFor(text))
      : sendIndex(session, body ?? new Uint8Array(), text, when)
  const put = await send().catch((error: unknown) => {
    changes.notMade(change)
    throw error
  })
  if (put.outcome === 'whole') {
    changes.notMade(change)
    return 'whole'
  }
  forgetBase(session)
  if (put.outcome === 'written') {
    changes.committed(change)
    return 'written'
  }
  if (put.outcome === 'refused' || put.outcome === 'expired') {
    changes.notMade(change)
    return 'lost'
  }
  const { etag, writeId } = await lookAfter(
    { what: location.indexKey, wayOut: wayOut(when) },
    () => readLastWrite(session),
    put,
  )
  if (writeId === text.bookkeeping.writeId) {
    changes.committed(change)
    return 'written'
  }
  // When the old text is still there, the write may still be on its way.
  if (when === 'absent' || etag !== when.match) changes.notMade(change)
  return 'lost'
}

/** Undefined: some of it was not read. */
function wholeBody(segments: readonly Segment[]): Uint8Array | undefined {
  return segments.every(({ bytes }) => bytes !== undefined)
    ? Buffer.concat(segments.flatMap(({ bytes }) => bytes ?? []))
    : undefined
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
  body: Uint8Array,
  text: IndexText,
  when: Exclude<PutCondition, 'always'>,
): Promise<PutOutcome> {
  const isCreation = when === 'absent'
  const options = { ...optionsFor(text), when }
  try {
    return await store.put(location.indexKey, body, isCreation ? { ...options, inTime: () => true } : options)
  } catch (error) {
    if (isCreation || !hasCode(error, 'unreachable')) throw error
    await store.head(location.indexKey)
    return { outcome: 'refused' }
  }
}

function optionsFor({ bookkeeping: { folded, writeId }, form }: IndexText): UploadOptions {
  const newest = [...folded.keys()].sort(compareIds).at(-1)
  return {
    metadata: { [NEWEST_METADATA]: newest ?? NO_ID, [WRITE_METADATA]: writeId },
    contentType: form === 'json' ? 'application/json' : 'application/yaml',
    cacheControl: 'no-cache',
  }
}

/** The text that follows `base`: the entries of `merged`, the given bookkeeping, and the next generation. */
export function nextIndex(
  session: Session,
  base: IndexText,
  merged: IndexText,
  change: Pick<Bookkeeping, 'folded' | 'composes'>,
): IndexText {
  const before = base.bookkeeping
  return merged.withHeader({
    bookkeeping: { ...before, ...change, generation: before.generation + 1, writeId: newWriteId(session) },
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
