import { type Finding, finding } from '../core/check/finding.ts'
import { FINDING_KINDS, type Repair } from '../core/check/finding-kinds.ts'
import type { Problem } from '../core/plan-reindex.ts'
import { compactRepository } from './compact.ts'
import { forgetGhosts } from './ghost-deltas.ts'
import type { LookOptions } from './look-at-archives.ts'
import { type Committed, reindexRepository } from './reindex.ts'
import type { Session } from './session.ts'

export interface RepairOptions extends LookOptions {
  /** See `ReindexOptions`: of an index that has to be made anew. */
  readonly relative: boolean | undefined
  readonly afterCommit: (committed: Committed) => Promise<void>
}

/** The repairs that these findings ask for. */
export function repairsOf(findings: readonly Finding[]): ReadonlySet<Repair> {
  return new Set(findings.flatMap(({ code }) => FINDING_KINDS[code].repair ?? []))
}

/**
 * Puts right what `checkRepository` has found, as far as that needs no decision: a reindex makes the entries agree with their
 * archives, or makes an unreadable or missing index anew; a compaction folds, and leaves out what Helm leaves out. Archives that
 * no entry names stay as they are, for only people know whether they were deleted.
 * @returns the archives that a reindex could not read or unpack: what they hold is not in the index by it
 * Cost: that of a reindex, where one is needed, and of a compaction.
 * @throws HelmS3Error what these do
 */
export async function repairRepository(session: Session, findings: readonly Finding[], options: RepairOptions): Promise<readonly Finding[]> {
  let problems: readonly Problem[] = []
  const repairs = repairsOf(findings)
  const { afterCommit, concurrency, deep: full, relative } = options
  // While one of them is left nothing else can be read.
  if (repairs.has('forget') && (await forgetGhosts(session)) === 'left') return []
  if (repairs.has('rebuild') || repairs.has('reindex')) {
    const rebuild = repairs.has('rebuild')
    const reindexed = await reindexRepository(session, { relative, full, strict: false, rebuild, onlyKnown: true, dryRun: false, concurrency, afterCommit })
    problems = reindexed.problems
  }
  if (repairs.size === 0) return []
  await compactRepository(session, { graceWindow: undefined, dryRun: false, form: undefined, tidy: repairs.has('tidy') })
  return problems.map(({ key, reason }) => finding('archive-unread', reason, { key }))
}
