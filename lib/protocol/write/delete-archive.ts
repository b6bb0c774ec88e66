import { PUSH_TAKES } from '../../core/check/check-archives.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { promisedDigest } from '../../core/log/entry.ts'
import { type Key, provenanceKey } from '../../core/keys.ts'
import { HelmS3Error, during } from '../../errors.ts'
import { type ArchiveHead, deltaIn, headArchive } from '../archives/head-archive.ts'
import { REMOVAL_SETTLES } from '../session/limits.ts'
import type { ETag } from '../../store/object-store.ts'
import type { Session } from '../session/session.ts'

/** What allows an archive to be deleted: a committed removal, and the conditions that the archive must meet. */
export interface DeletionWarrant {
  /** Id of the delta that removed the entry. Only archives with lower ids are deleted. */
  readonly removal: DeltaId
  readonly expected: ExpectedArchive
  /**
   * Whether the push that wrote an archive under this id may still be about to send its delta. Then the archive belongs
   * to the entry that is to come.
   */
  readonly isUnderWay: (id: DeltaId | undefined) => boolean
  /** Whether a DELETE may still be sent, by the clocks of this machine. */
  readonly isInTime: () => boolean
  /**
   * The earliest time at which the delta can have landed: store clock, milliseconds since 1970. The store is asked to
   * refuse a DELETE that comes too long after it.
   */
  readonly landedAt: number
}

/** What an archive must be to be deleted. */
export interface ExpectedArchive {
  /** SHA-256, lower-case hex, as the removed entry has it; undefined: any archive will do. */
  readonly digest: string | undefined
  /**
   * The push that wrote the archive, as HEAD showed it; left out: any push. Equal bytes have equal digests and ETags,
   * so only the id shows that another push has written the archive again in the meantime.
   */
  readonly writer?: Pick<ArchiveHead, 'delta'>
}

/** What became of an archive whose entry was removed. */
export interface ArchiveDeletion {
  /** `kept`: the archive stays as an orphan, because it is not certain to be the removed one. */
  readonly outcome: 'deleted' | 'absent' | 'kept'
  /** Whether every DELETE was answered, so that none can arrive any more. */
  readonly isOver: boolean
  /** Whether the store has carried out a DELETE so late that it may have removed the archive of a later push. */
  readonly isLate: boolean
  /**
   * Why the archive is kept, when no other client is working on it. The user must be told, or it would stay unnoticed
   * for ever.
   */
  readonly unlike?: Unlike | undefined
}

/** Why nothing proves that an archive is the one that the removed entry named. */
export type Unlike = 'other-bytes' | 'no-digest'

/**
 * Deletes the archive of a removed entry and its provenance file, and nothing else. The only place that deletes
 * archives. An archive is deleted only when
 *
 * - it is the object that HEAD showed, with the expected digest,
 * - the delta of the push that wrote it is known, or can no longer come,
 * - its id is below that of the removal, and
 * - the deadline has not passed.
 *
 * It is deleted by one conditional DELETE, which is never sent again. A late DELETE could hit the archive of a later
 * push, because equal bytes have the same ETag. Therefore the store is asked to refuse a DELETE that arrives when
 * pushes no longer wait for it.
 *
 * The removal is committed by now. What the store refuses or does not answer is noted in `session.changes`, and is not
 * a failure.
 *
 * Cost: a HEAD and a DELETE, and one more HEAD after a lost answer or a refusal; the same for the provenance file, if
 * there is one.
 */
export async function deleteArchive(session: Session, key: Key, warrant: DeletionWarrant): Promise<ArchiveDeletion> {
  const archive = await unlessFailed(session, key, async () => {
    const head = await headArchive(session, key)
    if (head === undefined) return ABSENT
    const { digest, writer } = warrant.expected
    if (digest !== undefined && head.digest !== digest)
      return { ...KEPT, unlike: unlikeBecause(session, head, warrant) }
    if (writer === undefined ? warrant.isUnderWay(head.delta) : head.delta !== writer.delta) return KEPT
    return deleteBelow(session, key, head, warrant)
  })
  if (archive.outcome === 'kept') return archive
  const beside = provenanceKey(key)
  const { isLate, isOver } = await unlessFailed(session, beside, async () => {
    const provenance = await session.store.head(beside)
    if (provenance === undefined) return ABSENT
    const { etag, metadata } = provenance
    return deleteBelow(session, beside, { etag, delta: deltaIn(metadata) }, warrant)
  })
  return { outcome: archive.outcome, isOver: archive.isOver && isOver, isLate: archive.isLate || isLate }
}

/** Undefined when a push that crosses this deletion may have written the archive a moment ago: its entry follows. */
function unlikeBecause(
  { storeClock }: Session,
  { delta, lastModified }: ArchiveHead,
  { expected: { digest }, removal }: DeletionWarrant,
): Unlike | undefined {
  if (delta !== undefined && delta > removal) return undefined
  if (promisedDigest(digest) === undefined) return 'no-digest'
  return delta === undefined || storeClock.now() - lastModified > PUSH_TAKES ? 'other-bytes' : undefined
}

/** Runs one deletion. When it fails, the object may still be there; that is noted, and it counts as kept. */
async function unlessFailed(
  { changes, location }: Session,
  key: Key,
  run: () => Promise<ArchiveDeletion>,
): Promise<ArchiveDeletion> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
    changes.leaveArchive(location, key, error)
    return { ...KEPT, isOver: false }
  }
}

const TOO_SLOW = 'the store was too slow for it to be deleted safely'

const REFUSED = 'the store refused to delete it, and nobody has replaced it'

const KEPT: ArchiveDeletion = { outcome: 'kept', isOver: true, isLate: false }
const ABSENT: ArchiveDeletion = { outcome: 'absent', isOver: true, isLate: false }

async function deleteBelow(
  session: Session,
  key: Key,
  { delta, etag }: Pick<ArchiveHead, 'delta' | 'etag'>,
  { isInTime, landedAt, removal }: DeletionWarrant,
): Promise<ArchiveDeletion> {
  const { changes, store } = session
  if (delta !== undefined && delta > removal) return KEPT
  if (!isInTime()) {
    changes.leaveArchive(session.location, key, TOO_SLOW)
    return KEPT
  }
  const deletion = await during('delete chart file from s3: delete chart object from s3', () =>
    store.delete(key, { match: etag, until: landedAt + REMOVAL_SETTLES, inTime: isInTime }),
  )
  if (deletion.outcome === 'deleted') {
    return { outcome: 'deleted', isOver: true, isLate: deletion.date - landedAt > REMOVAL_SETTLES + 1000 }
  }
  if (deletion.outcome === 'unknown') return lookAfterLostAnswer(session, key, etag, deletion.cause)
  if (deletion.outcome === 'expired') changes.leaveArchive(session.location, key, TOO_SLOW)
  else if ((await store.head(key))?.etag === etag) changes.leaveArchive(session.location, key, REFUSED)
  return KEPT
}

/**
 * What a look shows after a DELETE without an answer. The DELETE is not sent again, but it may still arrive; so it is
 * not over, even when the archive is gone.
 */
async function lookAfterLostAnswer(
  { changes, location, store }: Session,
  key: Key,
  etag: ETag,
  cause: unknown,
): Promise<ArchiveDeletion> {
  const now = await store.head(key)
  if (now?.etag === etag) changes.leaveArchive(location, key, cause)
  return { outcome: now === undefined ? 'deleted' : 'kept', isOver: false, isLate: false }
}
