import pLimit from 'p-limit'
import { type DeltaId, deltaKey } from '../../core/log/delta-id.ts'
import { HelmS3Error } from '../../errors.ts'
import type { Session } from '../session/session.ts'

/** DELETEs in flight at once. Few, so that an interrupted collection has removed only the oldest deltas. */
const AT_ONCE = 8

/**
 * Deletes the deltas that a compaction plan allows to collect, oldest first. The only place that deletes deltas. A
 * DELETE without an answer is left to the next pass. By then the index is written: an error of the store is returned as
 * `problem` and does not make the compaction fail.
 *
 * @returns the ids of the deltas that are gone for sure
 * Cost: one DELETE for each delta, until one fails.
 */
export async function collectDeltas(
  session: Session,
  ids: readonly DeltaId[],
): Promise<{ readonly collected: readonly DeltaId[]; readonly problem: HelmS3Error | undefined }> {
  const limit = pLimit(AT_ONCE)
  let problem: HelmS3Error | undefined
  const remove = async (id: DeltaId): Promise<readonly DeltaId[]> => {
    if (problem !== undefined) return []
    try {
      // An id is never used again, so a late DELETE cannot hit another object.
      const { outcome } = await session.store.delete(deltaKey(session.location.deltaFolder, id), { inTime: () => true })
      return outcome === 'deleted' ? [id] : []
    } catch (error) {
      if (!(error instanceof HelmS3Error)) throw error
      problem ??= explained(session, error)
      return []
    }
  }
  const collected = (await Promise.all(ids.map((id) => limit(() => remove(id))))).flat()
  return { collected, problem }
}

function explained({ location }: Session, error: HelmS3Error): HelmS3Error {
  if (error.code !== 'denied') return error
  const hint = `collection needs s3:DeleteObject on ${location.deltaFolder}*`
  return new HelmS3Error('denied', error.message, { hint, cause: error })
}
