import { compareIds } from '../core/fold.ts'
import { NEWEST_METADATA } from '../core/object-metadata.ts'
import { HelmS3Error } from '../errors.ts'
import type { IndexText } from '../core/index/index-text.ts'
import type { PutCondition } from '../store/object-store.ts'
import { forgetBase, readBase } from './read-base.ts'
import type { Session } from './session.ts'

const RANDOM_BYTES = 16

/** In the place of an id. */
const NONE = 'none'

/**
 * Writes `index.yaml`, by compare-and-swap: the only place that does. `text` carries a write id of its own, so that no two
 * writes have the same bytes (an ETag is often the MD5 of the bytes) and that this one is known again after a lost answer.
 *
 * @returns `written`, or `lost`: somebody else wrote first, and nothing of ours stands there
 * @throws HelmS3Error `outcome-unknown` when no answer came and no look can be had
 * Cost: one PUT; after a lost answer one GET.
 */
export async function writeIndex(session: Session, text: IndexText, when: Exclude<PutCondition, 'always'>): Promise<'written' | 'lost'> {
  const newest = [...text.bookkeeping.folded.keys()].sort(compareIds).at(-1)
  const put = await session.store.put(session.location.indexKey, text.toBytes(), {
    when,
    metadata: { [NEWEST_METADATA]: newest ?? NONE },
    contentType: text.form === 'json' ? 'application/json' : 'application/yaml',
    cacheControl: 'no-cache',
  })
  forgetBase(session)
  if (put.outcome === 'written') return 'written'
  if (put.outcome === 'refused' || put.outcome === 'expired') return 'lost'
  try {
    const { index } = await readBase(session)
    return index.bookkeeping.writeId === text.bookkeeping.writeId ? 'written' : 'lost'
  } catch (cause) {
    throw new HelmS3Error('outcome-unknown', `no answer to the write of ${session.location.indexKey}`, {
      hint: 'no delta is lost by it; run `helm s3 compact` when the store answers again',
      cause,
    })
  }
}

/** A fresh write id: 32 hex characters. */
export function newWriteId({ random }: Session): string {
  return Buffer.from(random.bytes(RANDOM_BYTES)).toString('hex')
}

/** A `generated` that is later than the old one, whatever the clocks say: systems cache on it. RFC 3339. */
export function nextGenerated({ storeClock }: Session, old: string | undefined): string {
  const before = old === undefined ? Number.NaN : Date.parse(old)
  const now = storeClock.now()
  return new Date(Number.isNaN(before) ? now : Math.max(now, before + 1)).toISOString()
}
