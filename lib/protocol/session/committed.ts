import type { Delta } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'

/** A delta that is committed, as local caches and the compaction that follows need it. */
export interface CommittedDelta {
  readonly id: DeltaId
  readonly delta: Delta
  /** How many deltas of higher ids the last look has shown. */
  readonly newerDeltas: number
}
