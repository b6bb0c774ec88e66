import { type Outcome, playRounds, replay } from './run.ts'
import { type ChaosOptions, USAGE, readOptions } from './options.ts'

/** `npm run chaos`: see `USAGE`. */

const over = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => over.abort())

try {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') process.stdout.write(USAGE)
  else process.exitCode = report(options, await outcomeOf(options))
} catch (error) {
  process.stderr.write(`chaos: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = over.signal.aborted ? 130 : 2
}

function outcomeOf(options: ChaosOptions): Promise<Outcome> {
  if (options.replay !== undefined) return replay(options.replay)
  const say = process.stderr.isTTY
    ? (text: string): void => void process.stderr.write(`\r\u001b[K${text}`)
    : (): void => undefined
  return playRounds(options, { say, signal: over.signal }).finally(() => say(''))
}

/** @returns the exit status */
function report({ seed, replay: file }: ChaosOptions, { folder, summary, violations }: Outcome): number {
  process.stdout.write(summary)
  for (const each of violations) process.stdout.write(`VIOLATION ${each}\n`)
  if (folder !== undefined) process.stdout.write(`history: ${folder}/history.jsonl\n`)
  if (over.signal.aborted) return 130
  if (violations.length === 0) return 0
  process.stdout.write(file === undefined ? `seed: ${String(seed)}\n` : '')
  return 1
}
