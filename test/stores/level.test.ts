import assert from 'node:assert/strict'
import { QUIET, recordWith } from './fixture.ts'
import { type StoreLevel, deriveLevel, possibleLevels } from './level.ts'
import type { Words } from './probe/behaviours.ts'

describe('the level of a store, by raw requests', () => {
  const cases: readonly (readonly [what: string, words: Partial<Words>, level: StoreLevel])[] = [
    ['all that is needed', {}, 'exact'],
    ['quotes refused, and the bare ETag taken', { 'swap-current': '412 PreconditionFailed' }, 'exact'],
    ['409 for what exists', { 'create-existing': '409 ConditionalRequestConflict' }, 'exact'],
    ['deletions that ignore the condition', { 'remove-stale': '204, gone' }, 'exact but for deletes'],
    ['deletions with a condition refused', { 'remove-stale': '501 NotImplemented, kept' }, 'exact but for deletes'],
    [
      'deletions that refuse the current ETag',
      { 'remove-current': '412 PreconditionFailed, kept', 'remove-unquoted': '412 PreconditionFailed, kept' },
      'exact but for deletes',
    ],
    ['several winners of a deletion and replacements', { 'remove-race': 'several winners' }, 'exact but for deletes'],
    ['creations that ignore the condition', { 'create-existing': '200, overwrites' }, 'index only'],
    ['several winners of a creation', { 'create-race': 'several winners' }, 'index only'],
    ['replacements that ignore the ETag', { 'swap-stale': '200, overwrites' }, 'index only'],
    ['a replacement of nothing', { 'swap-missing': '200' }, 'index only'],
    ['several winners of a replacement', { 'swap-race': 'several winners' }, 'index only'],
    ['conditional creations refused', { 'create-new': '501 NotImplemented' }, 'unsafe'],
    [
      'conditional replacements refused',
      { 'swap-current': '412 PreconditionFailed', 'swap-unquoted': '412 PreconditionFailed' },
      'unsafe',
    ],
    ['no winner of a creation', { 'create-race': 'no winner' }, 'unsafe'],
    ['no winner of a replacement', { 'swap-race': 'no winner' }, 'unsafe'],
    ['reads that are late', { shows: 'late: LIST' }, 'unsafe'],
    ['pages that cannot be read', { 'list-tokens': '500 InternalError' }, 'unsafe'],
    ['no start-after', { 'list-start-after': 'keys come twice' }, 'unsafe'],
    ['keys in another order', { 'list-order': 'complete, in another order' }, 'unsafe'],
    ['listings without ETags', { etags: 'none in LIST' }, 'unsafe'],
    ['a mixture of two bodies', { 'bodies-race': 'a mixture' }, 'unsafe'],
  ]
  for (const [what, words, level] of cases) {
    it(`is "${level}" with ${what}`, () => {
      const derived = deriveLevel(recordWith(words))
      assert.equal(derived.level, level)
      assert.equal(derived.why.length > 0, level !== 'exact')
    })
  }

  it('is the worst of several', () => {
    const record = recordWith({ 'remove-stale': '204, gone', 'create-race': 'several winners', shows: 'late: GET' })
    assert.equal(deriveLevel(record).level, 'unsafe')
    assert.equal(deriveLevel(recordWith({ ...record.words, shows: 'at once' })).level, 'index only')
  })

  it('may be a better one in another run where a race was lost in few rounds, and in no case where in many', () => {
    const racy = { 'create-race': 'several winners' }
    const lostIn = (bad: number) => recordWith(racy, { create: { ...QUIET, bad, most: 2 } })
    assert.deepEqual([...possibleLevels(lostIn(3))].sort(), ['exact', 'index only'])
    assert.deepEqual([...possibleLevels(lostIn(12))], ['index only'])
  })

  it('may be a worse one in another run where several winners are known', () => {
    assert.deepEqual([...possibleLevels(recordWith(), ['create-race'])].sort(), ['exact', 'index only'])
    assert.deepEqual([...possibleLevels(recordWith())], ['exact'])
  })

  it('may be that of any of several races that are lost seldom', () => {
    const levels = [...possibleLevels(recordWith(), ['create-race', 'remove-race', 'bodies-read'])]
    assert.deepEqual(levels.sort(), ['exact', 'exact but for deletes', 'index only'])
  })
})
