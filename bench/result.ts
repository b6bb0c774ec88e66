/** One run of one process, or of several at once. */
export interface Sample {
  /** Milliseconds from start to end, as seen from outside. */
  readonly wall: number
  /** Milliseconds of user and system time; of several processes, the sum. Undefined where the system does not tell. */
  readonly cpu: number | undefined
  /** Most bytes resident; of several processes, the greatest. Undefined where the system does not tell. */
  readonly memory: number | undefined
  /** What it exchanged with the store, where that was counted in this run. */
  readonly traffic?: Traffic
}

/** What one process exchanged with the store. */
export interface Traffic {
  readonly requests: number
  /** Bytes from the store, and to it: of bodies, or through a relay all. */
  readonly received: number
  readonly sent: number
}

/** The runs of one program in one case. */
export interface Row {
  readonly what: string
  /** `Node bundle`, `executable`, `peer`, or what it is compared with. */
  readonly program: string
  readonly samples: readonly Sample[]
  /** Counted in a run of its own that is not timed. */
  readonly traffic?: Traffic
}

/** A goal with the number that was found. Whether it is met is for {@link isMet} to say. */
export interface Goal {
  readonly what: string
  readonly program: string
  readonly sense: 'at most' | 'at least'
  readonly limit: number
  readonly unit: 'times' | 'MB' | 'bytes' | 'charts' | 'requests'
  /** Undefined: what it is compared with was not there. */
  readonly value: number | undefined
  /** The same ratio of CPU time, which a busy machine changes less. */
  readonly cpu?: number
}

/** What one line of the table came to. */
export interface LineResult {
  readonly name: string
  readonly title: string
  /** ISO 8601. */
  readonly at: string
  /** Whether it was measured at the sizes for which the goals are set. */
  readonly isFullSize: boolean
  readonly rows: readonly Row[]
  readonly goals: readonly Goal[]
  readonly notes: readonly string[]
  /** Why there are no numbers. */
  readonly skipped?: string
  readonly failed?: string
}

export const MEGABYTE = 1024 * 1024

/** What the case exchanged with the store; of several runs that were counted, the one that moved most. */
export function trafficOf({ samples, traffic }: Pick<Row, 'samples' | 'traffic'>): Traffic | undefined {
  const counted = samples.flatMap((sample) => sample.traffic ?? [])
  return traffic ?? counted.sort((a, b) => bytesMoved(b) - bytesMoved(a))[0]
}

/** In both directions. */
export function bytesMoved({ received, sent }: Traffic): number {
  return received + sent
}

export function isMet({ sense, limit, value }: Goal): boolean | undefined {
  if (value === undefined) return undefined
  return sense === 'at most' ? value <= limit : value >= limit
}
