import type { Bookkeeping, FoldedDelta } from './log/bookkeeping.ts'
import { type StoredDelta, touchedVersions } from './log/delta.ts'
import { type DeltaId, deltaTime } from './log/delta-id.ts'

/** What a compaction knows when it decides. Times and durations are in milliseconds, times by the store's clock. */
export interface CompactionInput {
  /** The bookkeeping of the base that was read. */
  readonly bookkeeping: Bookkeeping
  /** The well-formed deltas of the listing, in id order. */
  readonly listed: readonly { readonly id: DeltaId }[]
  readonly pending: readonly StoredDelta[]
  /** When the base was read. */
  readonly date: number
  readonly graceWindow: number
  readonly retention: number
  /** The lowest delta of an unknown apiVersion. */
  readonly unknownFrom: DeltaId | undefined
  /** Removals whose archives are deleted by now, as far as this client knows: see `FoldedDelta.hasEnded`. */
  readonly ended: ReadonlySet<DeltaId>
}

export interface CompactionPlan {
  /** The folded deltas that the new base notes. */
  readonly folded: ReadonlyMap<DeltaId, FoldedDelta>
  /** The deltas to fold, in id order. */
  readonly fold: readonly DeltaId[]
  /** Deltas that may be deleted after the new base is written, oldest id first. */
  readonly collect: readonly DeltaId[]
  /** The ids of deltas that have been gone for longer than the retention. */
  readonly forget: readonly DeltaId[]
  /** The ids that are missing in the listing, and are noted as `gone` from now on. */
  readonly mark: readonly DeltaId[]
}

/**
 * Decides what a compaction does. It collects only deltas that the base had folded already, and never those that this
 * pass folds: until the new base is known to be written, these deltas are the only copy. An id is forgotten only when a
 * listing missed it longer ago than any client may still send it.
 */
export function planCompaction(input: CompactionInput): CompactionPlan {
  const { bookkeeping, date, ended, graceWindow, listed, pending, retention, unknownFrom } = input
  const isListed = new Set(listed.map(({ id }) => id))
  const folded = new Map<DeltaId, FoldedDelta>()
  const forget: DeltaId[] = []
  const mark: DeltaId[] = []
  for (const [id, state] of bookkeeping.folded) {
    if (state.gone !== undefined && date - state.gone > retention) forget.push(id)
    else if (state.gone === undefined && !isListed.has(id) && date - state.at > graceWindow) {
      mark.push(id)
      folded.set(id, { ...state, gone: date })
    } else folded.set(id, withEnd(state, ended.has(id)))
  }
  for (const delta of pending) folded.set(delta.id, withEnd(foldedAt(date, delta), ended.has(delta.id)))

  const isOld = (id: DeltaId): boolean => {
    const state = bookkeeping.folded.get(id)
    return state !== undefined && date - Math.max(state.at, deltaTime(id)) > graceWindow
  }
  const collect = listed
    .map(({ id }) => id)
    .filter((id) => isOld(id) && (unknownFrom === undefined || id < unknownFrom))
  return { folded, fold: pending.map(({ id }) => id), collect, forget, mark }
}

/** Whether there is anything to write or to delete. */
export function isIdle({ fold, collect, forget, mark }: CompactionPlan): boolean {
  return fold.length + collect.length + forget.length + mark.length === 0
}

/**
 * What the bookkeeping notes about a delta that is folded at `date`. All touched versions are listed, however many
 * there are, because a delta with a lower id that arrives late is judged by them, long after this delta has been
 * collected. They cost about 35 bytes each for some 70 minutes.
 */
export function foldedAt(date: number, delta: StoredDelta): FoldedDelta {
  return { at: date, touched: touchedVersions(delta), gone: undefined }
}

function withEnd(state: FoldedDelta, hasEnded: boolean): FoldedDelta {
  return hasEnded ? { ...state, hasEnded } : state
}
