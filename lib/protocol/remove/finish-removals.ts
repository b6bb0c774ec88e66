import pLimit from 'p-limit'
import type { Key } from '../../core/keys.ts'
import type { Delta } from '../../core/log/delta.ts'
import { HelmS3Error } from '../../errors.ts'
import type { ArchiveHead } from '../archives/head-archive.ts'
import { type View, readView } from '../read/read-view.ts'
import { findAllRemovals } from '../read/removals.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Session } from '../session/session.ts'
import { type ArchiveDeletion, type DeletionWarrant, deleteArchive } from '../write/delete-archive.ts'
import type { Minted } from '../write/mint.ts'
import { type Fate, fateOf, meantBy, pushUnderWay, wantedAfter } from './archive-fate.ts'
import type { Deletion, DeletionTarget } from './deletion.ts'
import { refuseLate, refuseWithoutEffect } from './removal-conflicts.ts'

/** A delta of removals that is committed, and what was seen before it. */
export interface Removing<T> {
  readonly before: View
  readonly heads: ReadonlyMap<T, ArchiveHead | undefined>
  readonly minted: Minted
  readonly delta: Delta
  /** See {@link DeletionWarrant}. */
  readonly isInTime: () => boolean
  readonly landedAt: number
}

/**
 * What follows after removals are committed. When it cannot be found out whether the archives may be deleted, they
 * stay, and the deletion has succeeded all the same. It has failed when an entry is still in the index, or when an
 * archive was taken from a later push.
 * @throws HelmS3Error `conflict`
 */
export async function finishRemovals<T extends DeletionTarget>(
  session: Session,
  targets: readonly T[],
  removing: Removing<T>,
): Promise<Deletion<T>> {
  const leave = (error: unknown): Deletion<T> => leaveArchives(session, targets, removing, error)
  const wanted = wantedAfter(targets, removing.delta.removed)
  const after = await readView(session, { wanted }).catch(asHelmS3Error)
  if (after instanceof HelmS3Error) return leave(after)
  refuseWithoutEffect(removing, after)
  const removed = await removeArchives(session, targets, removing, after).catch(asHelmS3Error)
  if (removed instanceof HelmS3Error) return leave(removed)
  await refuseLate(session, removed.late, removing.delta.removed)
  return removed.deletion
}

function asHelmS3Error(error: unknown): HelmS3Error {
  if (error instanceof HelmS3Error) return error
  throw error
}

function leaveArchives<T extends DeletionTarget>(
  session: Session,
  targets: readonly T[],
  { delta, minted: { id } }: Removing<T>,
  error: unknown,
): Deletion<T> {
  const keptArchives = targets.flatMap(({ key }) => key ?? [])
  for (const key of keptArchives) session.changes.leaveArchive(session.location, key, error)
  return { targets, keptArchives, unlike: [], revived: [], committed: [{ id, delta, newerDeltas: 0 }] }
}

async function removeArchives<T extends DeletionTarget>(
  session: Session,
  targets: readonly T[],
  removing: Removing<T>,
  view: View,
): Promise<{ readonly deletion: Deletion<T>; readonly late: readonly Key[] }> {
  const { delta, minted } = removing
  const { id } = minted
  const others = await findAllRemovals(session, view, delta.removed, new Set([id]))
  const isMeant = await meantBy(session, view, targets)
  const isUnderWay = pushUnderWay(session, view)
  const progress = session.track('deleting archives', targets.length)
  const limit = pLimit(CONCURRENCY)
  const step = async (target: T): Promise<RemovedArchive> => {
    const removed = await removeArchive(session, target, fateOf(target, view, others, isMeant), {
      ...removing,
      isUnderWay,
    })
    progress.advance()
    return removed
  }
  try {
    const removed = await Promise.all(targets.map((target) => limit(() => step(target))))
    if (removed.every(({ isOver }) => isOver)) session.knownIds.noteEnded(id)
    const keysOf = (fate: Fate): Key[] =>
      removed.flatMap((each) => (each.fate === fate && each.key !== undefined ? [each.key] : []))
    const newerDeltas = view.listing.deltas.filter((listed) => listed.id > id).length
    const late = removed.filter(({ isLate }) => isLate).flatMap(({ key }) => key ?? [])
    const committed = [{ id, delta, newerDeltas }]
    // When two entries name one archive, either of them may have proved that the archive is the deleted one.
    const gone = new Set(keysOf('gone'))
    const unlike = removed.flatMap(({ key, unlike: reason }) =>
      key === undefined || reason === undefined || gone.has(key) ? [] : [{ key, reason }],
    )
    return { deletion: { targets, keptArchives: keysOf('kept'), unlike, revived: keysOf('revived'), committed }, late }
  } finally {
    progress.end()
  }
}

interface RemovedArchive extends Pick<ArchiveDeletion, 'isLate' | 'isOver' | 'unlike'> {
  readonly key: Key | undefined
  readonly fate: Fate
}

async function removeArchive<T extends DeletionTarget>(
  session: Session,
  target: T,
  fate: Fate,
  { heads, isInTime, isUnderWay, landedAt, minted }: Removing<T> & Pick<DeletionWarrant, 'isUnderWay'>,
): Promise<RemovedArchive> {
  const { key } = target
  if (key === undefined || fate !== 'gone') return { key, fate, isOver: true, isLate: false }
  const warrant = { removal: minted.id, expected: target.expect(heads.get(target)), isInTime, isUnderWay, landedAt }
  const { isLate, isOver, outcome, unlike } = await deleteArchive(session, key, warrant)
  return { key, fate: outcome === 'kept' ? 'kept' : 'gone', isLate, isOver, unlike }
}
