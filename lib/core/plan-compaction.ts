import type { Bookkeeping, FoldedDelta } from './log/bookkeeping.ts'
import { type StoredDelta, touchedVersions } from './log/delta.ts'
import { type DeltaId, deltaTime } from './log/delta-id.ts'

/** What a compaction knows when it decides. Times and durations in milliseconds; times by the store's clock. */
export interface CompactionInput {
  /** Of the base that was read. */
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
  /** The folded set of the new base. */
  readonly folded: ReadonlyMap<DeltaId, FoldedDelta>
  /** In id order. */
  readonly fold: readonly DeltaId[]
  /** Deltas that may be deleted after the new base is written, oldest id first. */
  readonly collect: readonly DeltaId[]
  /** Ids of deltas that are gone for longer than the retention. */
  readonly forget: readonly DeltaId[]
  /** Ids that the listing no longer has, noted as `gone` from now on. */
  readonly mark: readonly DeltaId[]
}

/**
 * Decides a compaction. Only what the base had folded already is collected, never what this pass folds: until the new
 * base is known to stand, the deltas are the only copy. An id is forgotten only when it was missed by a listing longer
 * ago than any client may still send it.
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
 * What the folded set notes of a delta that is folded at `date`. All touched versions are listed, however many: a delta
 * that lands late, below this one, is judged by them when this one has long been collected. They cost about 35 bytes
 * each for some 70 minutes.
 */
export function foldedAt(date: number, delta: StoredDelta): FoldedDelta {
  return { at: date, touched: touchedVersions(delta), gone: undefined }
}

function withEnd(state: FoldedDelta, hasEnded: boolean): FoldedDelta {
  return hasEnded ? { ...state, hasEnded } : state
}
