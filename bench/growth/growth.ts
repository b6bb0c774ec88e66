import { type Case, measureCases } from '../line.ts'
import type { Sample } from '../result.ts'
import type { Workbench } from '../workbench.ts'

/** How costs grow with one number. */
export interface Growth {
  /** As `--only` takes it. */
  readonly name: string
  readonly title: string
  /** What grows: the x axis. */
  readonly axis: string
  readonly charts: readonly GrowthChart[]
  /** `add` keeps each point as it is measured, so that what was measured stays when something breaks. */
  readonly measure: (workbench: Workbench, add: AddPoint, say: (text: string) => void) => Promise<void>
}

/** A picture of some series. */
export interface GrowthChart {
  /** In docs/charts/, without its ending. */
  readonly file: string
  readonly title: string
  readonly value: 'time' | 'memory' | 'moved'
  readonly shows: (series: GrowthSeries) => boolean
}

export interface GrowthResult {
  readonly name: string
  readonly at: string
  readonly series: readonly GrowthSeries[]
  readonly failed?: string
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

export type AddPoint = (what: string, program: string, point: GrowthPoint) => void

/** The series with one more point, the points in their order. */
export function withPoint(
  series: readonly GrowthSeries[],
  what: string,
  program: string,
  point: GrowthPoint,
): GrowthSeries[] {
  const old = series.find((each) => each.what === what && each.program === program)
  const points = [...(old?.points ?? []).filter(({ at }) => at !== point.at), point].sort((a, b) => a.at - b.at)
  const grown = { what, program, points }
  return old === undefined ? [...series, grown] : series.map((each) => (each === old ? grown : each))
}

/** Measures cases at one place of the x axis. */
export async function addPoints(add: AddPoint, at: number, cases: readonly Case[], runs: number): Promise<void> {
  for (const { program, samples, what } of await measureCases(cases, runs)) add(what, program, { at, samples })
}
