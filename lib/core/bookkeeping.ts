import type { DeltaId } from './delta-id.ts'
import type { VersionId } from './entry.ts'

/** What `index.yaml` remembers of a delta that is folded into it. Times: store clock, milliseconds since 1970, whole seconds. */
export interface FoldedDelta {
  /** When it was folded. */
  readonly at: number
  /** The versions on which it had the last word; `*`: more than {@link MAX_TOUCHED}, read the delta. */
  readonly touched: readonly VersionId[] | '*'
  /** When a compaction first missed it in the listing; undefined while it is listed. */
  readonly gone: number | undefined
}

/** Our part of the index-level `annotations`. */
export interface Bookkeeping {
  /** Grows by one with every write by this program. */
  readonly generation: number
  /** Random id of the write that made this text: no two writes have the same bytes, and a writer knows its own. */
  readonly writeId: string
  readonly folded: ReadonlyMap<DeltaId, FoldedDelta>
}

/** More touched versions than this are noted as `*`. */
export const MAX_TOUCHED = 50

export const NO_BOOKKEEPING: Bookkeeping = { generation: 0, writeId: '', folded: new Map() }
