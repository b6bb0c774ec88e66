import pLimit from 'p-limit'
import { NO_BOOKKEEPING } from '../../core/log/bookkeeping.ts'
import { type StoredDelta, removedForGood } from '../../core/log/delta.ts'
import { MAX_DELTA_TIME, lowestDeltaId } from '../../core/log/delta-id.ts'
import { versionKey } from '../../core/log/entry.ts'
import { fold } from '../../core/fold.ts'
import { type IndexText, emptyIndexText, readIndexText } from '../../core/index/index-text.ts'
import { salvageIndex } from '../../core/index/salvage/salvage.ts'
import type { DamagedEntry, Salvaged, SkippedItem } from '../../core/index/salvage/salvaged-parts.ts'
import type { Key, RepositoryLocation } from '../../core/keys.ts'
import { foldedAt } from '../../core/plan-compaction.ts'
import { allEntries, namedArchives } from '../../core/plan-orphans.ts'
import { type PlanOptions, type Problem, ReindexPlan } from '../../core/reindex/plan-reindex.ts'
import type { ReindexChange } from '../../core/reindex/reindex-change.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import type { PutCondition, StoredObject } from '../../store/object-store.ts'
import { attempts } from '../session/attempts.ts'
import { deltaOf } from '../reindex/commit-reindex.ts'
import { keepBroken } from '../write/keep-broken.ts'
import { CONCURRENCY, MIN_GRACE_WINDOW, REBUILD_ROUNDS, SWAP_RETRIES } from '../session/limits.ts'
import { listArchives } from '../archives/list-archives.ts'
import { type DeltaListing, listDeltas } from '../read/list-deltas.ts'
import type { ArchiveOpener } from '../archives/open-archives.ts'
import { readDelta } from '../read/read-delta.ts'
import { readView } from '../read/read-view.ts'
import type { MarkedRebuild } from '../write/rebuild-mark.ts'
import type { Session } from '../session/session.ts'
import { startLimit } from '../session/stopwatch.ts'
import { nextIndex, writeIndex } from '../write/write-index.ts'
import { visibleLine } from '../../text/terminal-text.ts'

/**
 * The merged index, or undefined when `index.yaml` is missing or unreadable and may be rebuilt. Writes nothing.
 *
 * @param may whether a missing index may be replaced, and whether an unreadable one may
 * @throws HelmS3Error `missing-index` and `invalid-index` when it may not
 * Cost: a view.
 */
export async function readIndexUnlessBroken(
  session: Session,
  may: { readonly replaceMissing: () => Promise<boolean>; readonly replaceUnreadable: boolean },
): Promise<IndexText | undefined> {
  try {
    const { base, index } = await readView(session)
    readEntries(base.index)
    readEntries(index)
    return index
  } catch (error) {
    const isMissing = hasCode(error, 'missing-index')
    const isAllowed = isMissing ? await may.replaceMissing() : hasCode(error, 'invalid-index') && may.replaceUnreadable
    if (!isAllowed) throw error
    return undefined
  }
}

export interface RebuildOptions {
  readonly location: RepositoryLocation
  readonly plan: PlanOptions
  readonly opener: ArchiveOpener
  /** Undefined with `dryRun`. */
  readonly mark: MarkedRebuild | undefined
  /** Write nothing when there is an archive that cannot be indexed. */
  readonly strict: boolean
  readonly dryRun: boolean
  /** See {@link ReindexOptions}. */
  readonly onlyKnown: boolean
  /** Write the index even when some entries of the old one cannot be saved. */
  readonly allowLostEntries: boolean
}

/** What became of an `index.yaml` that Helm refuses. */
export interface Repaired {
  /** The key under which its text is kept; undefined with `dryRun`, and for an empty text. */
  readonly brokenKey: Key | undefined
  /** The number of entries that were saved from it. */
  readonly kept: number
  /** Those of the saved entries that had to be changed. */
  readonly mended: readonly DamagedEntry[]
  /** Entries that could not be saved, and that no archive has brought back. */
  readonly lost: readonly DamagedEntry[]
  /** Items that Helm leaves out; they do not count as entries. */
  readonly skipped: readonly SkippedItem[]
}

export interface Rebuilt {
  /** What became of the old text; undefined when there was none. */
  readonly repaired: Repaired | undefined
  readonly archives: number
  /** The differences between the new index and what the deltas alone say. */
  readonly changes: readonly ReindexChange[]
  readonly problems: readonly Problem[]
  /** Archives that other clients were changing or have just deleted. */
  readonly left: readonly Pick<ReindexChange, 'key'>[]
}

/** The content of `index.d/`, all of it read. */
interface WholeLog {
  readonly listing: DeltaListing
  readonly deltas: readonly StoredDelta[]
  /** The saved entries of the old index, or an empty index, with these deltas folded in. */
  readonly index: IndexText
}

/**
 * Rebuilds a missing or unreadable `index.yaml` by one compare-and-swap. The new base holds what can be saved of the
 * old text, what the archives say, and what the deltas say, and counts those deltas as folded. The old text is kept
 * beside it. Saved entries stay, even when their archive is missing or is elsewhere. Until the swap, readers fail as
 * before: nobody ever sees only a part of the charts. An index that has become readable in the meantime stays.
 *
 * All archives are opened first, which may take long. Then it looks again, first at the log and then at the archives,
 * and opens what has come since. It writes when a look finds nothing new: so what is listed is in the base, and what
 * comes later is pending. A version with a removal in the log is not added, because its archive may be about to be
 * deleted; only a later push adds it.
 *
 * @returns undefined when another client has put a readable index there
 * @throws HelmS3Error `invalid-chart` (with `strict`), `conflict` when each time others write something unreadable or
 *   change archives
 *
 * Cost: for each round a GET of `index.yaml`, a LIST and a GET of each new delta, and the listing of the archives; each
 * archive once, see `openArchive`; one PUT. Two rounds when no other client is writing.
 */
export async function rebuildIndex(session: Session, options: RebuildOptions): Promise<Rebuilt | undefined> {
  const rounds = attempts(session, REBUILD_ROUNDS)
  for await (const _ of attempts(session, SWAP_RETRIES)) {
    const plan = await planRebuild(session, options, rounds)
    if (plan === undefined) return undefined
    const { old, rebuilt, text } = plan
    if (options.dryRun) return rebuilt
    const brokenKey =
      old.object !== undefined && old.object.size > 0 ? await keepBroken(session, old.object) : undefined
    if ((await writeIndex(session, text, old.when)) === 'written') {
      return { ...rebuilt, repaired: rebuilt.repaired && { ...rebuilt.repaired, brokenKey } }
    }
  }
  throw crossedEachTime()
}

function crossedEachTime(): HelmS3Error {
  return new HelmS3Error(
    'conflict',
    'each time, other clients wrote an unreadable index.yaml, or new archives and deltas',
    {
      hint: 'nothing was replaced: find out who writes them, and try again',
    },
  )
}

/** The index that is to replace a broken one. */
interface RebuildPlan {
  readonly old: Broken
  readonly text: IndexText
  /** The report for the time when it is written. */
  readonly rebuilt: Rebuilt
}

/**
 * Looks in one round after another, until a round finds nothing new.
 * @returns undefined when there is a readable index
 * @throws HelmS3Error as {@link rebuildIndex}
 */
async function planRebuild(
  session: Session,
  options: RebuildOptions,
  rounds: AsyncIterator<number>,
): Promise<RebuildPlan | undefined> {
  const { dryRun, location, mark, opener } = options
  while ((await rounds.next()).done !== true) {
    const old = await readBroken(session)
    if (old === undefined) return undefined
    const isTimely = startLimit(session, MIN_GRACE_WINDOW / 2)
    const log = await readWholeLog(session, old.salvaged?.index)
    if (log === undefined) continue
    const archives = await listArchives(session)
    // Entries of a damaged index are not trusted, so every archive is opened.
    const plan = new ReindexPlan(location, log.index, archives, { ...options.plan, full: true })
    const unknown = plan.unknown()
    if ((await opener.openNew(unknown, async () => mark?.renew())) > 0) continue

    const { changed, contents, problems } = opener.opened(unknown)
    const { changes, problems: unfit } = plan.changesOf(contents)
    const all = [...plan.judged(problems), ...unfit]
    if (options.strict) refuseProblems(all)
    const removed = new Set(log.deltas.flatMap((delta) => removedForGood(delta).map(versionKey)))
    const isWanted = wantedChanges(location, old.salvaged, options.onlyKnown)
    const kept = changes.filter((change) => !removed.has(versionKey(change)) && isWanted(change))
    const left = [...changed.map((key) => ({ key })), ...changes.filter((change) => removed.has(versionKey(change)))]
    const text = await newBase(session, log, kept)
    const lost = (old.salvaged?.lost ?? []).filter(({ name, version }) => {
      return name === undefined || version === undefined || text.find({ name, version }) === undefined
    })
    const repaired = old.salvaged && {
      kept: old.salvaged.kept,
      mended: old.salvaged.mended,
      skipped: old.salvaged.skipped,
      lost,
      brokenKey: undefined,
    }
    const next = { old, text, rebuilt: { archives: archives.size, changes: kept, problems: all, left, repaired } }
    if (dryRun) return next
    if (!options.allowLostEntries) refuseLost(lost)
    if (isTimely() || !(await hasGrown(session, log))) return next
  }
  throw crossedEachTime()
}

/** An `index.yaml` that cannot be read, or that is missing. */
interface Broken {
  /** The condition under which it may be replaced. */
  readonly when: Exclude<PutCondition, 'always'>
  /** The broken object; undefined when there is none. */
  readonly object: StoredObject | undefined
  readonly salvaged: Salvaged | undefined
}

/** Undefined when the index can be read. */
async function readBroken({ location, store }: Session): Promise<Broken | undefined> {
  const object = await store.get(location.indexKey)
  if (object === undefined) return { when: 'absent', object, salvaged: undefined }
  return isReadable(object.body)
    ? undefined
    : { when: { match: object.etag }, object, salvaged: salvageIndex(object.body) }
}

/** Whether nothing of the old text is lost. Then an archive that no entry names was not named before either. */
function isWhole({ kept, lost, mayBeCut }: Salvaged): boolean {
  return kept > 0 && lost.length === 0 && !mayBeCut
}

/**
 * The changes of the plan that go into the new index. A saved entry stays when its archive is missing. When the archive
 * is there and holds another version than the damaged text says, the archive is right. With `onlyKnown`, an archive
 * that no saved entry names is added only when the text has lost some entries.
 */
function wantedChanges(
  location: RepositoryLocation,
  salvaged: Salvaged | undefined,
  onlyKnown: boolean,
): (change: ReindexChange) => boolean {
  const named = salvaged && namedArchives(location, allEntries(salvaged.index))
  const takesAll = !onlyKnown || salvaged === undefined || !isWhole(salvaged)
  return ({ archive, entry, key, name, seen, version }) => {
    if (entry === undefined) return archive !== undefined || salvaged?.index.find({ name, version }) === undefined
    return seen !== undefined || takesAll || named?.has(key) === true
  }
}

/** @throws HelmS3Error `invalid-index` */
function refuseLost(lost: readonly DamagedEntry[]): void {
  if (lost.length === 0) return
  const list = lost.map(
    ({ line, name = 'a chart', version = 'of a version that cannot be read' }) =>
      `\n  ${name} ${version} (line ${String(line)})`,
  )
  throw new HelmS3Error(
    'invalid-index',
    `${formatCount(lost.length, 'entry', 'entries')} of index.yaml cannot be saved, nor found among the ` +
      `archives:${list.join('')}`,
    {
      hint: 'nothing was written: mend the text by hand, or go on without them with --allow-lost-entries',
    },
  )
}

/** Undefined when a delta was collected in the meantime. */
async function readWholeLog(
  session: Session,
  saved: IndexText = emptyIndexText('json'),
): Promise<WholeLog | undefined> {
  const listing = await listDeltas(session)
  const limit = pLimit(CONCURRENCY)
  const read = await Promise.all(listing.deltas.map((listed) => limit(() => readDelta(session, listed))))
  if (read.some(({ outcome }) => outcome === 'missing')) return undefined
  const deltas = read.flatMap((each) => (each.outcome === 'delta' ? [each.delta] : []))
  const { folded } = saved.bookkeeping
  return {
    listing,
    deltas,
    index: fold(
      saved,
      deltas.filter(({ id }) => !folded.has(id)),
    ),
  }
}

/**
 * Whether the log has grown while the archives were listed, when that took long. What was written, folded and collected
 * since the first look would be in no base. (For that to happen, the index must have been readable in between, and the
 * shortest grace window must have passed.)
 */
async function hasGrown(session: Session, { listing }: WholeLog): Promise<boolean> {
  const now = await listDeltas(session)
  return now.deltas.length !== listing.deltas.length || now.deltas.some(({ id }, i) => id !== listing.deltas[i]?.id)
}

/** The new base: what the log says, with the changes applied, and with all deltas of the log noted as folded. */
async function newBase(
  session: Session,
  { deltas, index, listing }: WholeLog,
  changes: readonly ReindexChange[],
): Promise<IndexText> {
  const form = (await session.repositoryConfig()).format ?? index.form
  const last: StoredDelta = { ...deltaOf(changes), id: lowestDeltaId(MAX_DELTA_TIME), lastModified: listing.date }
  const folded = new Map([
    ...deltas.map((delta) => [delta.id, foldedAt(listing.date, delta)] as const),
    ...index.bookkeeping.folded,
  ])
  const merged = fold(index.withHeader({ bookkeeping: NO_BOOKKEEPING, generated: index.generated }), [last])
  return nextIndex(session, index, merged.toForm(form), { folded })
}

/** @throws HelmS3Error `invalid-chart` */
export function refuseProblems(problems: readonly Problem[]): void {
  if (problems.length === 0) return
  const list = problems.map(({ key, reason }) => `\n  ${visibleLine(`${key}: ${reason}`)}`)
  const count = problems.length === 1 ? '1 archive' : `${String(problems.length)} archives`
  throw new HelmS3Error('invalid-chart', `${count} cannot be indexed:${list.join('')}`, {
    hint: 'nothing was written; without --strict they are left out',
  })
}

function isReadable(bytes: Uint8Array): boolean {
  try {
    readEntries(readIndexText(bytes))
    return true
  } catch (error) {
    if (hasCode(error, 'invalid-index')) return false
    throw error
  }
}

/**
 * Decodes all charts. Charts are decoded only when they are asked for, and a bad one makes the whole index unreadable.
 * @throws HelmS3Error `invalid-index`
 */
function readEntries(index: IndexText): void {
  for (const chart of index.chartNames()) index.versions(chart)
}
