import pLimit from 'p-limit'
import type { Delta } from '../../core/log/delta.ts'
import { type DeltaId, deltaTime } from '../../core/log/delta-id.ts'
import { type Entry, type Removal, isAnnouncement, versionKey } from '../../core/log/entry.ts'
import { type Key, archiveKey } from '../../core/keys.ts'
import { allEntries, namedArchives } from '../../core/plan-orphans.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { appendDelta } from '../write/append-delta.ts'
import { attempts } from '../session/attempts.ts'
import type { CommittedDelta } from '../session/committed.ts'
import {
  type ArchiveDeletion,
  type DeletionWarrant,
  type ExpectedArchive,
  type Unlike,
  deleteArchive,
} from '../write/delete-archive.ts'
import { type ArchiveHead, headArchive } from '../archives/head-archive.ts'
import { CONCURRENCY, DELETE_DEADLINE, LATE_RETRIES, PUSH_MAY_LIVE } from '../session/limits.ts'
import { type Minted, clockWentBack, mint } from '../write/mint.ts'
import { refuseBelow } from '../write/refuse-below.ts'
import { cannotFetchIndex } from '../read/read-base.ts'
import { type View, readView } from '../read/read-view.ts'
import { type KnownRemoval, findAllRemovals, isUnsettled } from '../read/removals.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'
import { startLimit } from '../session/stopwatch.ts'

/** Something to delete: the removals that the delta names, and the archive that goes with them. */
export interface DeletionTarget {
  /** One removal for each version that the archive may have been pushed as. */
  readonly removals: readonly Removal[]
  /** Undefined when the archive does not belong to this repository, and so must stay. */
  readonly key: Key | undefined
  /**
   * Whether this entry keeps the archive. Asked of each entry that is of one of the versions or whose url names the
   * archive. Left out: any such entry keeps it.
   */
  readonly isKeptBy?: (entry: Entry) => boolean
  /** What the archive must be to be deleted, given what HEAD showed before the delta was written. */
  readonly expect: (seen: ArchiveHead | undefined) => ExpectedArchive
}

export interface Deletion<T extends DeletionTarget> {
  readonly targets: readonly T[]
  /** Archives that stay although no entry names them any more. */
  readonly keptArchives: readonly Key[]
  /** Those of them that nothing proves to be the deleted archive, and that no other client is working on. */
  readonly unlike: readonly UnlikeArchive[]
  /** Archives whose version was pushed again in the meantime. */
  readonly revived: readonly Key[]
  /**
   * The deltas of removals that were committed, in the order of the log: more than one only when there was too much for
   * one delta, none when nothing was chosen.
   */
  readonly committed: readonly CommittedDelta[]
}

/** An archive that stays, and the reason. */
export interface UnlikeArchive {
  readonly key: Key
  readonly reason: Unlike
}

/** What a deletion is about. Each time the deletion starts again, both functions are called with a fresh view. */
export interface DeletionChoice<T extends DeletionTarget> {
  /** The targets that this view contains. */
  readonly choose: (view: View) => readonly T[] | Promise<readonly T[]>
  /**
   * Throws when the view lacks something that was asked for. Left out: missing targets are skipped. Called only until a
   * part of the targets is removed.
   * @param mayHaveLanded whether a delta that this deletion sent, and that is not known to have landed, may be the
   *   reason why something is missing
   */
  readonly refuseMissing?: ((view: View, mayHaveLanded: boolean) => void) | undefined
}

/** At least this many targets go into one delta, however slow the store is. */
const MIN_BATCH = 500

/** With more archives than this, all entries are decoded, instead of searching the index for each file name. */
const MOST_SOUGHT = 20

/**
 * How long the deletions of one delta may take, milliseconds. Half the deadline leaves room for a store that slows
 * down.
 */
const BATCH_TIME = DELETE_DEADLINE / 2

/**
 * Requests for each archive after the delta, at the most: HEAD and DELETE, of the archive and of its provenance file.
 */
const REQUESTS_EACH = 4

/**
 * Deletes the targets that the choice finds, usually in one batch. When the time that the HEADs took shows that not all
 * can be deleted within the deadline, they go into several batches, one after another.
 *
 * `first`: a view that has been read already; the first choice is made from it.
 *
 * Cost of n targets: a GET of the repository's defaults if it has any, n HEADs, then up to two HEADs and two DELETEs a
 * target; for each delta two views, a LIST and the PUT.
 * @throws HelmS3Error `missing-index`, `conflict`, `outcome-unknown`, and what the choice throws
 */
export async function deleteInBatches<T extends DeletionTarget>(
  session: Session,
  { choose, refuseMissing }: DeletionChoice<T>,
  first?: View,
): Promise<Deletion<T>> {
  const batches: Deletion<T>[] = []
  const done = new Set<string>()
  const names = ({ key, removals }: T): string[] => removals.map((removal) => `${versionKey(removal)}\0${key ?? ''}`)
  const isLeft = (target: T): boolean => !names(target).some((name) => done.has(name))
  const chooseRest = async (view: View): Promise<readonly T[]> => (await choose(view)).filter(isLeft)
  for (let view = first, isFirst = true; ; view = undefined, isFirst = false) {
    const choice = { choose: chooseRest, refuseMissing: isFirst ? refuseMissing : undefined }
    const { deletion, isLast } = await deleteBatch(session, choice, view).catch((error: unknown) => {
      throw afterBatches(error, done.size)
    })
    batches.push(deletion)
    if (isLast) break
    for (const target of deletion.targets) for (const name of names(target)) done.add(name)
  }
  return {
    targets: batches.flatMap(({ targets }) => targets),
    keptArchives: batches.flatMap(({ keptArchives }) => keptArchives),
    unlike: batches.flatMap(({ unlike }) => unlike),
    revived: batches.flatMap(({ revived }) => revived),
    committed: batches.flatMap(({ committed }) => committed),
  }
}

/** Adds to an error that stops a deletion how many versions had been removed before it. */
function afterBatches(error: unknown, removed: number): unknown {
  if (removed === 0 || !(error instanceof HelmS3Error)) return error
  const before = `${formatCount(removed, 'version')} were already removed`
  const hint = error.code === 'conflict' || error.hint === undefined ? before : `${before}; ${error.hint}`
  return new HelmS3Error(error.code, error.message, { cause: error, hint })
}

/** Writes one delta of removals, then deletes the archives. `isLast`: all of what was chosen is done. */
async function deleteBatch<T extends DeletionTarget>(
  session: Session,
  { choose, refuseMissing }: DeletionChoice<T>,
  first: View | undefined,
): Promise<{ readonly deletion: Deletion<T>; readonly isLast: boolean }> {
  for await (const attempt of attempts(session, LATE_RETRIES)) {
    const before = attempt === 1 && first !== undefined ? first : await readCurrentView(session)
    refuseMissing?.(before, attempt > 1)
    const chosen = await choose(before)
    if (chosen.length === 0)
      return { deletion: { targets: [], keptArchives: [], unlike: [], revived: [], committed: [] }, isLast: true }
    const { heads, targets } = await lookAtBatch(session, chosen)
    const minted = await mint(
      session,
      targets.map((target) => heads.get(target)?.delta),
    )
    const delta: Delta = { added: [], removed: eachRemovalOnce(targets) }
    await refuseBelow(session, minted, delta.removed, before)
    const isInTime = startLimit(session, DELETE_DEADLINE)
    const appended = await appendDelta(session, minted, delta)
    if (appended.outcome === 'expired') continue
    const landedAt = appended.landedAt ?? minted.date
    const deletion = await finishRemovals(session, targets, { before, heads, minted, delta, isInTime, landedAt })
    return { deletion, isLast: targets.length === chosen.length }
  }
  throw new HelmS3Error('conflict', 'the store was too slow for the deletion to be written in time', {
    hint: 'nothing was deleted; try again',
  })
}

/** The removals of the targets without duplicates: two entries of one version may lead to the same removal. */
function eachRemovalOnce(targets: readonly DeletionTarget[]): readonly Removal[] {
  const all = targets.flatMap(({ removals }) => removals)
  return [
    ...new Map(
      all.map((removal) => [
        JSON.stringify([removal.name, removal.version, removal.digest ?? null, removal.created ?? null]),
        removal,
      ]),
    ).values(),
  ]
}

async function readCurrentView(session: Session): Promise<View> {
  try {
    return await readView(session)
  } catch (error) {
    throw cannotFetchIndex(error)
  }
}

/**
 * The targets, from the start of `chosen`, that can be deleted in time as the duration of the first HEADs shows, and
 * what HEAD showed under their keys.
 */
async function lookAtBatch<T extends DeletionTarget>(
  session: Session,
  chosen: readonly T[],
): Promise<{ readonly targets: readonly T[]; readonly heads: ReadonlyMap<T, ArchiveHead | undefined> }> {
  const { clock } = session
  const startedAt = clock.monotonic()
  const first = chosen.slice(0, MIN_BATCH)
  const firstHeads = await headAll(session, first)
  const each = ((clock.monotonic() - startedAt) / first.length) * REQUESTS_EACH
  const fitting = each === 0 ? chosen.length : Math.max(MIN_BATCH, Math.floor(BATCH_TIME / each))
  const targets = chosen.slice(0, fitting)
  return { targets, heads: new Map([...firstHeads, ...(await headAll(session, targets.slice(first.length)))]) }
}

async function headAll<T extends DeletionTarget>(
  session: Session,
  targets: readonly T[],
): Promise<Map<T, ArchiveHead | undefined>> {
  const limit = pLimit(CONCURRENCY)
  const look = async (target: T): Promise<[T, ArchiveHead | undefined]> => [
    target,
    target.key && (await headArchive(session, target.key)),
  ]
  return new Map(await Promise.all(targets.map((target) => limit(() => look(target)))))
}

/** A delta of removals that is committed, and what was seen before it. */
interface Removing<T> {
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
async function finishRemovals<T extends DeletionTarget>(
  session: Session,
  targets: readonly T[],
  removing: Removing<T>,
): Promise<Deletion<T>> {
  const leave = (error: unknown): Deletion<T> => leaveArchives(session, targets, removing, error)
  const after = await readView(session).catch(asHelmS3Error)
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

/**
 * What became of the archive of a target. `kept`: it stays although no entry names it. `revived`: an entry names it
 * again.
 */
type Fate = 'gone' | 'kept' | 'revived'

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

/**
 * Tells from the id in an archive whether the delta of its push may still come: the id is young, and the delta is
 * neither pending nor folded. Such an archive belongs to a new entry, not to the one that the deletion removes; so the
 * deletion leaves it alone.
 */
function pushUnderWay({ storeClock }: Session, { base, pending }: View): DeletionWarrant['isUnderWay'] {
  const hasLanded = (id: DeltaId): boolean =>
    base.index.bookkeeping.folded.has(id) || pending.some((delta) => delta.id === id)
  return (id) => id !== undefined && deltaTime(id) + PUSH_MAY_LIVE > storeClock.now() && !hasLanded(id)
}

/**
 * Whether an entry of the view that keeps an archive names it. When the index cannot be read to its end, this is not
 * known; then every archive counts as named.
 */
async function meantBy(
  session: Session,
  { index }: View,
  targets: readonly DeletionTarget[],
): Promise<(key: Key, isKeptBy: (entry: Entry) => boolean) => boolean> {
  try {
    const files = new Set(targets.flatMap(({ key }) => key?.split('/').at(-1) ?? []))
    const entries = files.size > MOST_SOUGHT ? allEntries(index) : index.entriesNaming([...files])
    const named = namedArchives(await publishedLocation(session), entries)
    return (key, isKeptBy) => named.by(key).some(isKeptBy)
  } catch (error) {
    if (!hasCode(error, 'invalid-index')) throw error
    return () => true
  }
}

/**
 * Tells from the second view whether the archive may still be removed. It may not when the version is in the index
 * again, when any entry names the archive, or when another removal of the version is so young that its client may be
 * deleting the archive just now.
 */
function fateOf(
  { isKeptBy = () => true, key, removals }: DeletionTarget,
  view: View,
  others: ReadonlyMap<string, readonly KnownRemoval[]>,
  isMeant: (key: Key, isKeptBy: (entry: Entry) => boolean) => boolean,
): Fate {
  if (removals.flatMap((removal) => view.index.find(removal) ?? []).some(isKeptBy)) return 'revived'
  if (key !== undefined && isMeant(key, isKeptBy)) return 'revived'
  const isUnderWay = (removal: Removal): boolean =>
    others.get(versionKey(removal))?.some((other) => isUnsettled(other, view)) === true
  return removals.some(isUnderWay) ? 'kept' : 'gone'
}

/**
 * Throws when an entry is in the index just as it was before the delta. Then the removal has not counted, because a
 * delta of a higher id has touched the version.
 * @throws HelmS3Error `conflict`
 */
function refuseWithoutEffect(
  { before, delta, minted: { isBelowBy } }: Pick<Removing<unknown>, 'before' | 'delta' | 'minted'>,
  after: View,
): void {
  const stands = delta.removed.find((removal) => {
    const [old, now] = [before.index.find(removal), after.index.find(removal)]
    return (
      !isAnnouncement(removal) &&
      old !== undefined &&
      now !== undefined &&
      now.digest === old.digest &&
      now.created === old.created
    )
  })
  if (stands === undefined) return
  if (isBelowBy > 0) throw clockWentBack(stands, isBelowBy)
  throw new HelmS3Error(
    'conflict',
    `${stands.name} ${stands.version} is still in the index: a newer change of it came first`,
    {
      hint: 'look at it with `helm s3 log REPO`, and delete it again',
    },
  )
}

/**
 * Throws when a late DELETE may have removed the archive of a push that came after the deletion. That happens when this
 * client stood still before the DELETE and the store does not refuse late requests. Such a deletion must not be
 * reported as a success.
 * @throws HelmS3Error `conflict`
 */
async function refuseLate(session: Session, keys: readonly Key[], removals: readonly Removal[]): Promise<void> {
  if (keys.length === 0) return
  const { index } = await readView(session)
  const [victim] = removals.filter(
    (removal) => index.find(removal) !== undefined && keys.includes(archiveKey(session.location, removal)),
  )
  if (victim === undefined) return
  throw new HelmS3Error(
    'conflict',
    `${victim.name} ${victim.version} was pushed again while this deletion stood still, and lost its archive`,
    {
      hint: 'push it again with --force',
    },
  )
}
