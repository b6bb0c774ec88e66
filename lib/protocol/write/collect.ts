import pLimit from 'p-limit'
import { type DeltaId, deltaKey } from '../../core/log/delta-id.ts'
import { HelmS3Error } from '../../errors.ts'
import type { Session } from '../session/session.ts'

/** Few enough that an interrupted collection has removed the oldest ones only. */
const AT_ONCE = 8

/**
 * Deletes deltas that a compaction plan allows to, oldest first: the only place that does. A DELETE without an answer
 * is left to the next pass. The index is written already: what the store refuses is `problem`, and no failure of the
 * compaction.
 *
 * @returns the ids that are gone for sure
 * Cost: one DELETE for each delta, until one is refused.
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
      // An id never comes back: a DELETE that comes late meets nothing else.
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
