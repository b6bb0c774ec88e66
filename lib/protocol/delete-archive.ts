import type { DeltaId } from '../core/delta-id.ts'
import { type Key, provenanceKey } from '../core/keys.ts'
import { HelmS3Error, during } from '../errors.ts'
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
 * Removes an archive whose entry is gone, and its provenance file, and nothing else: only the object that HEAD showed,
 * with the removed digest, written below the removal, within the deadline, by one conditional DELETE that is never sent
 * again. A DELETE that is late could meet the archive of a push that came after. The only place that deletes archives.
 *
 * The removal stands already: what the store refuses now, or does not answer, is noted in `session.changes` and is no
 * failure.
 *
 * @returns `deleted`, `absent`, or `kept`: the archive stays as an orphan, because it is not surely the removed one, or
 *   may stay
 * Cost: a HEAD and a DELETE, and the same for the provenance file where there is one.
 */
export async function deleteArchive(session: Session, key: Key, warrant: DeletionWarrant): Promise<'deleted' | 'absent' | 'kept'> {
  const archive = await unlessFailed(session, key, async () => {
    const head = await headArchive(session, key)
    if (head === undefined) return 'absent'
    if (warrant.digest !== undefined && head.digest !== warrant.digest) return 'kept'
    return (await deleteBelow(session, key, head, warrant)) ? 'deleted' : 'kept'
  })
  if (archive === undefined || archive === 'kept') return 'kept'
  const beside = provenanceKey(key)
  await unlessFailed(session, beside, async () => {
    const provenance = await session.store.head(beside)
    if (provenance === undefined) return
    await deleteBelow(session, beside, { etag: provenance.etag, delta: deltaIn(provenance.metadata) }, warrant)
  })
  return archive
}

/** Undefined: it failed, which is noted. */
async function unlessFailed<T>({ changes }: Session, key: Key, run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
    changes.leaveArchive(key, error)
    return undefined
  }
}

async function deleteBelow(
  { changes, clock, store }: Session,
  key: Key,
  { etag, delta }: Pick<NonNullable<Awaited<ReturnType<typeof headArchive>>>, 'etag' | 'delta'>,
  { removal, sentAt }: DeletionWarrant,
): Promise<boolean> {
  if (delta !== undefined && delta > removal) return false
  const inTime = (): boolean => clock.monotonic() - sentAt <= DELETE_DEADLINE
  if (!inTime()) {
    changes.leaveArchive(key, 'the store was too slow for it to be deleted safely')
    return false
  }
  const deletion = await during('delete chart file from s3: delete chart object from s3', () =>
    store.delete(key, { match: etag, inTime }),
  )
  if (deletion.outcome === 'unknown') changes.leaveArchive(key, deletion.cause)
  return deletion.outcome === 'deleted'
}
