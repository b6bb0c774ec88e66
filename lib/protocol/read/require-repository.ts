import { parseDeltaId } from '../../core/log/delta-id.ts'
import { NEWEST_METADATA } from '../../core/object-metadata.ts'
import { hasCode } from '../../errors.ts'
import { missingIndex } from './read-base.ts'
import { readBookkeeping } from './read-bookkeeping.ts'
import type { Session } from '../session/session.ts'

/**
 * Refuses a mutation where there is no repository, and lets the session learn the store's clock and the newest folded
 * delta: what it writes has to come after that, whatever the clocks say. Cost: one HEAD; where another client has
 * written `index.yaml` last, which does not name that delta, also a GET of its head.
 * @throws HelmS3Error `missing-index`
 */
export async function requireRepository(session: Session): Promise<void> {
  const head = await session.store.head(session.location.indexKey)
  if (head === undefined) throw await missingIndex(session)
  const newest = head.metadata[NEWEST_METADATA]
  if (newest === undefined) await noteFolded(session)
  else session.knownIds.note(parseDeltaId(newest))
}

/** An index that cannot be read, or may not be, keeps no push from the log. */
async function noteFolded(session: Session): Promise<void> {
  try {
    for (const id of (await readBookkeeping(session)).folded.keys()) session.knownIds.note(id)
  } catch (error) {
    if (!hasCode(error, 'invalid-index') && !hasCode(error, 'denied')) throw error
  }
}
