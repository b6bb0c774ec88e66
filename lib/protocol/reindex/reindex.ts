import type { DeltaId } from '../../core/log/delta-id.ts'
import type { VersionId } from '../../core/log/entry.ts'
import type { Key } from '../../core/keys.ts'
import { allEntries } from '../../core/plan-orphans.ts'
import {
  type ArchiveContent,
  type ReindexChange,
  type Problem,
  ReindexPlan,
  type SeenArchive,
} from '../../core/plan-reindex.ts'
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
   * Writes the file name alone into `urls` of new entries, and rewrites those with an absolute one; or writes the whole
   * `s3://` URL. Undefined: new entries are as the repository says.
   */
  readonly relative: boolean | undefined
  /** Reads the bytes of every archive, instead of trusting what has not changed and what object metadata say. */
  readonly full: boolean
  /** Writes nothing when there is an archive that cannot be indexed. */
  readonly strict: boolean
  /** Replaces an unreadable `index.yaml`. A missing one is made anew in any case where archives or deltas are. */
  readonly rebuild: boolean
  /**
   * Adds no version that the index does not know, but for one that is made anew, and one whose archive an entry names:
   * a deletion may have left its archive.
   */
  readonly onlyKnown?: boolean
  /**
   * Archives of which somebody knows that they are not what the index says: they are opened in any case. Left out:
   * none.
   */
  readonly doubted?: ReadonlySet<Key>
  /** Makes an unreadable index anew also when entries of it cannot be saved. */
  readonly allowLostEntries?: boolean
  /** Plans, and writes nothing. */
  readonly dryRun: boolean
  /** Archives that are opened at the same time; see `limits.ts`. */
  readonly concurrency: number
  /** Told of each delta when it stands. */
  readonly afterCommit?: (committed: CommittedDelta) => Promise<void>
}

export interface ReindexResult {
  /** Archives below the prefix. */
  readonly archives: number
  /** How many of them were opened. */
  readonly opened: number
  /** Whether `index.yaml` was missing or unreadable, and was replaced (with `dryRun`: would be). */
  readonly rebuilt: boolean
  /** What became of one that was unreadable; undefined: it was missing, or could be read. */
  readonly repaired: Repaired | undefined
  /** What was committed (with `dryRun`: would be). */
  readonly changes: readonly ReindexChange[]
  /** Archives that cannot be indexed. */
  readonly problems: readonly Problem[]
  /** Versions and keys that others were changing at the same time. */
  readonly left: readonly (Partial<VersionId> & { readonly key: Key })[]
  readonly deltas: readonly DeltaId[]
}

/**
 * Archives that are opened before what they change is committed: few at first, more and more later. An interrupted
 * reindex keeps what was committed; a delta of many entries costs every reader until it is folded; and each commit
 * costs a look at the index, which grows.
 */
const FIRST_BATCH = 2000
const LARGEST_BATCH = 10_000

/**
 * Makes the index agree with the archives. Safe while others push and delete: archives are opened first, which may take
 * long; then each part of the plan is committed by {@link commitChanges}, which drops what no longer holds. Where
 * `index.yaml` is missing or unreadable, it is made anew at once: see {@link rebuildIndex}.
 *
 * Cost with nothing new: the listing of the archives and a view at the same time, and a GET of the repository's
 * defaults if it has any; see also {@link ArchiveFolders.namedBy} and {@link findDeadUrls}. A new or changed archive:
 * see {@link openArchive}; a batch of them: see {@link commitChanges}.
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
    // Somebody else has put an index there that can be read, perhaps an empty one.
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

  /** Opens what is not known, batch by batch; `commit`: what to do with the changes of a batch, undefined: later. */
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

  /** @returns false: it has to be asked again when all others are through */
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
