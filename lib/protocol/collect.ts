import pLimit from 'p-limit'
import { type DeltaId, deltaKey } from '../core/delta-id.ts'
import { HelmS3Error } from '../errors.ts'
import type { Session } from './session.ts'

/** Few enough that an interrupted collection has removed the oldest ones only. */
const AT_ONCE = 8

/**
 * Deletes deltas that a compaction plan allows to, oldest first: the only place that does. A DELETE without an answer is left
 * to the next pass.
 *
 * @returns the ids that are gone for sure
 * @throws HelmS3Error `denied` with a hint at the permission
 * Cost: one DELETE for each delta.
 */
export async function collectDeltas(session: Session, ids: readonly DeltaId[]): Promise<readonly DeltaId[]> {
  const limit = pLimit(AT_ONCE)
  const remove = async (id: DeltaId): Promise<DeltaId | undefined> => {
    const { outcome } = await session.store.delete(deltaKey(session.location.deltaFolder, id))
    return outcome === 'deleted' ? id : undefined
  }
  try {
    return (await Promise.all(ids.map((id) => limit(() => remove(id))))).filter((id) => id !== undefined)
  } catch (error) {
    if (!(error instanceof HelmS3Error) || error.code !== 'denied') throw error
    throw new HelmS3Error('denied', error.message, {
      hint: `collection needs s3:DeleteObject on ${session.location.deltaFolder}*; the index itself is up to date`,
      cause: error,
    })
  }
}
