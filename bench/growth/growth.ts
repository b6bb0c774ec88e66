import type { Sample } from '../result.ts'
import type { Workbench } from '../workbench.ts'

/** How cost grows with one number. */
export interface Growth {
  /** As `--only` takes it. */
  readonly name: string
  /** `pieces` arrive as they are measured, so that what was measured is kept when something breaks. */
  readonly measure: (workbench: Workbench, say: (text: string) => void) => Promise<Omit<GrowthResult, 'name' | 'at'>>
}

export interface GrowthResult {
  readonly name: string
  readonly at: string
  /** What grows: the x axis. */
  readonly axis: string
  readonly series: readonly GrowthSeries[]
}

export interface GrowthSeries {
  readonly what: string
  readonly program: string
  readonly points: readonly GrowthPoint[]
}

export interface GrowthPoint {
  /** How much of it. */
  readonly at: number
  readonly samples: readonly Sample[]
  /** Of concurrent writers: how many of their charts the index held, at worst. */
  readonly kept?: number
}
