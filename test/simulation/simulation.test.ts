import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { type Product, loadProduct } from './product.ts'
import { type StoreKind, runSchedule } from './schedule.ts'

const LIB = fileURLToPath(new URL('../../lib', import.meta.url))

/** A fixed budget; `npm run simulate -- --seeds N` goes on from there. */
const BUDGET: Readonly<Record<StoreKind, number>> = { exact: 1200, 'no-conditional-delete': 300, 'no-conditions': 300 }

describe('the protocol in seeded schedules', () => {
  let product: Product
  before(async () => {
    product = await loadProduct(LIB)
  })

  for (const [store, seeds] of Object.entries(BUDGET) as [StoreKind, number][]) {
    it(`loses nothing and undoes nothing on a store of the kind ${store}`, async function () {
      this.timeout(120_000)
      for (let seed = 1; seed <= seeds; seed++) {
        const { violations, mix } = await runSchedule(product, seed, { store })
        const replay = `npm run simulate -- --store ${store} --first ${String(seed)} --seeds 1 --trace`
        assert.deepEqual(violations, [], `seed ${String(seed)} (${mix}); ${replay}`)
      }
    })
  }

  it('takes no archive from a push when archives without an entry are cleared away', async function () {
    this.timeout(120_000)
    for (let seed = 1; seed <= 200; seed++) {
      const { violations } = await runSchedule(product, seed, { store: 'exact', mix: 'orphans' })
      assert.deepEqual(violations, [], `npm run simulate -- --mix orphans --first ${String(seed)} --seeds 1 --trace`)
    }
  })

  it('gives the same run for the same seed', async () => {
    for (const seed of [3, 14, 15]) {
      const traces = await Promise.all([0, 1].map(() => trace(product, seed)))
      assert.ok((traces[0]?.length ?? 0) > 20)
      assert.deepEqual(traces[0], traces[1])
    }
  })
})

async function trace(product: Product, seed: number): Promise<string[]> {
  const lines: string[] = []
  await runSchedule(product, seed, { store: 'exact', trace: (line) => void lines.push(line) })
  return lines
}
