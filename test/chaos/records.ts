import type { Kind, PlannedOperation, RoundPlan } from './plan.ts'

// What is recorded of a run, one JSON value a line. All times are milliseconds of one monotonic clock, that of the
// process that runs the rounds.

/** What one delta does, as its bytes say that went to the store. Versions as `textOf` writes them. */
export interface DeltaRecord {
  readonly id: string
  /** What the store answered; absent: its answer is not known. */
  readonly status?: number
  /** Version -> content. */
  readonly added: Readonly<Record<string, string>>
  /** Version -> content; an announcement of the removal of an orphan is none. */
  readonly removed: readonly (readonly [string, string])[]
}

export interface OperationRecord {
  readonly type: 'operation'
  readonly round: number
  readonly name: string
  readonly kind: Kind
  readonly planned: Omit<PlannedOperation, 'name' | 'kind'>
  readonly args: readonly string[]
  readonly start: number
  readonly end: number
  /** Exit status; null: ended by a signal. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** Whether the rounds have killed it; also because it took too long. */
  readonly killed: '' | 'fault' | 'patience'
  readonly requests: number
  /** Faults that it has met. */
  readonly met: readonly string[]
  /** What it sent that reached the store, or may have. */
  readonly deltas: readonly DeltaRecord[]
  /** What each `index.yaml` says that it sent: version -> content. */
  readonly indexes: readonly Readonly<Record<string, string>>[]
  /** The content of the archive that `helm pull` has brought. */
  readonly pulled?: string
  /** What a read returned. */
  readonly view?: Readonly<Record<string, string>>
}

export interface RoundRecord {
  readonly type: 'round'
  readonly plan: RoundPlan
  readonly store: string
  /** Whether the store carries out a conditional DELETE whose condition does not hold. */
  readonly deletesAlways: boolean
  readonly start: Readonly<Record<string, string>>
}

/** What was found when all processes had ended and nothing was on its way any more. */
export interface EndRecord {
  readonly type: 'end'
  readonly round: number
  /** When somebody damaged index.yaml, and when it was repaired. */
  readonly gap?: { readonly from: number; readonly to: number }
  /** Why the repository cannot be read at the end. */
  readonly failed?: string
  readonly view: Readonly<Record<string, string>>
  /** Version -> content of the archive under its key. */
  readonly archives: Readonly<Record<string, string>>
  /** When the last read began and ended. */
  readonly at: readonly [number, number]
  /** What `check` says before and after `check --fix`; absent: it was not asked. */
  readonly findings?: readonly Finding[]
  readonly afterFix?: readonly Finding[]
  /** Files below the caches of Helm, with what is wrong with their content, if anything is. */
  readonly files: readonly { readonly path: string; readonly wrong?: string }[]
  readonly seconds: number
}

export interface Finding {
  readonly code: string
  readonly severity: string
  readonly detail: string
  readonly name: string | null
  readonly version: string | null
}

export type ChaosRecord = RoundRecord | OperationRecord | EndRecord

/** All of one round. */
export interface Round {
  readonly head: RoundRecord
  readonly operations: readonly OperationRecord[]
  readonly end: EndRecord
}

/**
 * The rounds of a recorded history. Lines of other kinds are passed over, and a round without an end, which was
 * interrupted.
 * @throws Error when a line is no JSON
 */
export function readRounds(text: string): readonly Round[] {
  const rounds: Round[] = []
  let head: RoundRecord | undefined
  let operations: OperationRecord[] = []
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const record = JSON.parse(line) as ChaosRecord
    switch (record.type) {
      case 'round':
        head = record
        operations = []
        break
      case 'operation':
        operations.push(record)
        break
      case 'end':
        if (head !== undefined) rounds.push({ head, operations, end: record })
        head = undefined
    }
  }
  return rounds
}
