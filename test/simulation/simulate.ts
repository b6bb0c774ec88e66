import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { bundleProduct } from './bundle.ts'
import { MIXES, type MixName } from './mixes.ts'
import { Pool } from './pool.ts'
import type { StoreKind } from './world.ts'

const USAGE = `Runs the real protocol over a simulated store, under a virtual clock, in seeded random schedules.

  npm run simulate -- --seeds 10000            seeds 1 to 10000
  npm run simulate -- --first 42 --seeds 1 --trace    one schedule, with every request

  --seeds N    how many schedules (default 1000)
  --first N    the first seed (default 1)
  --store S    exact (default), no-conditional-delete, no-conditions
  --mix M      one of these, instead of one that the seed draws:
               ${Object.keys(MIXES).join(', ')}
  --lib DIR    the program to run (default: lib)
  --workers N  threads (default: one for each core)
  --trace      print what happens
`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    store: { type: 'string', default: 'exact' },
    mix: { type: 'string' },
    lib: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else process.exitCode = await simulate()

async function simulate(): Promise<number> {
  const seeds = Number(values.seeds)
  const product = await bundleProduct(values.lib === undefined ? {} : { lib: values.lib })
  const pool = await Pool.open(Math.min(Number(values.workers), Math.max(seeds, 1)))
  const counts = new Map<string, number>()
  const waits = new Map<string, number[]>()
  let bad = 0
  const options = {
    store: values.store as StoreKind,
    ...(values.mix === undefined ? {} : { mix: values.mix as MixName }),
  }
  await pool.run(
    { product, first: Number(values.first), seeds, options, traces: values.trace },
    ({ outcome, trace }) => {
      for (const line of trace) process.stdout.write(`${line}\n`)
      for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count)
      for (const [what, ms] of outcome.waits) {
        const known = waits.get(what)
        if (known === undefined) waits.set(what, [ms])
        else known.push(ms)
      }
      if (outcome.violations.length > 0) {
        bad++
        process.stdout.write(`seed ${String(outcome.seed)} (${outcome.mix}): ${outcome.violations.join('; ')}\n`)
      }
      return 'more'
    },
  )
  await pool.close()
  for (const [what, count] of [...counts].sort()) process.stdout.write(`${String(count).padStart(8)}  ${what}\n`)
  for (const [what, all] of [...waits].sort()) process.stdout.write(`${waitText(what, all)}\n`)
  process.stdout.write(`${String(seeds)} schedules, store ${values.store}: ${String(bad)} bad\n`)
  return bad === 0 ? 0 : 1
}

/** How long the operations took that were acknowledged, in seconds of virtual time. */
function waitText(what: string, waits: readonly number[]): string {
  const sorted = [...waits].sort((a, b) => a - b)
  const at = (part: number): string =>
    ((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) / 1000).toFixed(1)
  return (
    `   waits: ${what.padEnd(8)} half within ${at(0.5).padStart(7)} s, 99% within ${at(0.99).padStart(7)} s, ` +
    `all within ${at(1).padStart(7)} s`
  )
}
