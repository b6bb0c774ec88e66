import type { DeltaId } from './delta-id.ts'
import type { VersionId } from './entry.ts'

/**
 * What `index.yaml` remembers of a delta that is folded into it. Times: store clock, milliseconds since 1970, whole
 * seconds.
 */
export interface FoldedDelta {
  /** When the delta was folded. */
  readonly at: number
  /**
   * The versions on which the delta had the last word. `*`: the versions are not listed, because older releases of this
   * program noted deltas of more than 50 versions in this way. The delta itself tells them, until it is collected.
   */
  readonly touched: readonly VersionId[] | '*'
  /** When a compaction first found the delta missing in the listing. Undefined while it is listed. */
  readonly gone: number | undefined
  /**
   * The client of the delta has said that it is finished: it was a removal whose archives are deleted by now, or are
   * kept for good, so that nobody has to wait for it. Absent: not known.
   */
  readonly hasEnded?: true
}

/** Whether a store composes an object from ranges of the old one, and keeps to the conditions on that. */
export interface ComposeFinding {
  readonly works: boolean
  /** When it was tried: store clock, milliseconds since 1970, whole seconds. */
  readonly at: number
}

/** Our part of the index-level `annotations`. */
export interface Bookkeeping {
  /** Grows by one with every write by this program. */
  readonly generation: number
  /**
   * The random id of the write that made this text. It makes the bytes of every write different, and lets a writer
   * recognise its own write.
   */
  readonly writeId: string
  readonly folded: ReadonlyMap<DeltaId, FoldedDelta>
  /**
   * The random id of the last `init --force` that emptied the index. Absent: there was none. All later writes keep it,
   * so that the `init --force` can recognise its own write.
   */
  readonly emptiedBy?: string
  /** What was found out about composed writes, by the place of the store as 16 hex characters. Absent: nothing. */
  readonly composes?: ReadonlyMap<string, ComposeFinding>
}

export const NO_BOOKKEEPING: Bookkeeping = { generation: 0, writeId: '', folded: new Map() }
