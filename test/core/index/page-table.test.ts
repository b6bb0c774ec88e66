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

describe('a page table', () => {
  it('decodes to the value that was encoded', () => {
    fc.assert(
      fc.property(table, (wanted) => {
        const text = encodePageTable(wanted)
        assert.ok(text !== undefined)
        assert.deepEqual(decodePageTable(text), wanted)
      }),
    )
  })

  it('is one line of characters that need no escape in JSON, YAML or a URL', () => {
    fc.assert(
      fc.property(table, (wanted) => {
        assert.match(encodePageTable(wanted) ?? '', /^[A-Za-z0-9._~%,;-]+$/)
      }),
    )
  })

  it('is encoded as the format document says', () => {
    const first = { first: "a b;é'*", length: 1000, charts: 3, entries: 9, digest: DIGEST, isPlain: true }
    const second = { first: 'b-1', length: 70, charts: 1, entries: 0, digest: DIGEST, isPlain: false }
    assert.equal(
      encodePageTable({ head: 30, pages: [first, second] }),
      `1,30;a%20b%3B%C3%A9%27%2A,1000,3,9,p,${DIGEST};b-1,70,1,0,x,${DIGEST}`,
    )
  })

  it('cannot be encoded with a name that is not valid Unicode', () => {
    const half = { first: 'a\ud800', length: 1, charts: 1, entries: 1, digest: DIGEST, isPlain: true }
    assert.equal(encodePageTable({ head: 1, pages: [half] }), undefined)
  })

  it('is decoded when a name is percent-encoded in more ways than our encoder uses', () => {
    assert.equal(decodePageTable(`1,30;%61%c3%a9,10,1,2,p,${DIGEST}`)?.pages[0]?.first, 'aé')
  })

  const refused: Readonly<Record<string, string>> = {
    'an empty text': '',
    'a text without pages': '1,30',
    'a text of a later version': `2,30;${ROW}`,
    'a text without a version': `30;${ROW}`,
    'a text whose version has a leading zero': `01,30;${ROW}`,
    'a text with an empty row': `1,30;${ROW};`,
    'a text with an additional field at the start': `1,30,7;${ROW}`,
    'a text with an additional field in a row': `1,30;${ROW},7`,
    'a text with too few fields in a row': `1,30;a,10,1,2,p`,
    'a text with a negative length': `1,30;a,-10,1,2,p,${DIGEST}`,
    'a text with a negative head': `1,-30;${ROW}`,
    'a text with a head that is not a number': `1,x;${ROW}`,
    'a text with a fraction': `1,30;a,10.5,1,2,p,${DIGEST}`,
    'a text with a hexadecimal number': `1,30;a,0x10,1,2,p,${DIGEST}`,
    'a text with an exponent': `1,30;a,1e3,1,2,p,${DIGEST}`,
    'a text with a leading zero in a number': `1,30;a,010,1,2,p,${DIGEST}`,
    'a text with a blank before a number': `1,30;a, 10,1,2,p,${DIGEST}`,
    'a text with a number beyond the safe integers': `1,30;a,${'9'.repeat(16)},1,2,p,${DIGEST}`,
    'a text with a page of length 0': `1,30;a,0,1,2,p,${DIGEST}`,
    'a text with a page without charts': `1,30;a,10,0,2,p,${DIGEST}`,
    'a text with an unknown mark': `1,30;a,10,1,2,y,${DIGEST}`,
    'a text with a digest that is too short': `1,30;a,10,1,2,p,${DIGEST.slice(1)}`,
    'a text with a digest that is too long': `1,30;a,10,1,2,p,${DIGEST}=`,
    'a text with a digest in another alphabet': `1,30;a,10,1,2,p,${DIGEST.slice(1)}+`,
    'a text with a malformed percent escape in a name': `1,30;%,10,1,2,p,${DIGEST}`,
    'a text with a name that is not UTF-8': `1,30;%ff,10,1,2,p,${DIGEST}`,
    'a text with a line feed at the end': `1,30;${ROW}\n`,
  }
  for (const [what, text] of Object.entries(refused)) {
    it(`is not decoded when it is ${what}`, () => {
      assert.equal(decodePageTable(text), undefined)
    })
  }
})
