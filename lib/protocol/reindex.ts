import pLimit from 'p-limit'
import type { Delta } from '../core/delta.ts'
import type { DeltaId } from '../core/delta-id.ts'
import type { VersionId } from '../core/entry.ts'
import type { Key } from '../core/keys.ts'
import { type ArchiveContent, type Change, type Problem, ReindexPlan, type SeenArchive } from '../core/plan-reindex.ts'
import { HelmS3Error } from '../errors.ts'
import { NO_PROGRESS } from '../track.ts'
import { commitChanges } from './commit-reindex.ts'
import { listArchives } from './list-archives.ts'
import { listDeltas } from './list-deltas.ts'
import { type OpenedArchive, openArchive } from './open-archive.ts'
import { PushState } from './push-state.ts'
import { readBeginning, rebuildIndex } from './rebuild-index.ts'
import { entryUrlBase, publishedLocation } from './repository-config.ts'
import type { Session } from './session.ts'

export interface ReindexOptions {
  /**
   * Writes the file name alone into `urls` of new entries, and rewrites those with an absolute one; or writes the whole `s3://` URL.
   * Undefined: new entries are as the repository says.
   */
  readonly relative: boolean | undefined
  /** Reads the bytes of every archive, instead of trusting what has not changed and what object metadata say. */
  readonly full: boolean
  /** Writes nothing when there is an archive that cannot be indexed. */
  readonly strict: boolean
  /** Replaces an unreadable `index.yaml`. A missing one is made anew in any case where archives or deltas are. */
  readonly rebuild: boolean
  /** Adds no version that the index does not know, but for one that is made anew: a deletion may have left its archive. */
  readonly onlyKnown?: boolean
  /** Plans, and writes nothing. */
  readonly dryRun: boolean
  /** Archives that are opened at the same time; see `limits.ts`. */
  readonly concurrency: number
  /** Told of each delta when it stands. */
  readonly afterCommit?: (committed: Committed) => Promise<void>
}

export interface Committed {
  readonly id: DeltaId
  readonly delta: Delta
  readonly newerDeltas: number
}

export interface ReindexResult {
  /** Archives below the prefix. */
  readonly archives: number
  /** How many of them were opened. */
  readonly opened: number
  /** Whether `index.yaml` was missing or unreadable, and was replaced (with `dryRun`: would be). */
  readonly rebuilt: boolean
  /** What was committed (with `dryRun`: would be). */
  readonly changes: readonly Change[]
  /** Archives that cannot be indexed. */
  readonly problems: readonly Problem[]
  /** Versions and keys that others were changing at the same time. */
  readonly left: readonly (Partial<VersionId> & { readonly key: Key })[]
  readonly deltas: readonly DeltaId[]
}

/**
 * Archives that are opened before what they change is committed: few at first, more and more later. An interrupted reindex
 * keeps what was committed; a delta of many entries costs every reader until it is folded; and each commit costs a look at
 * the index, which grows.
 */
const FIRST_BATCH = 2000
const LARGEST_BATCH = 10_000

/** Bytes. Larger archives are read a few at a time, so that they do not fill the memory. */
const LARGE_ARCHIVE = 4 * 1024 * 1024
const LARGE_AT_ONCE = 4

/**
 * Makes the index agree with the archives. Safe while others push and delete: archives are opened first, which may take
 * long; then each part of the plan is committed by {@link commitChanges}, which drops what no longer holds.
 *
 * Cost with nothing new: the listing of the archives and a view at the same time, and a GET of the repository's defaults if it has any. A new or changed archive: see
 * {@link openArchive}; a batch of them: see {@link commitChanges}.
 * @throws HelmS3Error `missing-index`, `invalid-index` (without `rebuild`), `invalid-chart` (with `strict`), `conflict`,
 *   `outcome-unknown`
 */
export async function reindexRepository(session: Session, options: ReindexOptions): Promise<ReindexResult> {
  const listing = listArchives(session)
  const hasRemains = async (): Promise<boolean> => options.rebuild || (await listing).size > 0 || (await listDeltas(session)).deltas.length > 0
  const [archives, { index, mustBeRebuilt }] = await Promise.all([
    listing,
    readBeginning(session, { replaceMissing: hasRemains, replaceUnreadable: options.rebuild }),
  ])
  const location = await publishedLocation(session)
  const plan = { relative: options.relative === true, full: options.full, urlBase: await entryUrlBase(session, options.relative) }
  const run = new Reindex(session, { ...options, onlyKnown: options.onlyKnown === true && !mustBeRebuilt }, new ReindexPlan(location, index, archives, plan))
  const rebuild = async (): Promise<void> => {
    if (mustBeRebuilt && !options.dryRun) await rebuildIndex(session)
  }
  if (!options.strict) await rebuild()
  await run.open(options.strict ? undefined : (changes) => run.commit(changes))
  if (options.strict) {
    run.refuseProblems()
    await rebuild()
    await run.commitAll()
  }
  return { archives: archives.size, rebuilt: mustBeRebuilt, ...run.report() }
}

class Reindex {
  readonly #session: Session
  readonly #options: ReindexOptions
  readonly #plan: ReindexPlan
  readonly #state = new PushState()
  readonly #planned: (readonly Change[])[] = []
  readonly #changes: Change[] = []
  readonly #problems: Problem[] = []
  readonly #left: (Partial<VersionId> & { readonly key: Key })[] = []
  readonly #deltas: DeltaId[] = []
  #opened = 0

  constructor(session: Session, options: ReindexOptions, plan: ReindexPlan) {
    this.#session = session
    this.#options = options
    this.#plan = plan
  }

  /** Opens what is not known, batch by batch; `commit`: what to do with the changes of a batch, undefined: later. */
  async open(commit: ((changes: readonly Change[]) => Promise<void>) | undefined): Promise<void> {
    const unknown = this.#plan.unknown()
    const progress = (unknown.length === 0 ? NO_PROGRESS : this.#session.track)('reading archives', unknown.length)
    try {
      await this.#openBatches(unknown, () => progress.advance(), commit)
    } finally {
      progress.end()
    }
  }

  async #openBatches(
    unknown: readonly SeenArchive[],
    advance: () => void,
    commit: ((changes: readonly Change[]) => Promise<void>) | undefined,
  ): Promise<void> {
    const putOff: [SeenArchive, ArchiveContent][] = []
    for (let start = 0, size = FIRST_BATCH; start === 0 || start < unknown.length; size = Math.min(2 * size, LARGEST_BATCH)) {
      const batch = unknown.slice(start, start + size)
      start += size
      const changes: Change[] = []
      for (const [archive, content] of await this.#openAll(batch, advance)) {
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

  async commit(changes: readonly Change[]): Promise<void> {
    if (this.#options.dryRun) {
      this.#changes.push(...changes)
      return
    }
    const { changes: done, left, committed } = await commitChanges(this.#session, changes, this.#state)
    this.#changes.push(...done)
    this.#left.push(...left)
    if (committed === undefined) return
    this.#deltas.push(committed.id)
    await this.#options.afterCommit?.(committed)
  }

  async commitAll(): Promise<void> {
    for (const changes of this.#planned) await this.commit(changes)
  }

  /** @throws HelmS3Error `invalid-chart` */
  refuseProblems(): void {
    if (this.#problems.length === 0) return
    const list = this.#problems.map(({ key, reason }) => `\n  ${key}: ${reason}`)
    const count = this.#problems.length === 1 ? '1 archive' : `${String(this.#problems.length)} archives`
    throw new HelmS3Error('invalid-chart', `${count} cannot be indexed:${list.join('')}`, {
      hint: 'nothing was written; without --strict they are left out',
    })
  }

  report(): Pick<ReindexResult, 'opened' | 'changes' | 'problems' | 'left' | 'deltas'> {
    return { opened: this.#opened, changes: this.#changes, problems: this.#problems, left: this.#left, deltas: this.#deltas }
  }

  /** Those that can be used, in key order. */
  async #openAll(batch: readonly SeenArchive[], advance: () => void): Promise<readonly (readonly [SeenArchive, ArchiveContent])[]> {
    const limit = pLimit(this.#options.concurrency)
    const limitLarge = pLimit(Math.min(LARGE_AT_ONCE, this.#options.concurrency))
    const open = async (archive: SeenArchive): Promise<readonly [SeenArchive, OpenedArchive]> => {
      const opened = await openArchive(this.#session, archive, this.#options)
      advance()
      return [archive, opened]
    }
    const opened = await Promise.all(batch.map((archive) => (archive.size > LARGE_ARCHIVE ? limitLarge : limit)(() => open(archive))))
    this.#opened += opened.length
    return opened.flatMap(([archive, result]) => {
      if (result.outcome === 'content') return [[archive, result.content] as const]
      if (result.outcome === 'unusable') this.#problems.push({ key: archive.key, reason: result.reason })
      else this.#left.push({ key: archive.key })
      return []
    })
  }

  /** @returns false: it has to be asked again when all others are through */
  #contribute(archive: SeenArchive, content: ArchiveContent, isLast: boolean, changes: Change[]): boolean {
    const contribution = this.#plan.contribute(archive, content, isLast)
    if (contribution.outcome === 'later') return false
    if (contribution.outcome === 'problem') this.#problems.push(contribution.problem)
    else if (contribution.change !== undefined && (contribution.change.seen !== undefined || this.#options.onlyKnown !== true)) changes.push(contribution.change)
    return true
  }
}
