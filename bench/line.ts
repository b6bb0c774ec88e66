import { type Subject, inTurns } from './measure.ts'
import { ratioOf } from './statistics.ts'
import { type Goal, MEGABYTE, type Row, type Sample, type Traffic, bytesMoved, trafficOf } from './result.ts'
import type { Workbench } from './workbench.ts'

/** One line of the table. */
export interface Line {
  /** As `--only` takes it. */
  readonly name: string
  /** What is measured, in the words of the table. */
  readonly title: (workbench: Workbench) => string
  /** @throws Skip when something is missing that it cannot do without */
  readonly measure: (workbench: Workbench) => Promise<Findings>
}

export interface Findings {
  readonly rows: readonly Row[]
  readonly goals: readonly Goal[]
  readonly notes?: readonly string[]
}

/** Thrown by a line that cannot be measured here; the text says why. */
export class Skip extends Error {}

/** One program in one case. */
export interface Case {
  readonly what: string
  readonly program: string
  readonly prepare?: () => Promise<void>
  readonly run: () => Promise<Sample>
  readonly runs?: number
  /** Looks at what the last run left behind. @throws when it is wrong */
  readonly check?: () => Promise<void>
  /** One more run, through a proxy that counts. */
  readonly count?: () => Promise<Traffic>
}

/** Runs the cases in turns, looks at what they left, then counts their requests. @returns one row for each */
export async function measureCases(cases: readonly Case[], runs: number): Promise<Row[]> {
  const subjects = cases.map(({ prepare, run, runs: own }): Subject => ({
    run,
    ...(prepare === undefined ? {} : { prepare }),
    ...(own === undefined ? {} : { runs: own }),
  }))
  const samples = await inTurns(subjects, runs)
  const rows: Row[] = []
  for (const [n, { check, count, prepare, program, what }] of cases.entries()) {
    await check?.()
    const row = { what, program, samples: samples[n] ?? [] }
    if (count === undefined) {
      rows.push(row)
      continue
    }
    await prepare?.()
    rows.push({ ...row, traffic: await count() })
  }
  return rows
}

/** "At most `limit` times as long as the other." */
export function atMostTimes(limit: number, row: Row, other: Row | undefined): Goal {
  return { what: row.what, program: row.program, sense: 'at most', limit, unit: 'times', ...ratiosOf(row, other) }
}

/** "At least `limit` times faster than the other." */
export function fasterThan(other: Row | undefined, limit: number, row: Row): Goal {
  return {
    what: `${row.what}: faster`,
    program: row.program,
    sense: 'at least',
    limit,
    unit: 'times',
    ...ratiosOf(other, row),
  }
}

function ratiosOf(row: Row | undefined, other: Row | undefined): Pick<Goal, 'value' | 'cpu'> {
  if (row === undefined || other === undefined) return { value: undefined }
  const ratio = (of: (sample: Sample) => number): number => ratioOf(row.samples.map(of), other.samples.map(of))
  const cpu = ratio((sample) => sample.cpu ?? Number.NaN)
  return { value: ratio(({ wall }) => wall), ...(Number.isFinite(cpu) ? { cpu } : {}) }
}

/** "Peak memory at most so many MB", in the worst of the runs. */
export function memoryAtMost(limit: number, row: Row): Goal {
  const known = row.samples.map(({ memory }) => memory).filter((memory) => memory !== undefined)
  const value = known.length === 0 ? undefined : Math.max(...known) / MEGABYTE
  return { what: `${row.what}: peak memory`, program: row.program, sense: 'at most', limit, unit: 'MB', value }
}

/** "At most so many MB from the store and to it", in the worst of the runs. */
export function movedAtMost(limit: number, row: Row): Goal {
  const traffic = trafficOf(row)
  const value = traffic === undefined ? undefined : bytesMoved(traffic) / MEGABYTE
  return { what: `${row.what}: moved`, program: row.program, sense: 'at most', limit, unit: 'MB', value }
}

/** The row of a case, by program. @throws when it was not measured */
export function rowOf(rows: readonly Row[], what: string, program: string): Row {
  const row = findRow(rows, what, program)
  if (row === undefined) throw new Error(`${what} was not measured for ${program}`)
  return row
}

export function findRow(rows: readonly Row[], what: string, program: string): Row | undefined {
  return rows.find((row) => row.what === what && row.program === program)
}
