import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pLimit from 'p-limit'
import { type FuzzEnd, buildFuzzer, fuzz } from './fuzzing.ts'
import { TARGETS } from './targets.ts'

const NAMES = Object.keys(TARGETS)

const USAGE = `Reads inputs from outside in any form. Each must be read or refused, in bounded time and memory. Inputs are made
of real ones by changes; one that takes a branch of lib/ which none has taken yet is kept, and others are made of it.

  npm run fuzz                                     all targets, more than a million inputs: hours
  npm run fuzz -- deltas archives --runs 100000    two targets
  npm run fuzz -- deltas --input BASE64            one input again

  --runs N      inputs for each target (default 45000; a tenth of it where one takes long)
  --seed S      another seed tries other inputs (default 1)
  --workers N   threads (default: one for each core)
  --patience N  seconds that one input may take (default 60)
  --input B     only this input, in base64

  Targets: ${NAMES.join(', ')}
`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '45000' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    patience: { type: 'string', default: '60' },
    input: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const unknown = positionals.filter((name) => !NAMES.includes(name))
if (values.help) process.stdout.write(USAGE)
else if (unknown.length > 0) {
  process.stderr.write(`There is no target ${unknown.join(', ')}. There are: ${NAMES.join(', ')}\n`)
  process.exitCode = 2
} else process.exitCode = await run(positionals.length === 0 ? NAMES : positionals)

async function run(names: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'helm-s3-fuzz-'))
  try {
    const program = join(folder, 'program.mjs')
    await buildFuzzer(program, { maps: true })
    const limit = pLimit(Math.max(1, Number(values.workers)))
    const ends = await Promise.all(names.map((name) => limit(() => tryTarget(program, name))))
    const ran = ends.reduce((sum, end) => sum + (end.outcome === 'done' ? end.result.ran : 0), 0)
    const failed = ends.filter(({ outcome }) => outcome === 'failed').length
    process.stdout.write(`${String(ran)} inputs, ${String(failed)} of ${String(names.length)} targets failed\n`)
    return failed === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function tryTarget(program: string, target: string): Promise<FuzzEnd> {
  const startedAt = Date.now()
  const only = values.input === undefined ? undefined : Buffer.from(values.input, 'base64')
  const { runs, patience } = { runs: Number(values.runs), patience: Number(values.patience) * 1000 }
  const end = await fuzz(program, { target, runs, patience, seed: Number(values.seed), only })
  process.stdout.write(`${describeEnd(target, end, (Date.now() - startedAt) / 1000)}\n`)
  return end
}

function describeEnd(target: string, end: FuzzEnd, seconds: number): string {
  const name = target.padEnd(18)
  if (end.outcome === 'failed') {
    const base64 = Buffer.from(end.input).toString('base64')
    return (
      `${name} FAILED: ${end.error}\n  for ${JSON.stringify(Buffer.from(end.input).toString('latin1')).slice(0, 500)}\n` +
      `  npm run fuzz -- ${target} --input ${base64}`
    )
  }
  const { branches, kept, ran, slowest } = end.result
  return (
    `${name} ${String(ran).padStart(7)} inputs in ${seconds.toFixed(0).padStart(4)} s, ` +
    `${String(kept).padStart(4)} kept, ${String(branches).padStart(5)} branches, slowest ${slowest.toFixed(0)} ms`
  )
}
