import type { Bookkeeping } from '../../core/log/bookkeeping.ts'
import { readIndexHead } from '../../core/index/index-head.ts'
import { missingIndex, readBase } from './read-base.ts'
import type { Session } from '../session/session.ts'

/**
 * The first bytes of an index that are read for its head. This is nearly always enough: it has room for some two
 * hundred folded deltas.
 */
export const HEAD_BYTES = 32 * 1024

/**
 * What `index.yaml` remembers about deltas, without its entries.
 * Cost: a ranged GET of the head; when the head is longer, or comes after the entries, a GET of the whole object.
 * @throws HelmS3Error `missing-index`, `invalid-index`
 */
export async function readBookkeeping(session: Session): Promise<Bookkeeping> {
  const object = await session.store.get(session.location.indexKey, { first: HEAD_BYTES })
  if (object === undefined) throw await missingIndex(session)
  return readIndexHead(object.body).bookkeeping ?? (await readBase(session)).index.bookkeeping
}
