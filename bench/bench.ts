import { growthReport } from './growth/growth-report.ts'
import { GROWTHS } from './growth/growths.ts'
import { LINES } from './lines/lines.ts'
import { describeMachine } from './machine.ts'
import { type BenchOptions, USAGE, readOptions } from './options.ts'
import { writeDocuments } from './performance-page.ts'
import { detailTable, goalTable, noteList } from './report.ts'
import type { LineResult } from './result.ts'
import { type Results, loadResults, newestResultFile, resultFile, saveResults } from './results.ts'
import { runBench } from './run-bench.ts'

/** `npm run bench`: see `USAGE`. */

const say = (text: string): void => void process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`)
const names = [...LINES, ...GROWTHS].map(({ name }) => name)

// Interrupted, it ends at once, and what it has started and written goes with it: see `process.once` of `exit`.
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(status))

try {
  const options = readOptions(process.argv.slice(2), names)
  if (options === 'help') process.stdout.write(USAGE)
  else if (options === 'list') process.stdout.write(names.map((name) => `${name}\n`).join(''))
  else await bench(options)
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function bench(options: BenchOptions): Promise<void> {
  if (options.report) {
    const file = options.result ?? newestResultFile()
    const results = loadResults(file)
    if (results === undefined) throw new Error(`there is no ${file}`)
    writeDocuments(results)
    return
  }
  const file = options.result ?? (await defaultFile(options))
  const measured = new Set<string>()
  const keep = (results: Results): void => {
    const before = new Set(loadResults(file)?.lines.map((line) => line.at))
    for (const line of results.lines.filter((each) => !before.has(each.at))) measured.add(line.name)
    saveResults(file, results)
  }
  const results = await runBench(options, { lines: LINES, growth: GROWTHS }, loadResults(file), { say, keep })
  if (!options.isQuick && options.result === undefined) writeDocuments(results)
  if (options.growth) process.stdout.write(`${growthReport(GROWTHS, results.growth, 'docs/charts')}\n`)
  else print(results.lines.filter(({ name }) => measured.has(name)))
  say(`results: ${file}`)
  const failed = options.growth ? results.growth : results.lines.filter(({ name }) => measured.has(name))
  if (failed.some((each) => each.failed !== undefined)) process.exitCode = 1
}

async function defaultFile(options: BenchOptions): Promise<string> {
  const store = { name: options.endpoint ?? 'the embedded store' }
  const file = resultFile(await describeMachine(options, store), new Date())
  return options.isQuick ? file.replace('/bench/results/', '/.cache/bench/quick-') : file
}

function print(lines: readonly LineResult[]): void {
  if (lines.length > 0) process.stdout.write(`${goalTable(lines)}\n\n${detailTable(lines)}\n\n${noteList(lines)}\n`)
}
