import type { Bookkeeping } from '../../core/log/bookkeeping.ts'
import { openBase } from './read-base.ts'
import type { Session } from '../session/session.ts'

/**
 * What `index.yaml` remembers about deltas, without its entries.
 * Cost: a ranged GET of its end, which transfers nothing when it was read before and is the same; where `index.yaml`
 * has no pages, a GET of the whole object.
 * @throws HelmS3Error `missing-index`, `invalid-index`
 */
export async function readBookkeeping(session: Session): Promise<Bookkeeping> {
  return (await openBase(session, { isWhole: false })).bookkeeping
}
