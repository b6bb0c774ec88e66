import type { Delta } from '../core/delta.ts'
import type { DeltaId } from '../core/delta-id.ts'

/** A delta that stands: for local caches, and for the compaction that follows. */
export interface CommittedDelta {
  readonly id: DeltaId
  readonly delta: Delta
  /** How many deltas above it the last look has shown. */
  readonly newerDeltas: number
}
