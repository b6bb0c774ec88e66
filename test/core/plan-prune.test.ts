import assert from 'node:assert/strict'
import type { Entry } from '../../lib/core/log/entry.ts'
import { chartList, parseKeepList } from '../../lib/core/keep-list.ts'
import { type PruneRules, planPrune } from '../../lib/core/plan-prune.ts'
import { indexOf } from '../support/builders.ts'

const DAY = 24 * 3_600_000
const NOW = Date.parse('2026-06-01T00:00:00Z')

/** In these tests `1.0.0@30` is version 1.0.0, created thirty days ago. */
function entryOf(name: string, text: string): Entry {
  const [version = '', age] = text.split('@')
  const created = age === undefined ? {} : { created: new Date(NOW - Number(age) * DAY).toISOString() }
  return { name, version, urls: [`${name}-${version}.tgz`], ...created }
}

function removed(
  versions: string,
  rules: Partial<Omit<PruneRules, 'createdBefore'>> & { readonly olderThan?: number },
): string {
  const { olderThan, ...others } = rules
  const index = indexOf(...versions.split(' ').map((text) => entryOf('app', text)))
  const plan = planPrune(index, {
    keepLast: undefined,
    keepPrereleases: undefined,
    createdBefore: olderThan === undefined ? undefined : NOW - olderThan * DAY,
    isPruned: () => true,
    isKept: () => false,
    isInUse: () => false,
    ...others,
  })
  assert.equal(plan.remove.length + plan.keep.length, rules.isPruned === undefined ? index.versions('app').length : 0)
  return plan.remove.map(({ version }) => version).join(' ')
}

describe('the plan of a prune', () => {
  const ALL = '2.0.0@10 2.0.0-rc.2@20 2.0.0-rc.1@30 1.1.0@40 1.1.0-rc.1@50 1.0.0@100'
  const CASES: readonly (readonly [string, Parameters<typeof removed>[1], string])[] = [
    ['keeps the newest stable versions and all prereleases with keepLast', { keepLast: 2 }, '1.0.0'],
    [
      'keeps the newest prereleases and all stable versions with keepPrereleases',
      { keepPrereleases: 1 },
      '2.0.0-rc.1 1.1.0-rc.1',
    ],
    ['removes all prereleases with keepPrereleases 0', { keepPrereleases: 0 }, '2.0.0-rc.2 2.0.0-rc.1 1.1.0-rc.1'],
    ['removes older stable versions and prereleases with an age', { olderThan: 35 }, '1.1.0 1.1.0-rc.1 1.0.0'],
    [
      'removes only versions that are both older than the age and not among the newest',
      { keepLast: 1, olderThan: 45 },
      '1.1.0-rc.1 1.0.0',
    ],
    [
      'removes the versions that all three rules allow',
      { keepLast: 2, keepPrereleases: 1, olderThan: 25 },
      '2.0.0-rc.1 1.1.0-rc.1 1.0.0',
    ],
    ['keeps versions that are in use', { keepLast: 1, isInUse: chartList(['app-1.0.0']) }, '1.1.0'],
    ['keeps versions that a keep list names', { keepLast: 1, isKept: parseKeepList('app 1.1.*').names }, '1.0.0'],
    ['removes no versions of charts that are not selected', { keepLast: 1, isPruned: (name) => name === 'web' }, ''],
    ['removes nothing without a rule', {}, ''],
  ]
  for (const [behaviour, rules, expected] of CASES) {
    it(behaviour, () => {
      assert.equal(removed(ALL, rules), expected)
    })
  }

  it('counts versions that a list keeps among the newest', () => {
    assert.equal(removed('3.0.0 2.0.0 1.0.0', { keepLast: 1, isInUse: chartList(['app-3.0.0']) }), '2.0.0 1.0.0')
  })

  it('keeps versions without a creation time when an age is given', () => {
    assert.equal(removed('2.0.0 1.0.0@100', { olderThan: 1 }), '1.0.0')
  })

  it('orders equal versions by their date, then by their build metadata', () => {
    assert.equal(
      removed('106.0.0+up9.0.0@20 106.0.0+up10.0.0@10 105.0.0@1', { keepLast: 1 }),
      '106.0.0+up9.0.0 105.0.0',
    )
    assert.equal(removed('1.0.0+9@5 1.0.0+10@5 1.0.0@5', { keepLast: 1 }), '1.0.0+9 1.0.0')
    assert.equal(removed('1.0.0+9@5 1.0.0+10', { keepLast: 1 }), '1.0.0+10')
  })

  it('orders by version and not by time or text', () => {
    assert.equal(removed('1.10.0@1 1.9.0@0 1.2.0@0', { keepLast: 1 }), '1.9.0 1.2.0')
  })
})

describe('a keep list', () => {
  const CASES: readonly (readonly [string, string, boolean])[] = [
    ['app 1.0.0', 'app 1.0.0', true],
    ['app 1.0.0', 'app 1.0.1', false],
    ['app: 1.0.0', 'app 1.0.0', true],
    ['app: "1.0.0"', 'app 1.0.0', true],
    ['app:1.0.0', 'app 1.0.0', true],
    ['app-1.0.0', 'app 1.0.0', true],
    ['my-app-1.0.0-rc.1', 'my-app 1.0.0-rc.1', true],
    ['app-1.*', 'app 1.7.2', true],
    ['web-* 1.0.{0,1}', 'web-front 1.0.1', true],
    ['web-* 1.0.{0,1}', 'web-front 1.0.2', false],
    ['app', 'app 9.9.9', true],
    ['app', 'apple 9.9.9', false],
    ['# app', 'app 1.0.0', false],
    ['app 1.0.0 # in production', 'app 1.0.0', true],
    ['app 1.0.0+b#7', 'app 1.0.0+b#7', true],
    ['  app\t1.0.0\r\n', 'app 1.0.0', true],
    ['', 'app 1.0.0', false],
  ]
  for (const [list, id, expected] of CASES) {
    it(`${expected ? 'names' : 'does not name'} ${id} in ${JSON.stringify(list)}`, () => {
      const [name = '', version = ''] = id.split(' ')
      assert.equal(parseKeepList(list).names({ name, version }), expected)
    })
  }
})

describe('a keep list of names with spaces', () => {
  const CASES: readonly (readonly [line: string, name: string, version: string, isKept: boolean])[] = [
    ['my chart 1.0.0', 'my chart', '1.0.0', true],
    ['my chart: 1.0.0', 'my chart', '1.0.0', true],
    ['"my chart": "1.0.0"', 'my chart', '1.0.0', true],
    ['my chart-1.0.0', 'my chart', '1.0.0', true],
    ['my chart', 'my chart', '2.0.0', true],
    ['my * 1.*', 'my chart', '1.2.0', true],
    ['my chart 1.0.0', 'my', '1.0.0', false],
    ['my chart 1.0.0', 'my chart', '1.0.1', false],
    ['app:1.0.0', 'app', '1.0.0', true],
  ]
  for (const [line, name, version, isKept] of CASES) {
    it(`${isKept ? 'keeps' : 'does not keep'} ${name} ${version} by \`${line}\``, () => {
      assert.equal(parseKeepList(line).names({ name, version }), isKept)
    })
  }

  it('reports its lines that name no version', () => {
    const list = parseKeepList('app 1.0.0\napp 9.* # gone\n\nwbe\n')
    for (const version of ['1.0.0', '2.0.0']) list.note({ name: 'app', version })
    assert.deepEqual(list.unmatched(), ['app 9.*', 'wbe'])
  })
})
