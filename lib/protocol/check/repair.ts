import { type Finding, finding } from '../../core/check/finding.ts'
import { FINDING_KINDS, type Repair } from '../../core/check/finding-kinds.ts'
import type { CommittedDelta } from '../session/committed.ts'
import { compactRepository } from '../base/compact.ts'
import { forgetGhosts } from './ghost-deltas.ts'
import type { Key } from '../../core/keys.ts'
import type { LookOptions } from './look-at-archives.ts'
import type { Repaired } from '../base/rebuild-index.ts'
import { reindexRepository } from '../reindex/reindex.ts'
import { sweepLeftovers } from '../write/leftovers.ts'
import type { Session } from '../session/session.ts'

export interface RepairOptions extends LookOptions {
  /** See `ReindexOptions`; used when the index has to be rebuilt. */
  readonly relative: boolean | undefined
  /** See `ReindexOptions`. */
  readonly allowLostEntries: boolean
  readonly afterCommit: (committed: CommittedDelta) => Promise<void>
}

export interface Repairs {
  /** Whether `index.yaml` was rebuilt. */
  readonly isAnew: boolean
  /** See `ReindexResult`. */
  readonly repaired: Repaired | undefined
  /**
   * The archives that a reindex could not read or unpack, so that it did not index what they hold. Those that Helm
   * leaves out are not among them.
   */
  readonly unread: readonly Finding[]
  /** The keys of the archives that a reindex has left, because other clients were changing them or their versions. */
  readonly left: ReadonlySet<string>
}

/** The repairs that these findings ask for. */
export function repairsOf(findings: readonly Finding[]): ReadonlySet<Repair> {
  return new Set(findings.flatMap(({ code }) => FINDING_KINDS[code].repair ?? []))
}

/** The archives that, as the check has seen, are not what their entries say, whatever their dates say. */
function doubtedArchives(findings: readonly Finding[]): ReadonlySet<Key> {
  return new Set(
    findings.flatMap(({ code, key }) =>
      FINDING_KINDS[code].repair === 'reindex' && key !== undefined ? [key as Key] : [],
    ),
  )
}

/**
 * Repairs what `checkRepository` has found, as far as that needs no decision by a person. A reindex makes the entries
 * agree with their archives, or rebuilds an unreadable or missing index. A compaction folds, and leaves out the
 * entries that Helm leaves out. Archives that no entry names stay as they are, because only people know whether they
 * were deleted.
 *
 * Cost: that of a reindex and of a compaction, where they are needed; for what interrupted clients have left, a LIST, a
 * listing of uploads, and a DELETE each.
 * @throws HelmS3Error what these throw
 */
export async function repairRepository(
  session: Session,
  findings: readonly Finding[],
  options: RepairOptions,
): Promise<Repairs> {
  const repairs = repairsOf(findings)
  const { afterCommit, allowLostEntries, concurrency, deep: full, relative } = options
  let repaired: Repaired | undefined
  let unread: readonly Finding[] = []
  let left: ReadonlySet<string> = new Set()
  let isAnew = false
  if (repairs.has('sweep')) await sweepLeftovers(session)
  // While such a delta is left, nothing else can be read.
  if (repairs.has('forget') && (await forgetGhosts(session)) === 'left') return { isAnew, repaired, unread, left }
  if (repairs.has('rebuild') || repairs.has('reindex') || repairs.has('rename')) {
    const rebuild = repairs.has('rebuild')
    const known = { onlyKnown: true, allowLostEntries, doubted: doubtedArchives(findings) }
    const reindexed = await reindexRepository(session, {
      ...known,
      relative,
      full,
      strict: false,
      rebuild,
      dryRun: false,
      concurrency,
      afterCommit,
    })
    repaired = reindexed.repaired
    isAnew = reindexed.rebuilt
    left = new Set(reindexed.left.map(({ key }) => key))
    unread = reindexed.problems
      .filter(({ isLeftOut }) => isLeftOut !== true)
      .map(({ key, reason }) => finding('archive-unread', reason, { key }))
  }
  if ([...repairs].some((repair) => repair !== 'sweep')) {
    const tidy = repairs.has('tidy') || repairs.has('rename') || repaired !== undefined
    await compactRepository(session, { graceWindow: undefined, dryRun: false, form: undefined, tidy })
  }
  return { isAnew, repaired, unread, left }
}
