import assert from 'node:assert/strict'
import { bundleProduct } from './bundle.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { Pool } from './pool.ts'

const BUDGET = 2500

/** The simulation is worth what it can find: each rule of the protocol, broken alone, must show. */
describe('the simulation finds out when it does not hold that', () => {
  let pool: Pool
  before(async () => {
    pool = await Pool.open()
  })
  after(() => pool.close())

  for (const mutant of MUTANTS) {
    it(mutant.rule, async function () {
      this.timeout(300_000)
      assert.notEqual(await firstViolation(mutant), undefined, `${String(BUDGET)} schedules without a violation`)
    })
  }

  async function firstViolation({ also = [], file, find, mix, replace, store = 'exact' }: Mutant): Promise<string | undefined> {
    const product = await bundleProduct({ edits: [{ file, find, replace }, ...also] })
    let found: string | undefined
    await pool.run({ product, first: 1, seeds: BUDGET, options: { store, ...(mix === undefined ? {} : { mix }) } }, ({ outcome }) => {
      found = outcome.violations[0]
      return found === undefined ? 'more' : 'enough'
    })
    return found
  }
})
