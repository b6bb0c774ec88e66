import assert from 'node:assert/strict'
import { bundleProduct } from './bundle.ts'
import type { MixName } from './mixes.ts'
import { MUTANTS } from './mutants.ts'
import { Pool } from './pool.ts'
import type { StoreKind } from './world.ts'

interface Budget {
  readonly store: StoreKind
  readonly mix?: MixName
  /** How many schedules are run by `npm test`, from seed 1. */
  readonly short: number
  /** How many more are run by `npm run test:simulation`, from there; `npm run simulate -- --seeds N` goes on. */
  readonly long: number
}

const SCHEDULES: Readonly<Record<string, Budget>> = {
  'loses nothing and undoes nothing on a store of the kind exact': { store: 'exact', short: 40, long: 1460 },
  'loses nothing and undoes nothing on a store of the kind no-conditional-delete': {
    store: 'no-conditional-delete',
    short: 15,
    long: 385,
  },
  'loses nothing and undoes nothing on a store of the kind no-conditions': {
    store: 'no-conditions',
    short: 15,
    long: 385,
  },
  'loses and undoes no push while other clients run prune --orphans': {
    store: 'exact',
    mix: 'orphans',
    short: 15,
    long: 235,
  },
}

/** The number of schedules in which the simulation must find a violation by a mutant. */
const MUTANT_BUDGET = 3500

/** One test for each kind of schedules: none may end in a violation. */
export function describeSchedules(share: 'short' | 'long'): void {
  let product: string
  const pool = usePool()
  before(async () => {
    product = await bundleProduct()
  })

  for (const [title, { store, mix, short, long }] of Object.entries(SCHEDULES)) {
    it(title, async function () {
      this.timeout(300_000)
      const bad: string[] = []
      const run = share === 'short' ? { first: 1, seeds: short } : { first: 1 + short, seeds: long }
      await pool().run({ ...run, product, options: optionsOf(store, mix) }, ({ outcome: { seed, violations } }) => {
        if (violations.length === 0) return 'more'
        const replay =
          `--store ${store}${mix === undefined ? '' : ` --mix ${mix}`} --first ${String(seed)} --seeds ` + `1 --trace`
        bad.push(`seed ${String(seed)}: ${violations.join('; ')}; npm run simulate -- ${replay}`)
        return 'enough'
      })
      assert.deepEqual(bad, [])
    })
  }
}

/** One test for each mutant: the simulation must find a violation. */
export function describeMutants(): void {
  const pool = usePool()

  for (const mutant of MUTANTS) {
    const { also = [], file, find, first = 1, mix, pages, replace, rule, store = 'exact' } = mutant
    it(rule, async function () {
      this.timeout(300_000)
      const product = await bundleProduct({ edits: [{ file, find, replace }, ...also] })
      let isShown = false
      const options = { ...optionsOf(store, mix), ...(pages === undefined ? {} : { pages }) }
      await pool().run({ product, first, seeds: MUTANT_BUDGET, options }, ({ outcome }) => {
        isShown ||= outcome.violations.length > 0
        return isShown ? 'enough' : 'more'
      })
      assert.ok(isShown, `${String(MUTANT_BUDGET)} schedules without a violation`)
    })
  }
}

/** Threads for the tests of the enclosing `describe`. */
export function usePool(): () => Pool {
  let pool: Pool
  before(async () => {
    pool = await Pool.open()
  })
  after(() => pool.close())
  return () => pool
}

function optionsOf(store: StoreKind, mix: MixName | undefined): { readonly store: StoreKind; readonly mix?: MixName } {
  return { store, ...(mix === undefined ? {} : { mix }) }
}
