import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measure } from './measure.ts'
import { readOptions, USAGE } from './options.ts'
import { type Results, type StoreResult, differences, loadResults, resultsText, withResults } from './results.ts'
import { STORES } from './servers/all-stores.ts'
import type { StoreUnderTest } from './servers/store-under-test.ts'
import { storesPage } from './stores-page.ts'

/** `npm run test:stores`: see `USAGE`. */

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const RESULTS = file('docs/stores/RESULTS.json')
const PAGE = file('docs/STORES.md')

const NAMES = STORES.map(({ name }) => name)

const say = (text: string): void => void process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`)

// Interrupted, it ends at once, and the servers end with it.
for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(signal, () => process.exit(status))

try {
  const options = readOptions(process.argv.slice(2), STORES)
  if (options === 'help') process.stdout.write(USAGE)
  else if (options === 'list') process.stdout.write(STORES.map(line).join(''))
  else if (options.report) write(loadResults(RESULTS))
  else process.exitCode = await testStores(options.names, options.check)
} catch (error) {
  process.stderr.write(`test:stores: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

function line({ isQuick, name, title, version }: StoreUnderTest): string {
  return `${name.padEnd(12)} ${`${title} ${version}`.padEnd(40)} ${isQuick ? 'quick' : ''}`.trimEnd().concat('\n')
}

/** @returns the exit status */
async function testStores(names: readonly string[], isCheck: boolean): Promise<number> {
  const before = loadResults(RESULTS)
  let wrong = 0
  for (const store of STORES.filter(({ name }) => names.includes(name))) {
    const startedAt = Date.now()
    const { different, faults, result } = await testStore(store, before)
    wrong += faults.length + (isCheck ? different.length : 0)
    for (const each of different) process.stdout.write(`${store.name}: differs: ${each}\n`)
    for (const each of faults) process.stdout.write(`${store.name}: wrong: ${each}\n`)
    const level = result === undefined ? 'not measured' : `${result.level}; ${result.why.join('; ')}`
    process.stdout.write(`${store.name}: ${level}, ${String(Math.round((Date.now() - startedAt) / 1000))} s\n`)
    // At once, so that it stays when a later store is interrupted, and beside what another run has measured meanwhile.
    if (!isCheck && result !== undefined) write(withResults(loadResults(RESULTS), { [store.name]: result }, NAMES))
  }
  return wrong > 0 ? 1 : 0
}

interface Tested {
  readonly result?: StoreResult
  readonly faults: readonly string[]
  readonly different: readonly string[]
}

async function testStore(store: StoreUnderTest, before: Results): Promise<Tested> {
  try {
    const { faults, result } = await measure(store, say)
    return { result, faults, different: differences(before[store.name], result, store) }
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)], different: [] }
  }
}

function write(results: Results): void {
  mkdirSync(dirname(RESULTS), { recursive: true })
  writeFileSync(RESULTS, resultsText(results))
  writeFileSync(PAGE, storesPage(readFileSync(PAGE, 'utf8'), results))
}
