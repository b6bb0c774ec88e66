import { parseDeltaId } from '../../core/log/delta-id.ts'
import { NEWEST_METADATA } from '../../core/object-metadata.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import { missingIndex } from './read-base.ts'
import { readBookkeeping } from './read-bookkeeping.ts'
import type { Session } from '../session/session.ts'

/**
 * Refuses a mutation when there is no repository. The session learns the store's clock and the newest folded delta from
 * the answer, because what it writes has to get a higher id, whatever the clocks say.
 *
 * Cost: one HEAD. When another client has written `index.yaml` last, its metadata do not name that delta; then also a
 * ranged GET of its end.
 * @throws HelmS3Error `missing-index`
 */
export async function requireRepository(session: Session): Promise<void> {
  const head = await session.store.head(session.location.indexKey)
  if (head === undefined) throw await missingIndex(session)
  session.memory.indexSize = head.size
  const newest = head.metadata[NEWEST_METADATA]
  if (newest === undefined) await noteFolded(session)
  else session.knownIds.note(parseDeltaId(newest))
}

/**
 * Notes the size of `index.yaml`, which decides how much of it is read at once. Never fails: what is wrong, the read
 * itself will say.
 *
 * Cost: one HEAD.
 */
export async function noteIndexSize({ location, memory, store }: Session): Promise<void> {
  try {
    memory.indexSize = (await store.head(location.indexKey))?.size
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
  }
}

/**
 * Notes the newest folded delta. A push needs no readable index, so an index that is damaged or may not be read does
 * not stop it.
 */
async function noteFolded(session: Session): Promise<void> {
  try {
    for (const id of (await readBookkeeping(session)).folded.keys()) session.knownIds.note(id)
  } catch (error) {
    if (!hasCode(error, 'invalid-index') && !hasCode(error, 'denied')) throw error
  }
}
