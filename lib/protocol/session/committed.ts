import type { Delta } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'

/** A delta that stands: for local caches, and for the compaction that follows. */
export interface CommittedDelta {
  readonly id: DeltaId
  readonly delta: Delta
  /** How many deltas above it the last look has shown. */
  readonly newerDeltas: number
}
