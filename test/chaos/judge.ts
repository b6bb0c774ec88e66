import { MAX_OPERATIONS, type Operation, isLinearizable } from '../simulation/linearizability.ts'
import { type VersionHistory, historyOf, isAcknowledged, isMutation, wantsOf } from './history.ts'
import { VERSIONS, textOf } from './plan.ts'
import type { DeltaRecord, Finding, OperationRecord, Round } from './records.ts'

/** What was found of one round. */
export interface Verdict {
  /** What the protocol excludes. */
  readonly violations: readonly string[]
  /** What the decision records name as what remains. */
  readonly residues: readonly string[]
  /** What is worth knowing, and nothing is wrong. */
  readonly remarks: readonly string[]
  /** Every search for an order, with its result, so that another program can search the same. */
  readonly searches: readonly Search[]
}

export interface Search {
  readonly type: 'register'
  readonly round: number
  readonly version: string
  readonly initial: string | null
  /** See `isLinearizable`. */
  readonly lenient: boolean
  readonly linearizable: boolean
  /** Operations with an `end` of Infinity have none in JSON. */
  readonly operations: readonly Operation[]
}

/** Findings at rest that are no violation: what killed processes leave on purpose, and what people decide. */
const MAY_REMAIN = [
  'archive-unlisted',
  'archive-unlisted-misnamed',
  'archive-in-progress',
  'provenance-stale',
  'clock-differs',
  'clock-skewed',
]

/** Names of files and folders below Helm's repository cache. */
const USUAL_FILES = [
  /^repository\/shared-(index\.yaml|charts\.txt)$/,
  /^repository\/helm-s3\/[0-9a-f]{32}\.(base|asked)$/,
  // Helm's own: archives that it has downloaded.
  /^(repository|content)\/[^.]/,
]

/** What a killed process leaves, and the next one removes: its draft, and its lock. */
const LEFT_BY_THE_KILLED = [/\/\.helm-s3-draft-[0-9a-f-]{36}(\/|$)/, /^repository\/\.shared-index\.yaml\.lock\//]

/** Judges a round: pure, so that a recorded history can be judged again. */
export function judge(round: Round): Verdict {
  const verdict: Open = { violations: [], residues: [], remarks: [], searches: [] }
  for (const version of VERSIONS.map(textOf)) {
    judgeOrder(round, version, verdict)
    judgeArchive(round, version, verdict)
  }
  judgeStatus(round, verdict)
  judgeEnd(round, verdict)
  judgeFindings(round, verdict)
  judgeFiles(round, verdict)
  return verdict
}

type Open = { readonly [K in keyof Verdict]: Verdict[K][number][] }

/** There is one order of the operations on the version that explains all that was seen. */
function judgeOrder(round: Round, version: string, verdict: Open): void {
  const { head, operations } = round
  const { first, refused, repeated } = historyOf(round, version)
  const initial = head.start[version] ?? null
  const holds = (history: readonly Operation[], lenient = false): boolean => {
    const linearizable = isLinearizable(history, initial, lenient)
    const search = { round: head.plan.round, version, initial, lenient, linearizable, operations: history } as const
    verdict.searches.push({ type: 'register', ...search })
    return linearizable
  }
  if (first.length + repeated.length + refused.length > MAX_OPERATIONS)
    verdict.remarks.push('histories that are too long for our own search')
  if (holds(first)) return
  const known = first.filter((each) => !sawUnacknowledged(operations, version, each))
  const excuses: readonly (readonly [string, VersionHistory['first'], boolean])[] = [
    ['an operation that started again, or was repeated, took effect twice', [...first, ...repeated], false],
    ['a push that ended with 1 showed for a moment', [...first, ...refused], false],
    ['an unacknowledged delta below a removal showed for a moment', [...known, ...repeated, ...refused], false],
    ['a deletion took the archive of a forced push, and another push won', [...known, ...repeated, ...refused], true],
  ]
  for (const [residue, history, lenient] of excuses) {
    if (lenient && !mayWinOverForce(round, version)) continue
    if (!lenient && history.length === first.length) continue
    if (holds(history, lenient)) return void verdict.residues.push(residue)
  }
  const writes = first.filter(({ client, kind }) => kind !== 'read' || client === 'final')
  const what = isLinearizable(writes, initial, false)
    ? 'a read saw what never was'
    : 'an acknowledged mutation is lost or undone'
  verdict.violations.push(`${version}: ${what}`)
}

/** As in the simulation: a removal of other content with a higher id may hide a push that is not acknowledged yet. */
function sawUnacknowledged(
  operations: readonly OperationRecord[],
  version: string,
  { client, end, kind, value }: Operation,
): boolean {
  if (kind !== 'read' || client === 'final' || value === null) return false
  return operations.some(
    (each) => (isAcknowledged(each) ? each.end : Infinity) > end && wantsOf(each).get(version) === value,
  )
}

/** As in the simulation: on a store that ignores the condition of a DELETE, and where there were both. */
function mayWinOverForce(round: Round, version: string): boolean {
  return round.head.deletesAlways && forcesOn(round, version).length > 0 && removalsOn(round, version).length > 0
}

function forcesOn({ operations }: Round, version: string): readonly OperationRecord[] {
  return operations.filter((each) => each.kind === 'force' && wantsOf(each).has(version))
}

function removalsOn({ operations }: Round, version: string): readonly OperationRecord[] {
  return operations.filter(({ deltas }) => deltas.some(({ removed }) => removed.some(([each]) => each === version)))
}

/** The entry and the archive of the version are there both, and equal, or neither is. */
function judgeArchive(round: Round, version: string, verdict: Open): void {
  const entry = round.end.view[version]
  const archive = round.end.archives[version]
  if (entry === archive) return
  const what =
    archive === undefined
      ? 'an entry without its archive'
      : entry === undefined
        ? 'an archive without an entry'
        : 'an entry and an archive that differ'
  if (!mayDiffer(round, version)) verdict.violations.push(`${version}: ${what}`)
  else if (entry === undefined) verdict.remarks.push(what)
  else verdict.residues.push(what)
}

/** See `mayDiffer` of the simulation's excuses. */
function mayDiffer(round: Round, version: string): boolean {
  const { end, head, operations } = round
  const [entry, archive] = [end.view[version], end.archives[version]]
  const unfinished = operations.filter((each) => isMutation(each) && !isAcknowledged(each))
  if (archive === undefined) {
    const isOfTheDead = unfinished.some((each) => each.kind === 'force' && wantsOf(each).get(version) === entry)
    const isOfReindex = unfinished.some((each) => each.deltas.some(({ added }) => added[version] === entry))
    return mayWinOverForce(round, version) || isOfTheDead || isOfReindex
  }
  const wasRepeated = operations.some(({ met }) => met.some((each) => /^(repeated|late|slow): PUT/.test(each)))
  if (wasRepeated || head.plan.damage !== undefined) return true
  if (entry !== undefined) return unfinished.some((each) => wantsOf(each).has(version))
  const mayLeave = ({ kind, stdout }: OperationRecord): boolean =>
    kind === 'empty' || /"keptArchives": ?\[\s*"/.test(stdout)
  return unfinished.length > 0 || operations.some(mayLeave)
}

/**
 * A command that ends with 1 has changed nothing (docs/decisions/0016). One that is told that another client has won,
 * after a delta of its own was overtaken, says so with 1, too. The announcement of the removal of an orphan, by which a
 * push takes its own archive back, is no change.
 */
function judgeStatus({ operations }: Round, verdict: Open): void {
  for (const { deltas, kind, name, status, stderr } of operations) {
    const landed = deltas.filter((each) => each.status === 200 && isChange(each))
    if (status !== 1 || kind === 'check-fix' || landed.length === 0) continue
    if (/already exist|not found in index/.test(stderr)) verdict.residues.push('a refusal after a delta had landed')
    else verdict.violations.push(`${name} (${kind}) ended with 1 after its delta had landed: ${stderr.trim()}`)
  }
}

function isChange({ added, removed }: DeltaRecord): boolean {
  return Object.keys(added).length + removed.length > 0
}

/** The repository can be read, repairs have succeeded, and what Helm has pulled is what somebody has pushed. */
function judgeEnd({ end, operations }: Round, verdict: Open): void {
  if (end.failed !== undefined) verdict.violations.push(`the repository cannot be read: ${end.failed}`)
  for (const { kind, name, pulled, status, stderr } of operations) {
    if (pulled?.startsWith('?')) verdict.violations.push(`${name}: Helm has pulled an archive that nobody pushed`)
    if (name === 'completion' && status !== 0) verdict.violations.push(`the last ${kind} fails: ${stderr.trim()}`)
  }
}

/** What `check` finds at rest, and still after `check --fix`. */
function judgeFindings(round: Round, verdict: Open): void {
  const { afterFix = [], findings = [] } = round.end
  for (const finding of findings) {
    if (isRemark(finding)) verdict.remarks.push(`check: ${finding.code}`)
    else if (!isExcused(round, finding)) verdict.violations.push(`check finds ${finding.code}: ${finding.detail}`)
  }
  for (const { code, detail } of afterFix.filter((finding) => !isRemark(finding))) {
    // A removal of the version is younger than a minute, and its archive may still be deleted.
    if (/left for now, because another client/.test(detail))
      verdict.remarks.push(`check --fix: ${code} is left for now`)
    else verdict.violations.push(`check --fix leaves ${code}: ${detail}`)
  }
}

function isRemark({ code, severity }: Finding): boolean {
  return severity === 'remark' || MAY_REMAIN.includes(code)
}

/** An entry that does not fit its archive is judged with the archives. */
function isExcused(round: Round, { code, name, version }: Finding): boolean {
  if (code !== 'archive-missing' && code !== 'archive-digest-mismatch') return false
  return name !== null && version !== null && mayDiffer(round, textOf({ name, version }))
}

/** What is left in the caches of Helm. */
function judgeFiles({ end, operations }: Round, verdict: Open): void {
  const wasKilled = operations.some(({ status }) => status === null)
  for (const { path, wrong } of end.files) {
    const isLeft = LEFT_BY_THE_KILLED.some((each) => each.test(path))
    if (isLeft && wasKilled) verdict.remarks.push('a draft or a lock of a killed process')
    else if (isLeft || !USUAL_FILES.some((each) => each.test(path))) verdict.violations.push(`${path} was left behind`)
    if (wrong !== undefined) verdict.violations.push(`${path}: ${wrong}`)
  }
}
