import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS, type Mutant } from './mutants.ts'
import { type Product, loadProduct } from './product.ts'
import { runSchedule } from './schedule.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUDGET = 2500

/** The simulation is worth what it can find: each rule of the protocol, broken alone, must show. */
describe('the simulation finds out when it does not hold that', () => {
  let folder: string
  before(async () => {
    // Below the project, so that the copies find its packages.
    await mkdir(join(ROOT, '.cache'), { recursive: true })
    folder = await mkdtemp(join(ROOT, '.cache', 'mutants-'))
  })
  after(() => rm(folder, { recursive: true }))

  MUTANTS.forEach((mutant, number) => {
    it(mutant.rule, async function () {
      this.timeout(120_000)
      const product = await breed(mutant, join(folder, String(number)))
      const found = await firstViolation(product, mutant)
      assert.notEqual(found, undefined, `${String(BUDGET)} schedules without a violation`)
    })
  })
})

async function breed({ file, find, replace }: Mutant, folder: string): Promise<Product> {
  await cp(join(ROOT, 'lib'), join(folder, 'lib'), { recursive: true })
  const path = join(folder, 'lib', file)
  const text = await readFile(path, 'utf8')
  assert.equal(text.split(find).length, 2, `${file} holds exactly once: ${find}`)
  await writeFile(path, text.replace(find, () => replace))
  return loadProduct(join(folder, 'lib'))
}

async function firstViolation(product: Product, { mix, store = 'exact' }: Mutant): Promise<string | undefined> {
  for (let seed = 1; seed <= BUDGET; seed++) {
    const { violations } = await runSchedule(product, seed, { store, ...(mix === undefined ? {} : { mix }) })
    if (violations.length > 0) return violations[0]
  }
  return undefined
}
