import { type Growth, type GrowthResult, withPoint } from './growth/growth.ts'
import { type Line, Skip } from './line.ts'
import { describeMachine } from './machine.ts'
import type { BenchOptions } from './options.ts'
import type { LineResult } from './result.ts'
import { type Results, withResult } from './results.ts'
import { Workbench } from './workbench.ts'

export interface Reporting {
  /** What is being done, for people. */
  readonly say: (text: string) => void
  /** Called after each line with all results so far, so that an interruption loses one line at most. */
  readonly keep: (results: Results) => void
}

/** Measures the lines of the table, or how costs grow, one after another; one that fails does not stop the others. */
export async function runBench(
  options: BenchOptions,
  { growth, lines }: { readonly lines: readonly Line[]; readonly growth: readonly Growth[] },
  known: Results | undefined,
  { keep, say }: Reporting,
): Promise<Results> {
  const isWanted = ({ name }: { readonly name: string }): boolean => options.only.length === 0 || options.only.includes(name)
  const bench = await Workbench.open(options)
  try {
    let results: Results = { lines: [], growth: [], ...known, ...(await describeMachine(options, bench.store)) }
    await warmUp(bench)
    for (const line of options.growth ? [] : lines.filter(isWanted)) {
      say(line.title(bench))
      const result = await measureLine(bench, line)
      results = { ...results, lines: withResult(results.lines, result, lines.map(({ name }) => name)) }
      keep(results)
    }
    for (const one of options.growth ? growth.filter(isWanted) : []) {
      const order = growth.map(({ name }) => name)
      await measureGrowth(bench, one, say, (result) => {
        results = { ...results, growth: withResult(results.growth, result, order) }
        keep(results)
      })
    }
    return results
  } finally {
    await bench.close()
  }
}

async function measureLine(bench: Workbench, { measure, name, title }: Line): Promise<LineResult> {
  const known = { name, title: title(bench), at: new Date().toISOString(), isFullSize: bench.sizes.isFull }
  try {
    const { goals, notes = [], rows } = await measure(bench)
    return { ...known, rows, goals, notes }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { ...known, rows: [], goals: [], notes: [], ...(error instanceof Skip ? { skipped: reason } : { failed: reason }) }
  }
}

/** Measures how costs grow; `keep` gets what there is after each point. */
async function measureGrowth(
  bench: Workbench,
  { measure, name }: Growth,
  say: Reporting['say'],
  keep: (result: GrowthResult) => void,
): Promise<void> {
  let result: GrowthResult = { name, at: new Date().toISOString(), series: [] }
  try {
    await measure(
      bench,
      (what, program, point) => {
        result = { ...result, series: withPoint(result.series, what, program, point) }
        keep(result)
      },
      say,
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    say(`growth: ${reason}`)
    keep({ ...result, failed: reason })
  }
}

/** Runs each program once: its file is in memory then, and so is what it compiles for later runs. */
async function warmUp(bench: Workbench): Promise<void> {
  const repository = bench.repository()
  await repository.putArchive(bench.sample)
  const { name, version } = bench.sample
  for (const { path } of bench.programs) {
    await bench.run(path, ['download', '', '', '', repository.urlOf(`${name}-${version}.tgz`)], repository)
  }
  await repository.remove()
}
