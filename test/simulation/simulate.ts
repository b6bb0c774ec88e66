import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import type { MixName } from './mixes.ts'
import { loadProduct } from './product.ts'
import { type StoreKind, runSchedule } from './schedule.ts'

const USAGE = `Runs the real protocol over a simulated store, under a virtual clock, in seeded random schedules.

  npm run simulate -- --seeds 10000            seeds 1 to 10000
  npm run simulate -- --first 42 --seeds 1 --trace    one schedule, with every request

  --seeds N    how many schedules (default 1000)
  --first N    the first seed (default 1)
  --store S    exact (default), no-conditional-delete, no-conditions
  --mix M      tight, batch, long, init, junk, stall, storm, late, forced, sleepers, readers, reindex, mending, crossed, rebuild, orphans (default: drawn by the seed)
  --lib DIR    the program to run (default: lib)
  --trace      print what happens
`

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    store: { type: 'string', default: 'exact' },
    mix: { type: 'string' },
    lib: { type: 'string', default: fileURLToPath(new URL('../../lib', import.meta.url)) },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else process.exitCode = await simulate()

async function simulate(): Promise<number> {
  const product = await loadProduct(values.lib)
  const first = Number(values.first)
  const last = first + Number(values.seeds) - 1
  const counts = new Map<string, number>()
  let bad = 0
  for (let seed = first; seed <= last; seed++) {
    const outcome = await runSchedule(product, seed, {
      store: values.store as StoreKind,
      ...(values.mix === undefined ? {} : { mix: values.mix as MixName }),
      ...(values.trace ? { trace: (line) => void process.stdout.write(`${line}\n`) } : {}),
    })
    for (const [what, count] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + count)
    if (outcome.violations.length === 0) continue
    bad++
    process.stdout.write(`seed ${String(seed)} (${outcome.mix}): ${outcome.violations.join('; ')}\n`)
  }
  for (const [what, count] of [...counts].sort()) process.stdout.write(`${String(count).padStart(8)}  ${what}\n`)
  process.stdout.write(`${String(last - first + 1)} schedules, store ${values.store}: ${String(bad)} bad\n`)
  return bad === 0 ? 0 : 1
}
