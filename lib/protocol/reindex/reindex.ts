import type { DeltaId } from '../../core/log/delta-id.ts'
import type { VersionId } from '../../core/log/entry.ts'
import type { Key } from '../../core/keys.ts'
import { allEntries } from '../../core/plan-orphans.ts'
import { type Problem, ReindexPlan } from '../../core/reindex/plan-reindex.ts'
import type { ReindexChange } from '../../core/reindex/reindex-change.ts'
import type { ArchiveContent, SeenArchive } from '../../core/reindex/seen-archive.ts'
import { ArchiveFolders } from '../archives/archive-folders.ts'
import { commitChanges, inParts } from './commit-reindex.ts'
import type { CommittedDelta } from '../session/committed.ts'
import { findDeadUrls } from '../archives/dead-urls.ts'
import { listArchives } from '../archives/list-archives.ts'
import { listDeltas } from '../read/list-deltas.ts'
import { ArchiveOpener } from '../archives/open-archives.ts'
import { PushState } from '../push/push-state.ts'
import { readView } from '../read/read-view.ts'
import { type Repaired, readIndexUnlessBroken, rebuildIndex, refuseProblems } from '../base/rebuild-index.ts'
import { markRebuild } from '../write/rebuild-mark.ts'
import { entryUrlForm, publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'

export interface ReindexOptions {
  /**
   * The form of the new entries' `urls`: true for the file name alone, which also rewrites entries with an absolute
   * url; false for the whole `s3://` URL. Undefined: new entries are written as the repository says.
   */
  readonly relative: boolean | undefined
  /** Read the bytes of every archive, instead of trusting archives that have not changed and their metadata. */
  readonly full: boolean
  /** Write nothing when there is an archive that cannot be indexed. */
  readonly strict: boolean
  /** Replace an unreadable `index.yaml`. A missing one is rebuilt in any case where there are archives or deltas. */
  readonly rebuild: boolean
  /**
   * Add no version that the index does not know, because it may be an archive that a deletion has left. Exceptions: an
   * index that is rebuilt, and an archive that an entry names.
   */
  readonly onlyKnown?: boolean
  /** Archives that are known to differ from what the index says: they are opened in any case. Left out: none. */
  readonly doubted?: ReadonlySet<Key>
  /** Rebuild an unreadable index even when some of its entries cannot be saved. */
  readonly allowLostEntries?: boolean
  /** Only plan the reindex, and write nothing. */
  readonly dryRun: boolean
  /** Archives that are opened at the same time; see `limits.ts`. */
  readonly concurrency: number
  /** Called after each delta is committed. */
  readonly afterCommit?: (committed: CommittedDelta) => Promise<void>
}

export interface ReindexResult {
  /** The number of archives below the prefix. */
  readonly archives: number
  /** How many of them were opened. */
  readonly opened: number
  /** Whether `index.yaml` was missing or unreadable, and was replaced (with `dryRun`: would be). */
  readonly rebuilt: boolean
  /** What became of an index that was unreadable; undefined when it was missing or could be read. */
  readonly repaired: Repaired | undefined
  /** The changes that were committed (with `dryRun`: that would be). */
  readonly changes: readonly ReindexChange[]
  /** Archives that cannot be indexed. */
  readonly problems: readonly Problem[]
  /** Versions and keys that other clients were changing at the same time. */
  readonly left: readonly (Partial<VersionId> & { readonly key: Key })[]
  readonly deltas: readonly DeltaId[]
}

/**
 * How many archives are opened before their changes are committed: few at first, then more and more. What is committed
 * survives an interruption of the reindex. But a delta of many entries costs every reader until it is folded, and each
 * commit needs a look at the index, which grows.
 */
const FIRST_BATCH = 2000
const LARGEST_BATCH = 10_000

/**
 * Makes the index agree with the archives. Others may push and delete at the same time: the archives are opened first,
 * which may take long; then each part of the plan is committed by {@link commitChanges}, which drops what no longer
 * holds. A missing or unreadable `index.yaml` is rebuilt in one step; see {@link rebuildIndex}.
 *
 * Cost with nothing new: the listing of the archives and a view at the same time, and a GET of the repository's
 * defaults if it has any; see also {@link ArchiveFolders.namedBy} and {@link findDeadUrls}. For a new or changed
 * archive see {@link openArchive}, for a batch of them {@link commitChanges}.
 * @throws HelmS3Error `missing-index`, `invalid-index` (without `rebuild`), `invalid-chart` (with `strict`),
 *   `conflict`, `outcome-unknown`
 */
export async function reindexRepository(session: Session, options: ReindexOptions): Promise<ReindexResult> {
  const listing = listArchives(session)
  const hasRemains = async (): Promise<boolean> =>
    options.rebuild || (await listing).size > 0 || (await listDeltas(session)).deltas.length > 0
  const may = { replaceMissing: hasRemains, replaceUnreadable: options.rebuild }
  const [archives, index] = await Promise.all([listing, readIndexUnlessBroken(session, may)])
  const location = await publishedLocation(session)
  const plan = {
    relative: options.relative === true,
    full: options.full,
    urlForm: await entryUrlForm(session, options.relative),
  }
  const opener = new ArchiveOpener(session, options)
  if (index !== undefined) {
    const entries = allEntries(index)
    const inFolders = await new ArchiveFolders(session, location).namedBy(entries)
    const missing = await findDeadUrls(session, location, entries, archives, inFolders)
    const gone = new Set([...inFolders.keys].filter((key) => !inFolders.objects.has(key)))
    return reindexReadable(
      session,
      options,
      opener,
      new ReindexPlan(location, index, archives, { ...plan, missing, gone, doubted: options.doubted ?? new Set() }),
    )
  }

  const { allowLostEntries = false, dryRun, onlyKnown = false, strict } = options
  const mark = dryRun ? undefined : await markRebuild(session)
  try {
    const rebuilt = await rebuildIndex(session, {
      location,
      plan,
      opener,
      mark,
      strict,
      dryRun,
      onlyKnown,
      allowLostEntries,
    })
    if (rebuilt !== undefined) return { ...rebuilt, opened: opener.count, rebuilt: true, deltas: [] }
    // Another client has put a readable index there, perhaps an empty one.
    const readable = (await readView(session)).index
    const renewed = new ReindexPlan(location, readable, await listArchives(session), plan)
    return await reindexReadable(session, { ...options, onlyKnown: false }, opener, renewed)
  } finally {
    await mark?.end()
  }
}

async function reindexReadable(
  session: Session,
  options: ReindexOptions,
  opener: ArchiveOpener,
  plan: ReindexPlan,
): Promise<ReindexResult> {
  const run = new Reindex(session, options, opener, plan)
  await run.open(options.strict ? undefined : (changes) => run.commit(changes))
  if (options.strict) {
    run.refuseProblems()
    await run.commitAll()
  }
  return run.report()
}

class Reindex {
  readonly #session: Session
  readonly #options: ReindexOptions
  readonly #opener: ArchiveOpener
  readonly #plan: ReindexPlan
  readonly #state = new PushState('reindex')
  readonly #planned: (readonly ReindexChange[])[] = []
  readonly #changes: ReindexChange[] = []
  readonly #problems: Problem[] = []
  readonly #left: (Partial<VersionId> & { readonly key: Key })[] = []
  readonly #deltas: DeltaId[] = []

  constructor(session: Session, options: ReindexOptions, opener: ArchiveOpener, plan: ReindexPlan) {
    this.#session = session
    this.#options = options
    this.#opener = opener
    this.#plan = plan
  }

  /**
   * Opens the archives that are not known, batch by batch. `commit` commits the changes of a batch; undefined: they are
   * committed later.
   */
  async open(commit: ((changes: readonly ReindexChange[]) => Promise<void>) | undefined): Promise<void> {
    const unknown = this.#plan.unknown()
    const progress = this.#opener.track(unknown.length)
    try {
      await this.#openBatches(unknown, () => progress.advance(), commit)
    } finally {
      progress.end()
    }
  }

  async #openBatches(
    unknown: readonly SeenArchive[],
    advance: () => void,
    commit: ((changes: readonly ReindexChange[]) => Promise<void>) | undefined,
  ): Promise<void> {
    const putOff: (readonly [SeenArchive, ArchiveContent])[] = []
    for (
      let start = 0, size = FIRST_BATCH;
      start === 0 || start < unknown.length;
      size = Math.min(2 * size, LARGEST_BATCH)
    ) {
      const { changed, contents, problems } = await this.#opener.open(unknown.slice(start, start + size), advance)
      start += size
      this.#problems.push(...problems)
      this.#left.push(...changed.map((key) => ({ key })))
      const changes: ReindexChange[] = []
      for (const [archive, content] of contents) {
        if (!this.#contribute(archive, content, false, changes)) putOff.push([archive, content])
      }
      if (start >= unknown.length) {
        for (const [archive, content] of putOff) this.#contribute(archive, content, true, changes)
        changes.push(...this.#plan.remaining())
      }
      if (commit === undefined) this.#planned.push(changes)
      else await commit(changes)
    }
  }

  async commit(changes: readonly ReindexChange[]): Promise<void> {
    if (this.#options.dryRun) {
      this.#changes.push(...changes)
      return
    }
    for (const part of inParts(changes)) {
      const { changes: done, left, committed } = await commitChanges(this.#session, part, this.#state)
      this.#changes.push(...done)
      this.#left.push(...left)
      if (committed === undefined) continue
      this.#deltas.push(committed.id)
      await this.#options.afterCommit?.(committed)
    }
  }

  async commitAll(): Promise<void> {
    for (const changes of this.#planned) await this.commit(changes)
  }

  /** @throws HelmS3Error `invalid-chart` */
  refuseProblems(): void {
    refuseProblems(this.#problems)
  }

  report(): ReindexResult {
    return {
      archives: this.#plan.archiveCount,
      opened: this.#opener.count,
      rebuilt: false,
      repaired: undefined,
      changes: this.#changes,
      problems: this.#plan.judged(this.#problems),
      left: this.#left,
      deltas: this.#deltas,
    }
  }

  /**
   * Takes in what an archive holds.
   * @returns false when the archive must be taken in again after all others
   */
  #contribute(archive: SeenArchive, content: ArchiveContent, isLast: boolean, changes: ReindexChange[]): boolean {
    const contribution = this.#plan.contribute(archive, content, isLast)
    if (contribution.outcome === 'later') return false
    if (contribution.outcome === 'problem') this.#problems.push(contribution.problem)
    else if (
      contribution.change !== undefined &&
      (this.#options.onlyKnown !== true || contribution.change.seen !== undefined || this.#plan.isNamed(archive.key))
    ) {
      changes.push(contribution.change)
    }
    return true
  }
}
