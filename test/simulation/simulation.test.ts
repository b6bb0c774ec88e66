import assert from 'node:assert/strict'
import { bundleProduct } from './bundle.ts'
import { describeSchedules, usePool } from './suites.ts'

describe('the protocol in seeded schedules', () => {
  describeSchedules('short')
})

describe('a schedule', () => {
  const pool = usePool()

  it('gives the same run for the same seed', async () => {
    const product = await bundleProduct()
    const trace = async (seed: number): Promise<readonly string[]> => {
      let lines: readonly string[] = []
      await pool().run({ product, first: seed, seeds: 1, options: { store: 'exact' }, traces: true }, (answer) => {
        lines = answer.trace
        return 'more'
      })
      return lines
    }
    for (const seed of [3, 14, 15]) {
      const traces = [await trace(seed), await trace(seed)]
      assert.ok((traces[0]?.length ?? 0) > 20)
      assert.deepEqual(traces[0], traces[1])
    }
  })
})
