import { VERSIONS_PER_CHART } from './data.ts'
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
  const isWanted = ({ name }: { readonly name: string }): boolean =>
    options.only.length === 0 || options.only.includes(name)
  const bench = await Workbench.open(options)
  try {
    const { machine, versions } = await describeMachine(options, bench.store)
    // What other lines were compared with stays named when it takes no part this time.
    let results: Results = { lines: [], growth: [], ...known, machine, versions: { ...known?.versions, ...versions } }
    await warmUp(bench)
    for (const line of options.growth ? [] : lines.filter(isWanted)) {
      say(line.title(bench))
      const result = await measureLine(bench, line)
      results = {
        ...results,
        lines: withResult(
          results.lines,
          result,
          lines.map(({ name }) => name),
        ),
      }
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
    return {
      ...known,
      rows: [],
      goals: [],
      notes: [],
      ...(error instanceof Skip ? { skipped: reason } : { failed: reason }),
    }
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

/**
 * Runs each command of each program once, on little: the files are in memory then, and so is what a program compiles
 * once for all later runs of a command.
 */
async function warmUp(bench: Workbench): Promise<void> {
  const { name, path: archive, version } = bench.sample
  for (const program of new Set([...bench.programs, ...bench.builds])) {
    const repository = bench.repository()
    const run = (...args: readonly string[]): Promise<unknown> => bench.run(program.path, args, repository)
    await repository.restore(await bench.index(VERSIONS_PER_CHART, 'json'))
    await run('download', '', '', '', repository.urlOf('index.yaml'))
    await run('push', '--force', archive, 'bench')
    if (program.name !== 'peer' && (await bench.has(program, 'fetch')))
      await run('fetch', name, '--version', version, 'bench')
    await run('delete', name, '--version', version, 'bench')
    for (const command of program.name === 'peer' ? [] : ['compact', 'reindex'])
      if (await bench.has(program, command)) await run(command, 'bench')
    await repository.remove()
  }
}
