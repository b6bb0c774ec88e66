/** What is known about the deltas of a repository when its upkeep is judged. Durations are in milliseconds. */
export interface DeltaAges {
  /** How long the oldest delta has been waiting to be folded; undefined when none is pending. */
  readonly oldestPending: number | undefined
  /** How long ago the oldest folded delta that still exists was folded. Undefined: there is none. */
  readonly oldestFolded: number | undefined
  readonly graceWindow: number
  /** How late a compaction may be. */
  readonly patience: number
}

/**
 * Whether compactions keep up.
 * - `tidy`: a compaction on time would have left nothing more to do.
 * - `behind`: a delta has been pending for too long, and readers without the plugin do not see it.
 * - `uncollected`: everything is folded, but nobody has collected old deltas.
 */
export type Upkeep = 'tidy' | 'behind' | 'uncollected'

export const UPKEEPS = ['tidy', 'behind', 'uncollected'] as const satisfies readonly Upkeep[]

/**
 * Judges the upkeep by two signs. Mutations compact when they can, but only a later compaction collects what they fold.
 */
export function judgeUpkeep({ graceWindow, oldestFolded = 0, oldestPending = 0, patience }: DeltaAges): Upkeep {
  if (oldestPending > patience) return 'behind'
  return oldestFolded > graceWindow + patience ? 'uncollected' : 'tidy'
}
