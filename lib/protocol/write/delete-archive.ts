import { PUSH_TAKES } from '../../core/check/check-archives.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { promisedDigest } from '../../core/log/entry.ts'
import { type Key, provenanceKey } from '../../core/keys.ts'
import { HelmS3Error, during } from '../../errors.ts'
import { type ArchiveHead, deltaIn, headArchive } from '../archives/head-archive.ts'
import { REMOVAL_SETTLES } from '../session/limits.ts'
import type { ETag } from '../../store/object-store.ts'
import type { Session } from '../session/session.ts'

/** The removal that allows an archive to be deleted. */
export interface DeletionWarrant {
  /** Id of the delta that removed the entry: only archives of lower ids are deleted. */
  readonly removal: DeltaId
  readonly expected: ExpectedArchive
  /**
   * Whether the push that wrote an archive under this id may have its delta still before it: then the archive is for
   * its entry.
   */
  readonly isUnderWay: (id: DeltaId | undefined) => boolean
  /** Whether a DELETE may still be sent, by the clocks of this machine. */
  readonly isInTime: () => boolean
  /**
   * When the delta landed, at the earliest: store clock, milliseconds since 1970. The store is asked to refuse what
   * comes late after it.
   */
  readonly landedAt: number
}

/** What an archive must be to be deleted. */
export interface ExpectedArchive {
  /** SHA-256, lower-case hex, as the removed entry says; undefined: any. */
  readonly digest: string | undefined
  /**
   * The push that has written it, as it was seen; left out: any. Equal bytes have equal digests and ETags, so that only
   * the id tells that a push has written the archive again meanwhile.
   */
  readonly writer?: Pick<ArchiveHead, 'delta'>
}

/** What became of an archive whose entry was removed. */
export interface ArchiveDeletion {
  /** `kept`: the archive stays as an orphan, because it is not surely the removed one. */
  readonly outcome: 'deleted' | 'absent' | 'kept'
  /** Whether every DELETE was answered: none can arrive any more. */
  readonly isOver: boolean
  /** The store has carried out a DELETE so late that it may have met the archive of a push that came after. */
  readonly isLate: boolean
  /** Why it is kept, when nobody is at work on it: without a word it would lie there for ever. */
  readonly unlike?: Unlike | undefined
}

/** Why nothing proves that an archive is the one of the entry that named it. */
export type Unlike = 'other-bytes' | 'no-digest'

/**
 * Removes an archive whose entry is gone, and its provenance file, and nothing else: only the object that HEAD showed,
 * with the expected digest, of a push whose delta is known or can come no more, written below the removal, within the
 * deadline, by one conditional DELETE that is never sent again. A DELETE that is late could meet the archive of a push
 * that came after: equal bytes have the same ETag. So the store is asked to refuse one that comes when pushes do not
 * wait for it any more. The only place that deletes archives.
 *
 * The removal stands already: what the store refuses now, or does not answer, is noted in `session.changes` and is no
 * failure.
 *
 * Cost: a HEAD and a DELETE, after a lost answer or a refusal a HEAD more; the same for the provenance file where there
 * is one.
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

/** Undefined: a push that crosses this deletion may have written the archive a moment ago, and its entry follows. */
function unlikeBecause(
  { storeClock }: Session,
  { delta, lastModified }: ArchiveHead,
  { expected: { digest }, removal }: DeletionWarrant,
): Unlike | undefined {
  if (delta !== undefined && delta > removal) return undefined
  if (promisedDigest(digest) === undefined) return 'no-digest'
  return delta === undefined || storeClock.now() - lastModified > PUSH_TAKES ? 'other-bytes' : undefined
}

/** What failed is noted, and may have been kept. */
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

/** Nothing is sent again. The DELETE may still arrive: it is not over, even where the archive is gone. */
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
