import type { Context } from '../../ui/context.ts'
import { refusesToReplace } from '../../core/check/probe-report.ts'
import { type Finding, findingKey } from '../../core/check/finding.ts'
import { FINDING_KINDS } from '../../core/check/finding-kinds.ts'
import { HelmS3Error } from '../../errors.ts'
import { type CheckOptions, type CheckResult, checkRepository } from '../../protocol/check/check.ts'
import type { CommittedDelta } from '../../protocol/session/committed.ts'
import { type Repairs, repairRepository, repairsOf } from '../../protocol/check/repair.ts'
import { afterCommit } from '../steps/after-commit.ts'
import { type CheckReport, describeCheck } from './report.ts'
import { openRepository } from '../steps/open-repository.ts'

export interface CheckCommand extends CheckOptions {
  /** See `RepairOptions`. */
  readonly relative: boolean | undefined
  /** Name or URI, as typed. */
  readonly repository: string
  readonly fix: boolean
  /** See `RepairOptions`. */
  readonly allowLostEntries: boolean
}

const NO_REPAIRS: Repairs = { isAnew: false, repaired: undefined, unread: [], left: new Set() }

/**
 * `helm s3 check REPO`: says what is wrong, why it matters and what to do; with `fix` does what can be done, and checks
 * again.
 */
export async function check(
  context: Context,
  { allowLostEntries, fix, relative, repository, ...options }: CheckCommand,
): Promise<void> {
  if (options.rounds !== undefined && !options.probe)
    throw new HelmS3Error('usage', '--rounds can only be used with --probe')
  if (relative !== undefined && !fix) throw new HelmS3Error('usage', '--relative can only be used with --fix')
  const session = await openRepository(context, repository)
  const first = await checkRepository(session, options)
  const mustRepair = fix && repairsOf(first.findings).size > 0 && !refusesToReplace(first.probe)
  const followCommit = (committed: CommittedDelta): Promise<void> =>
    afterCommit(context, session, [committed], { compact: false })
  const repair = (found: readonly Finding[]): Promise<Repairs> =>
    repairRepository(session, found, { ...options, allowLostEntries, relative, afterCommit: followCommit })
  const lookAgain = (): Promise<CheckResult> => checkRepository(session, { ...options, probe: false })
  const { isAnew, repaired, ...done } = mustRepair ? await repair(first.findings) : NO_REPAIRS
  const second = mustRepair ? await lookAgain() : first
  // Problems with the entries of an unreadable index are visible only after it was rebuilt.
  const more = repaired !== undefined && repairsOf(second.findings).size > 0 ? await repair(second.findings) : undefined
  const result = more === undefined ? second : await lookAgain()
  const unread = [...done.unread, ...(more?.unread ?? [])]
  const seen = new Set(first.findings.map(findingKey))
  const found = [
    ...first.findings,
    ...(more === undefined ? [] : second.findings.filter((each) => !seen.has(findingKey(each)))),
  ]
  const isStore = ({ code }: Finding): boolean => /^(?:store|probe|permission-write)-/.test(code)
  // Archives that the repair left out, and that the second check reports with a reason of its own.
  const codes = [
    'archive-unreadable',
    'archive-unread',
    'archive-duplicate',
    ...(isAnew ? [] : ['archive-foreign', 'archive-in-progress']),
  ]
  const known = new Set(result.findings.flatMap(({ code, key }) => (codes.includes(code) ? [key] : [])))
  const left = new Set([...done.left, ...(more?.left ?? [])])
  const findings = [
    ...result.findings.map((each) => (left.has(each.key ?? '') ? leftForNow(each) : each)),
    ...new Map(unread.flatMap((each) => (known.has(each.key) ? [] : [[findingKey(each), each] as const]))).values(),
    ...(mustRepair && options.probe ? first.findings.filter(isStore) : []),
  ]
  const remaining = new Set(findings.map(findingKey))
  const report: CheckReport = {
    location: session.location,
    result: { ...result, findings, level: first.level, permissions: first.permissions },
    probe: first.probe,
    fixed: mustRepair ? found.filter((each) => !remaining.has(findingKey(each))) : [],
    repaired,
    isFix: fix,
    isDeep: options.deep,
  }
  if (findings.some(({ code }) => FINDING_KINDS[code].severity !== 'remark')) context.output.foundProblems()
  const { lines, value } = describeCheck(report, context.output.style)
  context.output.result(lines, value)
}

/**
 * A finding that the repair has left: another client was at it a moment ago, or a deletion of the version is not folded
 * and collected yet.
 */
function leftForNow(each: Finding): Finding {
  const why = 'left for now, because another client has just changed or deleted it: run this again in a few minutes'
  return { ...each, detail: `${each.detail} (${why})` }
}
