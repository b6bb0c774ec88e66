import type { DeltaId } from '../core/delta-id.ts'
import { type Key, provenanceKey } from '../core/keys.ts'
import { during } from '../errors.ts'
import { deltaIn, headArchive } from './head-archive.ts'
import { DELETE_DEADLINE } from './limits.ts'
import type { Session } from './session.ts'

/** The removal that allows an archive to be deleted. */
export interface DeletionWarrant {
  /** Id of the delta that removed the entry: only archives of lower ids are deleted. */
  readonly removal: DeltaId
  /** Digest in the removed entry; undefined when it had none. */
  readonly digest: string | undefined
  /** `clock.monotonic()` just before the delta was sent. */
  readonly sentAt: number
}

/**
 * Removes an archive whose entry is gone, and its provenance file, and nothing else: only the object that HEAD showed, with
 * the removed digest, written below the removal, within the deadline, by one conditional DELETE that is never sent again.
 * A DELETE that is late could meet the archive of a push that came after. The only place that deletes archives.
 *
 * @returns `deleted`, `absent`, or `kept`: the archive stays as an orphan, because it is not surely the removed one
 * Cost: a HEAD and a DELETE, and the same for the provenance file where there is one.
 */
export async function deleteArchive(session: Session, key: Key, warrant: DeletionWarrant): Promise<'deleted' | 'absent' | 'kept'> {
  const head = await headArchive(session, key)
  if (head !== undefined) {
    if (warrant.digest !== undefined && head.digest !== warrant.digest) return 'kept'
    if (!(await deleteBelow(session, key, head, warrant))) return 'kept'
  }
  const provenance = await session.store.head(provenanceKey(key))
  if (provenance !== undefined) {
    await deleteBelow(session, provenanceKey(key), { etag: provenance.etag, delta: deltaIn(provenance.metadata) }, warrant)
  }
  return head === undefined ? 'absent' : 'deleted'
}

async function deleteBelow(
  { clock, store }: Session,
  key: Key,
  { etag, delta }: Pick<NonNullable<Awaited<ReturnType<typeof headArchive>>>, 'etag' | 'delta'>,
  { removal, sentAt }: DeletionWarrant,
): Promise<boolean> {
  if (delta !== undefined && delta > removal) return false
  if (clock.monotonic() - sentAt > DELETE_DEADLINE) return false
  const deletion = await during('delete chart file from s3: delete chart object from s3', () => store.delete(key, { match: etag }))
  return deletion.outcome === 'deleted'
}
