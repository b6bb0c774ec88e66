import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type IndexForm, readIndexText } from '../../../lib/core/index/index-text.ts'
import { type IndexPage, type PageTable, decodePageTable, encodePageTable } from '../../../lib/core/index/page-table.ts'
import { type Paging, digestOf, pageOf, pagesWith, readPage } from '../../../lib/core/index/paging.ts'
import { sha256Of } from '../../../lib/sys/sha256.ts'
import {
  assertProved,
  indexOfSome,
  indexWith,
  pageIn,
  pagedText,
  pagingIn,
  versionsOf,
} from '../../support/paged-index.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']
const paged = (form: IndexForm): Buffer =>
  pagedText(indexWith(form, new Map(NAMES.map((name) => [name, versionsOf(name, 3)]))))

/** The same text with another table. */
function withTable(text: Buffer, change: (table: PageTable) => PageTable): Buffer {
  const before = readIndexText(text).parts.header.annotations.pages ?? assert.fail('it has no table')
  const table = decodePageTable(before) ?? assert.fail('its table is none')
  const after = encodePageTable(change(table)) ?? assert.fail('it cannot be encoded')
  return Buffer.from(text.toString().replace(before, after))
}

const withPage =
  (place: number, change: Partial<IndexPage>) =>
  ({ head, pages }: PageTable): PageTable => ({
    head,
    pages: pages.map((page, i) => (i === place ? { ...page, ...change } : page)),
  })

const read = (text: Buffer): Paging => pagingIn(text) ?? assert.fail('there is no page table that fits')

for (const form of ['json', 'yaml'] satisfies IndexForm[]) {
  describe(`the pages of a text in the ${form} form`, () => {
    const text = paged(form)
    const paging = assertProved(text)
    const { pages } = paging.table
    const length = (place: number): number => pages[place]?.length ?? 0

    it('are found from the end of the text alone, and contain every chart', () => {
      assert.ok(pages.length >= 3)
      assert.deepEqual(
        pages.map(({ charts }) => charts).reduce((a, b) => a + b),
        NAMES.length,
      )
    })

    it('are the same for a reader of the whole text', () => {
      const whole = readIndexText(text).parts.pages
      assert.equal(whole?.isWhole, true)
      assert.deepEqual(whole.paging.spans, paging.spans)
    })

    const misfits: Readonly<Record<string, (table: PageTable) => PageTable>> = {
      'lacks a page': ({ head, pages }) => ({ head, pages: pages.slice(0, -1) }),
      'has one page too many': ({ head, pages }) => ({
        head,
        pages: [...pages, { ...pages[0], first: 'z' } as IndexPage],
      }),
      'gives a page one byte too many': withPage(1, { length: length(1) + 1 }),
      'gives a head of 0 bytes': ({ pages }) => ({
        head: 0,
        pages: withPage(0, { length: length(0) + paging.table.head })({ head: 0, pages }).pages,
      }),
      'gives two pages the same first name': withPage(1, { first: 'a' }),
      'gives first names that do not ascend': withPage(1, { first: 'zz' }),
      'gives a page more bytes than the text has': withPage(1, { length: 999_999_999_999_999 }),
    }
    for (const [what, change] of Object.entries(misfits)) {
      it(`are not found when the table ${what}`, () => {
        const changed = withTable(text, change)
        assert.equal(pagingIn(changed), undefined)
        assert.equal(readIndexText(changed).parts.pages, undefined)
        assert.deepEqual(readIndexText(changed).chartNames(), NAMES)
      })
    }

    it('are not found when the text has become longer or shorter since the table was written', () => {
      const grown = text.toString().replace('a-3.0.0.tgz', 'a-3.0.0-long.tgz')
      assert.equal(pagingIn(Buffer.from(grown)), undefined)
      assert.equal(pagingIn(Buffer.from(text.toString().replace('a-3.0.0.tgz', 'a-3.tgz'))), undefined)
    })

    it('are not found when the table has an unknown version', () => {
      const other = text.toString().replace(/(helm-s3\/pages"?: ?"?)1,/, '$12,')
      assert.notEqual(other, text.toString())
      assert.equal(pagingIn(Buffer.from(other)), undefined)
    })

    const lies: Readonly<Record<string, Partial<IndexPage>>> = {
      'another digest': { digest: '-'.repeat(22) },
      'more charts': { charts: (pages[1]?.charts ?? 0) + 1 },
      'fewer charts': { charts: (pages[1]?.charts ?? 0) - 1 },
      'another first name': { first: `${pages[0]?.first ?? ''}x` },
    }
    for (const [what, change] of Object.entries(lies)) {
      it(`are refused when the table gives them ${what}`, () => {
        const changed = withTable(text, withPage(1, change))
        assert.equal(pageIn(changed, read(changed), 1), undefined)
        assert.ok(pageIn(changed, read(changed), 2))
      })
    }

    it('are refused when the table assigns their last chart to the next page', () => {
      const changed = withTable(text, withPage(2, { first: `${pages[1]?.first ?? ''}x` }))
      assert.equal(pageIn(changed, read(changed), 1), undefined)
    })

    it('are refused when they are read with the bytes of another page', () => {
      for (const [place, span] of paging.spans.entries()) {
        for (const other of paging.spans.keys()) {
          const page = readPage(paging, other, text.subarray(span.start, span.end), sha256Of)
          assert.equal(page !== undefined, place === other)
        }
      }
    })

    it('are refused when a single bit of their bytes is changed', () => {
      const [span] = paging.spans
      for (let at = span?.start ?? 0; at < (span?.end ?? 0); at++) {
        const changed = Buffer.from(text)
        changed[at] = (changed[at] ?? 0) ^ 1
        assert.equal(pageIn(changed, paging, 0), undefined)
      }
    })

    it('are refused when they contain anything but charts, although the digest matches', () => {
      const span = paging.spans[1] ?? assert.fail('there is one page only')
      const bytes = text.subarray(span.start, span.end)
      const others = [
        Buffer.concat([Buffer.from('  # a comment\n'), bytes]),
        Buffer.concat([Buffer.from('\n'), bytes]),
        Buffer.concat([bytes, Buffer.from('x')]),
        Buffer.concat([bytes, Buffer.from(',\n')]),
        Buffer.concat([bytes, Buffer.from('generated: x\n')]),
        Buffer.concat([bytes, Buffer.from('}')]),
        bytes.subarray(1),
        bytes.subarray(0, -1),
      ]
      for (const other of others) {
        const changed = withPage(1, { length: other.length, digest: digestOf([other], sha256Of) })(paging.table)
        assert.equal(readPage({ ...paging, table: changed }, 1, other, sha256Of), undefined, other.toString())
      }
    })

    it('give an index of their own charts, which throws when it is asked for other charts', () => {
      const index = indexOfSome(text, paging, [1])
      const [first = '', next = ''] = [pages[1]?.first, pages[2]?.first]
      assert.equal(index.isWhole, false)
      assert.deepEqual(index.versions(first), versionsOf(first, 3))
      assert.equal(index.countEntries(first), 3)
      assert.equal(index.countEntries(), readIndexText(text).countEntries(), 'the table tells of the others')
      assert.equal(index.countCharts(), readIndexText(text).countCharts())
      assert.ok(index.covers({ charts: [first, `${first}x`] }))
      assert.equal(index.covers({ charts: [next] }), false)
      assert.deepEqual(index.versions(`${first}x`), [], 'it is known that there is no such chart')
      for (const ask of [
        () => index.versions(next),
        () => index.find({ name: 'a', version: '1.0.0' }),
        () => index.countEntries('a'),
        () => index.chartNames(),
        () => index.chunks(),
        () => index.withCharts(new Map([[next, []]])),
        () => index.toForm(form === 'json' ? 'yaml' : 'json'),
        () => index.entriesNaming(['a-1.0.0.tgz']),
      ])
        assert.throws(ask, /is asked for|are asked for/)
      assert.deepEqual(index.bookkeeping, readIndexText(text).bookkeeping)
    })
  })
}

describe('the page of a chart', () => {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const pagingOfNames = (firsts: readonly string[]): Pick<Paging, 'codec' | 'table'> => {
    const { codec } = read(paged('json'))
    const page = { length: 1, charts: 1, entries: 1, digest: '', isPlain: true }
    return { codec, table: { head: 1, pages: firsts.map((first) => ({ ...page, first })) } }
  }

  it('is the last page whose first name is not above the chart name, or else the first page', () => {
    const name = fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'b', 'c', '-') })
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 9 }), name, (firsts, wanted) => {
        firsts.sort(compare)
        const last = firsts.findLastIndex((first) => compare(first, wanted) <= 0)
        assert.equal(pageOf(pagingOfNames(firsts), wanted), Math.max(0, last))
      }),
    )
  })
})

describe('the pages to read for given charts and files', () => {
  const text = paged('json')
  const paging = read(text)
  const firsts = paging.table.pages.map(({ first }) => first)

  it('are the pages of the charts, ascending and without duplicates', () => {
    assert.deepEqual(pagesWith(paging, { charts: [firsts[2] ?? '', 'a', firsts[2] ?? '', '0'] }), [0, 2])
    assert.deepEqual(pagesWith(paging, { charts: [] }), [])
  })

  it('are the pages of every chart whose archive may have the name of a file', () => {
    const { codec } = paging
    const page = { length: 1, charts: 1, entries: 1, digest: '', isPlain: true }
    const names = ['a', 'app', 'app-1', 'app-1.0.0', 'b']
    const table = { head: 1, pages: names.map((first) => ({ ...page, first })) }
    const of = (...files: string[]): readonly number[] => pagesWith({ ...paging, codec, table }, { charts: [], files })
    assert.deepEqual(of('app-1-2.tgz'), [1, 2])
    assert.deepEqual(of('app-1.0.0-rc.1.tgz'), [1, 3])
    assert.deepEqual(of('b-1.0.0.tgz', 'a-1.0.0.tgz'), [0, 4])
    assert.deepEqual(of('other.tgz'), [], 'without a hyphen it is no archive of a chart in a plain page')
  })

  it('include every page that is not plain when files are given', () => {
    const changed = read(withTable(text, withPage(2, { isPlain: false })))
    assert.deepEqual(pagesWith(changed, { charts: ['a'], files: ['a-1.0.0.tgz'] }), [0, 2])
    assert.deepEqual(pagesWith(changed, { charts: ['a'], files: [] }), [0])
  })
})
