import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { QUIET, recordWith, resultWith } from './fixture.ts'
import { type StoreResult, loadResults } from './results.ts'
import { STORES } from './servers/all-stores.ts'
import { storesPage } from './stores-page.ts'
import { alsoTable, conditionsTable, levelsTable } from './tables.ts'

const RESULTS = new URL('../../docs/stores/RESULTS.json', import.meta.url).pathname
const PAGE = new URL('../../docs/STORES.md', import.meta.url)

describe('the tables of stores', () => {
  it('say in one line what a user may rely on, and why it is no more', () => {
    const result = resultWith({ title: 'A', level: 'exact but for deletes', why: ['deletion | ignores'] })
    const [, , line] = levelsTable({ a: result }).split('\n')
    assert.match(
      line ?? '',
      /^\| A \| 1\.0 \| 2026-01-01 \| `exact but for deletes` \| everything, until .* \| deletion \\\| ignores \| all 90 \|/,
    )
  })

  it('say how many steps of the life of a repository succeed, and why others do not', () => {
    const row = (result: Partial<StoreResult>): string => levelsTable({ a: resultWith(result) }).split('\n')[2] ?? ''
    assert.match(row({}), /\| not lived \|/)
    assert.match(row({ life: { works: 3, differs: ['a'], fails: [] } }), /\| all 4 \|/)
    const life = { works: 3, differs: ['a'], fails: ['b', 'c'], because: ['it forgets'] }
    assert.match(row({ life }), /\| 4 of 6; it forgets \|/)
  })

  it('count the rounds of races', () => {
    const racy = { ...QUIET, bad: 3, most: 4, without: 2, errors: 5 }
    const probe = recordWith(
      { 'create-race': 'several winners', 'remove-race': 'not tried' },
      { create: racy, remove: { ...QUIET, rounds: 0 } },
    )
    const table = conditionsTable({ a: resultWith({ probe }) })
    assert.match(table, /up to 4 winners, in 3 of 30 rounds; none in 2 of 30 rounds; 5 errors/)
    assert.match(table, /\| one winner, 30 rounds \|/)
    assert.match(table, /\| not tried \|/)
  })

  it('name the stores that do something else than most', () => {
    const [usual, other] = [resultWith({ title: 'A' }), resultWith({ title: 'B', probe: recordWith({ sse: '501' }) })]
    const table = alsoTable({ a: usual, b: other, c: usual })
    assert.match(table, /AES256 \| as ever; \*\*B\*\*: 501 \|/)
    assert.match(table, /KeyCount \| all: as ever \|/)
  })

  it('stand in docs/STORES.md as docs/stores/RESULTS.json gives them', () => {
    const page = readFileSync(PAGE, 'utf8')
    assert.equal(storesPage(page, loadResults(RESULTS)), page, 'run npm run test:stores -- --report')
  })

  it('have the stores that are run without a name, each with the version that is installed', () => {
    const results = loadResults(RESULTS)
    for (const { name, version } of STORES.filter(({ isQuick }) => isQuick))
      assert.equal(results[name]?.version, version, name)
  })
})
