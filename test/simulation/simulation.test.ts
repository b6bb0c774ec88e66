import assert from 'node:assert/strict'
import { bundleProduct } from './bundle.ts'
import type { MixName } from './mixes.ts'
import { Pool } from './pool.ts'
import type { StoreKind } from './world.ts'

/** A fixed budget; `npm run simulate -- --seeds N` goes on from there. */
const BUDGET: Readonly<Record<StoreKind, number>> = { exact: 1200, 'no-conditional-delete': 300, 'no-conditions': 300 }

describe('the protocol in seeded schedules', () => {
  let product: string
  let pool: Pool
  before(async () => {
    product = await bundleProduct()
    pool = await Pool.open()
  })
  after(() => pool.close())

  for (const [store, seeds] of Object.entries(BUDGET) as [StoreKind, number][]) {
    it(`loses nothing and undoes nothing on a store of the kind ${store}`, async function () {
      this.timeout(120_000)
      await expectNoViolation(seeds, { store })
    })
  }

  it('takes no archive from a push when archives without an entry are cleared away', async function () {
    this.timeout(120_000)
    await expectNoViolation(200, { store: 'exact', mix: 'orphans' })
  })

  it('gives the same run for the same seed', async () => {
    for (const seed of [3, 14, 15]) {
      const traces = [await trace(seed), await trace(seed)]
      assert.ok((traces[0]?.length ?? 0) > 20)
      assert.deepEqual(traces[0], traces[1])
    }
  })

  async function expectNoViolation(seeds: number, options: { readonly store: StoreKind; readonly mix?: MixName }): Promise<void> {
    const bad: string[] = []
    await pool.run({ product, first: 1, seeds, options }, ({ outcome: { mix, seed, violations } }) => {
      if (violations.length === 0) return 'more'
      const replay = `npm run simulate -- --store ${options.store} --mix ${mix} --first ${String(seed)} --seeds 1 --trace`
      bad.push(`seed ${String(seed)}: ${violations.join('; ')}; ${options.mix === undefined ? replay.replace(` --mix ${mix}`, '') : replay}`)
      return 'enough'
    })
    assert.deepEqual(bad, [])
  }

  async function trace(seed: number): Promise<readonly string[]> {
    let lines: readonly string[] = []
    await pool.run({ product, first: seed, seeds: 1, options: { store: 'exact' }, traces: true }, (answer) => {
      lines = answer.trace
      return 'more'
    })
    return lines
  }
})
