import { parseArgs } from 'node:util'
import { FULL_SIZES, QUICK_SIZES, type Sizes } from './sizes.ts'

/** What the command line asks for. Paths of programs are undefined where none is given. */
export interface BenchOptions {
  readonly sizes: Sizes
  readonly isQuick: boolean
  /** Names of lines; empty: all. */
  readonly only: readonly string[]
  readonly growth: boolean
  /** Only writes the documents anew from the results. */
  readonly report: boolean
  readonly endpoint: string | undefined
  readonly minio: string | undefined
  readonly peer: string | undefined
  /** `bin/helm-s3` of an earlier build of this program. */
  readonly before: string | undefined
  readonly helm: string | undefined
  readonly toxiproxy: string | undefined
  /** Where results are kept; undefined: by date and machine. */
  readonly result: string | undefined
}

export const USAGE = `npm run bench -- [flags]

  --quick             small sizes, under two minutes; prints, and keeps nothing in docs/
  --only NAME         only this line; may be repeated; joins the results that are there
  --runs N            measure each case so many times (default 3; what takes milliseconds seven times as often)
  --growth            cost against versions, deltas and writers, with charts, instead of the table
  --report            no measuring: write docs/PERFORMANCE.md and the charts anew from the results
  --minio PATH        measure against this MinIO (default: the embedded store)
  --endpoint URL      measure against a store that runs; keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  --peer PATH         compare with this program of the Go plugin
  --before PATH       compare with this program of an earlier build (its bin/helm-s3), in the lines about distance
  --helm PATH         with the lines about Helm itself
  --toxiproxy PATH    make distance with this toxiproxy server (default: an own relay)
  --result FILE       keep results here and leave docs/ alone (default: bench/results/<date>-<machine>.json)
  --list              the names of the lines
`

/** @throws with a text for people when the command line is wrong */
export function readOptions(argv: readonly string[], names: readonly string[]): BenchOptions | 'help' | 'list' {
  const text = { type: 'string' } as const
  const on = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: on,
      growth: on,
      report: on,
      list: on,
      help: { ...on, short: 'h' },
      only: { type: 'string', multiple: true, default: [] },
      runs: text,
      endpoint: text,
      minio: text,
      peer: text,
      before: text,
      helm: text,
      toxiproxy: text,
      result: text,
    },
  })
  if (values.help) return 'help'
  if (values.list) return 'list'
  const unknown = values.only.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw new Error(`no such line: ${unknown.join(', ')}; there are: ${names.join(', ')}`)
  if (values.endpoint !== undefined && values.minio !== undefined)
    throw new Error('--endpoint and --minio exclude each other')
  const runs = values.runs === undefined ? undefined : Number(values.runs)
  if (runs !== undefined && !(Number.isInteger(runs) && runs > 0))
    throw new Error('--runs takes a whole number above 0')
  const sizes = values.quick ? QUICK_SIZES : FULL_SIZES
  const { before, endpoint, growth, helm, minio, only, peer, report, result, toxiproxy } = values
  const programs = { endpoint, minio, peer, before, helm, toxiproxy }
  return {
    ...programs,
    only,
    growth,
    report,
    result,
    isQuick: values.quick,
    sizes: runs === undefined ? sizes : { ...sizes, runs, startRuns: 7 * runs },
  }
}
