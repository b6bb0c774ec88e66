import pLimit from 'p-limit'
import type { Delta } from '../../core/log/delta.ts'
import { type Removal, versionKey } from '../../core/log/entry.ts'
import type { WantedCharts } from '../../core/index/paging.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { type ArchiveHead, headArchive } from '../archives/head-archive.ts'
import { cannotFetchIndex } from '../read/read-base.ts'
import { noteIndexSize } from '../read/require-repository.ts'
import { type View, listForView, readView } from '../read/read-view.ts'
import { attempts } from '../session/attempts.ts'
import { CONCURRENCY, DELETE_DEADLINE, LATE_RETRIES } from '../session/limits.ts'
import type { Session } from '../session/session.ts'
import { startLimit } from '../session/stopwatch.ts'
import { appendDelta } from '../write/append-delta.ts'
import { mint } from '../write/mint.ts'
import { refuseBelow } from '../write/refuse-below.ts'
import type { Deletion, DeletionTarget } from './deletion.ts'
import { finishRemovals } from './finish-removals.ts'

/** What a deletion is about. Each time the deletion starts again, both functions are called with a fresh view. */
export interface DeletionChoice<T extends DeletionTarget> {
  /** What the view has to have. Left out: everything. */
  readonly wanted?: WantedCharts
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
 * target; for each delta two views, a HEAD of `index.yaml` beside the first, a LIST and the PUT.
 * @throws HelmS3Error `missing-index`, `conflict`, `outcome-unknown`, and what the choice throws
 */
export async function deleteInBatches<T extends DeletionTarget>(
  session: Session,
  { choose, refuseMissing, wanted }: DeletionChoice<T>,
  first?: View,
): Promise<Deletion<T>> {
  const batches: Deletion<T>[] = []
  const done = new Set<string>()
  const names = ({ key, removals }: T): string[] => removals.map((removal) => `${versionKey(removal)}\0${key ?? ''}`)
  const isLeft = (target: T): boolean => !names(target).some((name) => done.has(name))
  const chooseRest = async (view: View): Promise<readonly T[]> => (await choose(view)).filter(isLeft)
  for (let view = first, isFirst = true; ; view = undefined, isFirst = false) {
    const choice = {
      choose: chooseRest,
      refuseMissing: isFirst ? refuseMissing : undefined,
      ...(wanted === undefined ? {} : { wanted }),
    }
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
  { choose, refuseMissing, wanted }: DeletionChoice<T>,
  first: View | undefined,
): Promise<{ readonly deletion: Deletion<T>; readonly isLast: boolean }> {
  for await (const attempt of attempts(session, LATE_RETRIES)) {
    const before = attempt === 1 && first !== undefined ? first : await readCurrentView(session, wanted)
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

/**
 * The compaction that follows a deletion reads all of a small `index.yaml`, so where its size shows that it is one, all
 * of it is read at once.
 */
async function readCurrentView(session: Session, wanted: WantedCharts | undefined): Promise<View> {
  try {
    const [listed] = await Promise.all([listForView(session), noteIndexSize(session)])
    return await readView(session, { listed, wanted })
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
