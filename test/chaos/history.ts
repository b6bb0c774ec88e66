import type { Client } from '../simulation/client.ts'
import type { Operation } from '../simulation/linearizability.ts'
import { type ClientRecord, type Effect, newRecord, operationsOn } from '../simulation/record.ts'
import { type Kind, VERSIONS, textOf } from './plan.ts'
import type { DeltaRecord, OperationRecord, Round } from './records.ts'

// From what was recorded to the operations on one version, whose order is searched. What a process has done is known
// by what it said and by its exit status; of one that was killed, or does not know, by the deltas that it sent: each of
// them may have taken effect at any time after its start, or never.

/** The operations on one version, in the order of how certain they are. */
export interface VersionHistory {
  readonly first: readonly Operation[]
  /** What may have taken effect once more, because its process sent more than one delta, or a proxy repeated it. */
  readonly repeated: readonly Operation[]
  /** Of processes that ended with 1 after a delta of theirs had been sent. */
  readonly refused: readonly Operation[]
}

const EFFECTS: Readonly<Record<Kind, Effect | undefined>> = {
  push: 'push',
  'push-many': 'push',
  ignore: 'push',
  copy: 'push',
  restore: 'push',
  force: 'force',
  delete: 'delete',
  prune: 'delete',
  empty: 'init',
  reindex: 'reindex',
  'check-fix': 'reindex',
  compact: undefined,
  read: undefined,
  pull: undefined,
}

/** What a command says with `-o json`, of the fields that count here. */
interface Result {
  readonly pushed?: readonly Named[]
  readonly copied?: readonly Named[]
  readonly restored?: readonly Named[]
  readonly existing?: readonly Named[]
  readonly removed?: readonly Named[]
}

interface Named {
  readonly name: string
  readonly version: string
}

/** Whether its process said that all is done. */
export function isAcknowledged({ status }: OperationRecord): boolean {
  return status === 0
}

/** Whether it may change a version, whatever came of it. */
export function isMutation({ kind }: OperationRecord): boolean {
  return EFFECTS[kind] !== undefined
}

/** Whether the store has taken the delta, or may have. */
export function mayHaveLanded({ status }: DeltaRecord): boolean {
  return status === undefined || status < 300 || status >= 500
}

/** The history of one version in a round. */
export function historyOf(round: Round, version: string): VersionHistory {
  const first: Operation[] = []
  const [repeated, refused]: [Operation[], Operation[]] = [[], []]
  for (const operation of round.operations) {
    if (!isInGap(round, operation)) first.push(...observationsOf(operation, version))
    const record = recordOf(operation)
    if (record === undefined) continue
    const history = operationsOn(record, version)
    if (operation.status === 1 && operation.kind !== 'check-fix') {
      refused.push(...history.first.map((each) => ({ ...each, end: operation.end })))
      continue
    }
    first.push(...history.first, ...silentRemoval(operation, record, version))
    repeated.push(...history.repeated, ...repeatedByProxy(operation, history.first))
    if (round.head.plan.damage !== undefined) first.push(...rebuilt(operation, version))
  }
  const [start, end] = round.end.at
  const value = round.end.view[version] ?? null
  first.push({ client: 'final', kind: 'read', value, start, end, required: true })
  return { first, repeated, refused }
}

/** What was pushed or brought back, as far as its process or its deltas say, or else as it was asked for. */
export function wantsOf(operation: OperationRecord): ReadonlyMap<string, string> {
  const sent = operation.deltas.filter(mayHaveLanded).flatMap(({ added }) => Object.entries(added))
  const asked = operation.planned.versions.map((each) => [textOf(each), each.content] as const)
  return new Map([...asked.filter(([, content]) => content !== ''), ...sent])
}

/** A client of the simulation's records: only its name and its end are asked for. */
function recordOf(operation: OperationRecord): ClientRecord | undefined {
  const effect = EFFECTS[operation.kind]
  if (effect === undefined) return undefined
  const client = { name: operation.name, hasCrashed: operation.status === null } as Client
  const record = newRecord({ client, kind: 'check', effect, wants: new Map() })
  const deltas = operation.deltas.filter(mayHaveLanded)
  const result = resultOf(operation)
  record.start = operation.start
  if (isAcknowledged(operation)) record.acknowledgedAt = operation.end
  else if (operation.status === 1) record.failedAt = operation.end
  record.hasActed = effect === 'init' ? isAcknowledged(operation) || operation.indexes.length > 0 : true
  for (const [version, content] of wantsFor(operation, effect)) record.wants.set(version, content)
  for (const each of result.existing ?? []) record.existing.add(textOf(each))
  for (const { id } of deltas) record.deltas.add(id)
  for (const { added } of deltas) for (const version of Object.keys(added)) record.adds.add(version)
  // A client without deltas changes index.yaml itself.
  for (const [version, content] of record.wants)
    if (operation.indexes.some((index) => index[version] === content)) record.adds.add(version)
  if (effect === 'delete') {
    for (const [version, content] of deltas.flatMap(({ removed }) => removed))
      record.removes.set(version, (record.removes.get(version) ?? new Set()).add(content))
  }
  if (effect === 'reindex') record.reconciles.push(...deltas.flatMap(reconciliationsOf))
  return record
}

function wantsFor(operation: OperationRecord, effect: Effect): ReadonlyMap<string, string> {
  if (effect === 'push' || effect === 'force') return wantsOf(operation)
  return new Map(VERSIONS.map((version) => [textOf(version), '']))
}

function reconciliationsOf({ added, removed }: DeltaRecord): ClientRecord['reconciles'] {
  const removals = new Map(removed)
  const versions = new Set([...removals.keys(), ...Object.keys(added)])
  return [...versions].map((version) => ({ version, removed: removals.get(version), added: added[version] }))
}

/**
 * A removal without a delta: of a client without deltas, which writes index.yaml, or of one that says that it has
 * removed the version, which was absent then.
 */
function silentRemoval(operation: OperationRecord, record: ClientRecord, version: string): readonly Operation[] {
  if (record.effect !== 'delete' || record.removes.has(version)) return []
  const removed = resultOf(operation).removed
  const named = removed ?? (operation.kind === 'delete' ? operation.planned.versions : [])
  if (!named.some((each) => textOf(each) === version)) return []
  if (isAcknowledged(operation)) return [required(operation, 'clear', null)]
  if (operation.indexes.length === 0) return []
  return [{ ...required(operation, 'clear', null), end: Infinity, required: false }]
}

function repeatedByProxy(operation: OperationRecord, first: readonly Operation[]): readonly Operation[] {
  if (!operation.met.some((each) => each.startsWith('repeated'))) return []
  return first
    .filter(({ kind }) => kind !== 'exists' && kind !== 'read')
    .map((each) => ({ ...each, end: Infinity, required: false }))
}

/** A rebuild of index.yaml gives an entry to every archive, whoever has left it there. */
function rebuilt({ indexes, kind, name, start }: OperationRecord, version: string): readonly Operation[] {
  if (kind !== 'check-fix' && kind !== 'reindex') return []
  const contents = new Set(indexes.map((index) => index[version]).filter((content) => content !== undefined))
  return [...contents].map((value) => ({ client: name, kind: 'fill', value, start, end: Infinity, required: false }))
}

/** What its process has seen of the version: the value, that there is one, or that there is none. */
function observationsOf(operation: OperationRecord, version: string): readonly Operation[] {
  const { kind, planned, status, stderr, view } = operation
  if (view !== undefined) return [required(operation, 'read', view[version] ?? null)]
  const [only, ...others] = planned.versions.map(textOf)
  if (only !== version || others.length > 0) return []
  if (status === 0 && kind === 'delete') return [required(operation, 'exists', null)]
  if (status !== 1) return []
  // A push that has started again may meet its own entry.
  const isPush = EFFECTS[kind] === 'push' && operation.deltas.length === 0
  if (isPush && /cannot be overwritten/.test(stderr)) return [required(operation, 'exists', null)]
  if (kind === 'delete' && /not found in index/.test(stderr)) return [required(operation, 'read', null)]
  return []
}

function required({ end, name, start }: OperationRecord, kind: Operation['kind'], value: string | null): Operation {
  return { client: name, kind, value, start, end, required: true }
}

/** Whether there was a moment during it at which index.yaml was damaged: then what it saw counts for nothing. */
function isInGap({ end: { gap } }: Round, { end, start }: OperationRecord): boolean {
  return gap !== undefined && start <= gap.to && end >= gap.from
}

/** What a command has said; nothing where it has said nothing, or no JSON. */
export function resultOf({ status, stdout }: OperationRecord): Result {
  if (status !== 0 || !stdout.startsWith('{')) return {}
  try {
    return JSON.parse(stdout) as Result
  } catch {
    return {}
  }
}
