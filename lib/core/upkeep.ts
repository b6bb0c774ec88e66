/** What is known of the deltas of a repository when its upkeep is judged. Durations in milliseconds. */
export interface DeltaAges {
  /** How long the oldest delta has been waiting to be folded; undefined when none is pending. */
  readonly oldestPending: number | undefined
  /** How long ago the oldest delta was folded that still lies there; undefined when there is none. */
  readonly oldestFolded: number | undefined
  readonly graceWindow: number
  /** How late a compaction may be. */
  readonly patience: number
}

/**
 * Whether compactions keep up.
 * - `tidy`: nothing waits that a compaction in time would have taken.
 * - `behind`: a delta has been pending for too long: readers without the plugin do not see it.
 * - `uncollected`: all is folded, and old deltas lie there that nobody has collected.
 */
export type Upkeep = 'tidy' | 'behind' | 'uncollected'

export const UPKEEPS = ['tidy', 'behind', 'uncollected'] as const satisfies readonly Upkeep[]

/** Mutations compact when they can, but what they fold is collected only by a later compaction: hence two signs. */
export function judgeUpkeep({ graceWindow, oldestFolded = 0, oldestPending = 0, patience }: DeltaAges): Upkeep {
  if (oldestPending > patience) return 'behind'
  return oldestFolded > graceWindow + patience ? 'uncollected' : 'tidy'
}
