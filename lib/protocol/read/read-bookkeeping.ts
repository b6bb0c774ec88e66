import type { Bookkeeping } from '../../core/log/bookkeeping.ts'
import { readIndexHead } from '../../core/index/index-head.ts'
import { missingIndex, readBase } from './read-base.ts'
import type { Session } from '../session/session.ts'

/** Bytes in which the head of an index nearly always ends: room for some two hundred folded deltas. */
export const HEAD_BYTES = 32 * 1024

/**
 * What `index.yaml` remembers of deltas, without its entries.
 * Cost: a ranged GET of the head; when the head is longer, or stands behind the entries, a GET of the whole object.
 * @throws HelmS3Error `missing-index`, `invalid-index`
 */
export async function readBookkeeping(session: Session): Promise<Bookkeeping> {
  const object = await session.store.get(session.location.indexKey, { first: HEAD_BYTES })
  if (object === undefined) throw await missingIndex(session)
  return readIndexHead(object.body).bookkeeping ?? (await readBase(session)).index.bookkeeping
}
