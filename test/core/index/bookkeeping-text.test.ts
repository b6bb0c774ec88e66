import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { FoldedDelta } from '../../../lib/core/log/bookkeeping.ts'
import { MAX_DELTA_TIME, makeDeltaId } from '../../../lib/core/log/delta-id.ts'
import { decodeAnnotations, encodeAnnotations } from '../../../lib/core/index/bookkeeping-text.ts'
import { hasCode } from '../../../lib/errors.ts'
import { id } from '../../support/builders.ts'

const seconds = fc.integer({ min: 0, max: 4_000_000_000 }).map((second) => second * 1000)
const plain = { noNullPrototype: true }
const versionId = fc.record({ name: fc.string(), version: fc.string() }, plain)
const touched = fc.oneof(fc.constant('*' as const), fc.array(versionId, { maxLength: 4 }))
const gone = fc.option(seconds, { nil: undefined })
const folded: fc.Arbitrary<FoldedDelta> = fc.record({ at: seconds, touched, gone }, plain)
const deltaId = fc
  .tuple(fc.integer({ min: 0, max: MAX_DELTA_TIME }), fc.uint8Array({ minLength: 10, maxLength: 10 }))
  .map(([time, random]) => makeDeltaId(time, random))
const foldedSet = fc.array(fc.tuple(deltaId, folded)).map((list) => new Map(list))
const place = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 16, maxLength: 16 })
const composes = fc
  .array(fc.tuple(place, fc.record({ works: fc.boolean(), at: seconds }, plain)), { minLength: 1, maxLength: 3 })
  .map((list) => new Map(list))
const bookkeepings = fc.record(
  { generation: fc.nat(), writeId: fc.string(), folded: foldedSet, emptiedBy: fc.string(), composes },
  { ...plain, requiredKeys: ['generation', 'writeId', 'folded'] },
)
const foreign = fc.dictionary(fc.string(), fc.string()).map((texts) => new Map(Object.entries(texts)))
const annotations = fc.record(
  { bookkeeping: bookkeepings, foreign, pages: fc.string() },
  { ...plain, requiredKeys: ['bookkeeping', 'foreign'] },
)

describe('bookkeeping text', () => {
  it('decodes to the annotations that were encoded', () => {
    fc.assert(
      fc.property(annotations, (wanted) =>
        assert.deepEqual(decodeAnnotations(Object.fromEntries(encodeAnnotations(wanted))), wanted),
      ),
    )
  })

  it('has our keys last, ending with the newest deltas, the generation and the write id', () => {
    const state: FoldedDelta = { at: 0, touched: '*', gone: undefined }
    const bookkeeping = {
      generation: 1,
      writeId: 'w',
      emptiedBy: 'e',
      composes: new Map([
        ['0123456789abcdef', { works: true, at: 0 }],
        ['fedcba9876543210', { works: false, at: 1000 }],
      ]),
      folded: new Map([
        [id(1), state],
        [id(3), state],
        [id(2), state],
      ]),
    }
    const written = encodeAnnotations({ bookkeeping, foreign: new Map([['a', 'b']]), pages: 'p' })
    const deltas = [id(1), id(2), id(3)].map((each) => `helm-s3/folded/${each}`)
    const found = ['helm-s3/composes/0123456789abcdef', 'helm-s3/composes/fedcba9876543210']
    assert.deepEqual(
      [...written.keys()],
      ['a', 'helm-s3/emptied', ...found, 'helm-s3/pages', ...deltas, 'helm-s3/generation', 'helm-s3/write'],
    )
    assert.equal(written.get(found[0] ?? ''), 'yes 1970-01-01T00:00:00Z')
    assert.equal(written.get(found[1] ?? ''), 'no 1970-01-01T00:00:01Z')
    assert.equal(written.get(`helm-s3/folded/${id(1)}`), '{"at":"1970-01-01T00:00:00Z","touched":"*"}')
  })

  it('is empty for an index without bookkeeping', () => {
    const { bookkeeping, foreign } = decodeAnnotations({ a: 'b' })
    assert.deepEqual(bookkeeping, { generation: 0, writeId: '', folded: new Map() })
    assert.deepEqual([...encodeAnnotations({ bookkeeping, foreign })], [['a', 'b']])
  })

  it('keeps unknown keys with our prefix, which a newer version may have written', () => {
    const newer = {
      'helm-s3/seal': 'x',
      'helm-s3/folded/not-a-ulid': 'y',
      'helm-s3/composes/0123': 'yes 2026-01-01T00:00:00Z',
      'helm-s3/composes/0123456789abcdef': 'perhaps 2026-01-01T00:00:00Z',
      'helm-s3/composes/fedcba9876543210': 'yes tomorrow',
    }
    assert.deepEqual(Object.fromEntries(decodeAnnotations(newer).foreign), newer)
  })

  const key = `helm-s3/folded/${id(1)}`
  const bad: readonly (readonly [string, string])[] = [
    ['helm-s3/generation', '-1'],
    ['helm-s3/generation', '1e3'],
    ['helm-s3/generation', '99999999999999999999'],
    [key, ''],
    [key, '[]'],
    [key, '{"touched":"*"}'],
    [key, '{"at":"2024-01-01","touched":"*"}'],
    [key, '{"at":"2024-13-01T00:00:00Z","touched":"*"}'],
    [key, '{"at":"2024-01-01T00:00:00Z"}'],
    [key, '{"at":"2024-01-01T00:00:00Z","touched":[["a"]]}'],
    [key, '{"at":"2024-01-01T00:00:00Z","touched":[["a",1]]}'],
    [key, '{"at":"2024-01-01T00:00:00Z","touched":"*","gone":1}'],
  ]
  for (const [name, value] of bad) {
    it(`is refused when ${name} has the value ${value === '' ? '(empty)' : value}`, () => {
      assert.throws(
        () => decodeAnnotations({ [name]: value }),
        (error) => hasCode(error, 'invalid-index') && error.message.includes(name) && error.hint !== undefined,
      )
    })
  }
})
