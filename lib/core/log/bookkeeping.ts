import type { DeltaId } from './delta-id.ts'
import type { VersionId } from './entry.ts'

/**
 * What `index.yaml` remembers of a delta that is folded into it. Times: store clock, milliseconds since 1970, whole
 * seconds.
 */
export interface FoldedDelta {
  /** When it was folded. */
  readonly at: number
  /**
   * The versions on which it had the last word. `*`: not listed, as older releases of this program noted deltas of more
   * than 50 versions; the delta itself tells, as long as it has not been collected.
   */
  readonly touched: readonly VersionId[] | '*'
  /** When a compaction first missed it in the listing; undefined while it is listed. */
  readonly gone: number | undefined
  /**
   * Its client has said that it is through with it: a removal whose archives are deleted by now, or kept for good, so
   * that nobody has to wait for that. Absent: not known.
   */
  readonly hasEnded?: true
}

/** Our part of the index-level `annotations`. */
export interface Bookkeeping {
  /** Grows by one with every write by this program. */
  readonly generation: number
  /** Random id of the write that made this text: no two writes have the same bytes, and a writer knows its own. */
  readonly writeId: string
  readonly folded: ReadonlyMap<DeltaId, FoldedDelta>
  /**
   * Random id of the `init --force` that emptied the index last; absent: none has. Kept by all later writes, so that it
   * knows its own.
   */
  readonly emptiedBy?: string
}

export const NO_BOOKKEEPING: Bookkeeping = { generation: 0, writeId: '', folded: new Map() }
