import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type PageTable, decodePageTable, encodePageTable } from '../../../lib/core/index/page-table.ts'

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const digest = fc.string({ unit: fc.constantFrom(...BASE64URL), minLength: 22, maxLength: 22 })
const number = fc.integer({ min: 0, max: 999_999_999_999_999 })
const positive = fc.integer({ min: 1, max: 999_999_999_999_999 })
const page = fc.record(
  {
    first: fc.string({ unit: 'grapheme' }),
    length: positive,
    charts: positive,
    entries: number,
    digest,
    isPlain: fc.boolean(),
  },
  { noNullPrototype: true },
)
const table: fc.Arbitrary<PageTable> = fc.record(
  { head: number, pages: fc.array(page, { minLength: 1, maxLength: 8 }) },
  { noNullPrototype: true },
)

const DIGEST = 'x'.repeat(22)
const ROW = `a,10,1,2,p,${DIGEST}`

describe('page table', () => {
  it('gives back what it was given', () => {
    fc.assert(
      fc.property(table, (wanted) => {
        const text = encodePageTable(wanted)
        assert.ok(text !== undefined)
        assert.deepEqual(decodePageTable(text), wanted)
      }),
    )
  })

  it('is one line of characters that need no escape in JSON, in YAML, in a URL', () => {
    fc.assert(
      fc.property(table, (wanted) => {
        assert.match(encodePageTable(wanted) ?? '', /^[A-Za-z0-9._~%,;-]+$/)
      }),
    )
  })

  it('is written as the format says', () => {
    const first = { first: "a b;é'*", length: 1000, charts: 3, entries: 9, digest: DIGEST, isPlain: true }
    const second = { first: 'b-1', length: 70, charts: 1, entries: 0, digest: DIGEST, isPlain: false }
    assert.equal(
      encodePageTable({ head: 30, pages: [first, second] }),
      `1,30;a%20b%3B%C3%A9%27%2A,1000,3,9,p,${DIGEST};b-1,70,1,0,x,${DIGEST}`,
    )
  })

  it('cannot be written with a name that is no Unicode text', () => {
    const half = { first: 'a\ud800', length: 1, charts: 1, entries: 1, digest: DIGEST, isPlain: true }
    assert.equal(encodePageTable({ head: 1, pages: [half] }), undefined)
  })

  it('is read from what an encoder of another language may write of a name', () => {
    assert.equal(decodePageTable(`1,30;%61%c3%a9,10,1,2,p,${DIGEST}`)?.pages[0]?.first, 'aé')
  })

  const refused: Readonly<Record<string, string>> = {
    'of no characters': '',
    'without pages': '1,30',
    'of a later version': `2,30;${ROW}`,
    'of no version': `30;${ROW}`,
    'of a version that is spelled otherwise': `01,30;${ROW}`,
    'with an empty row': `1,30;${ROW};`,
    'with another field at the start': `1,30,7;${ROW}`,
    'with another field in a row': `1,30;${ROW},7`,
    'with a row of too few fields': `1,30;a,10,1,2,p`,
    'with a length below zero': `1,30;a,-10,1,2,p,${DIGEST}`,
    'with a head below zero': `1,-30;${ROW}`,
    'with a head that is no number': `1,x;${ROW}`,
    'with a number with a fraction': `1,30;a,10.5,1,2,p,${DIGEST}`,
    'with a number in hexadecimal': `1,30;a,0x10,1,2,p,${DIGEST}`,
    'with a number with an exponent': `1,30;a,1e3,1,2,p,${DIGEST}`,
    'with a number with a leading zero': `1,30;a,010,1,2,p,${DIGEST}`,
    'with a number with blanks': `1,30;a, 10,1,2,p,${DIGEST}`,
    'with a number that no safe integer can hold': `1,30;a,${'9'.repeat(16)},1,2,p,${DIGEST}`,
    'with an empty page': `1,30;a,0,1,2,p,${DIGEST}`,
    'with a page without charts': `1,30;a,10,0,2,p,${DIGEST}`,
    'with another mark': `1,30;a,10,1,2,y,${DIGEST}`,
    'with a short digest': `1,30;a,10,1,2,p,${DIGEST.slice(1)}`,
    'with a long digest': `1,30;a,10,1,2,p,${DIGEST}=`,
    'with a digest in another alphabet': `1,30;a,10,1,2,p,${DIGEST.slice(1)}+`,
    'with a name that cannot be decoded': `1,30;%,10,1,2,p,${DIGEST}`,
    'with a name that is no UTF-8': `1,30;%ff,10,1,2,p,${DIGEST}`,
    'with a line feed at its end': `1,30;${ROW}\n`,
  }
  for (const [what, text] of Object.entries(refused)) {
    it(`is none ${what}`, () => {
      assert.equal(decodePageTable(text), undefined)
    })
  }
})
