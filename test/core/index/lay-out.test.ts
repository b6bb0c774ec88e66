import { compareChartNames } from '../../../lib/core/index/chart-order.ts'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Entry } from '../../../lib/core/log/entry.ts'
import { type IndexForm, type IndexText, emptyIndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import { layOut } from '../../../lib/core/index/lay-out.ts'
import type { Paging } from '../../../lib/core/index/paging.ts'
import { sha256Of } from '../../../lib/sys/sha256.ts'
import {
  SMALL_PAGES,
  assertProved,
  indexOfSome,
  indexWith,
  pagedText,
  pagingIn,
  storedText,
  versionsOf,
} from '../../support/paged-index.ts'
import { budget } from '../../support/budget.ts'

type Changes = ReadonlyMap<string, readonly Entry[]>

const contentOf = (index: IndexText): unknown => index.chartNames().map((name) => [name, index.versions(name)])

/** As a compaction writes it: with another write id. */
const changedIn = (index: IndexText, changes: Changes): IndexText =>
  index.withCharts(changes).withHeader({
    bookkeeping: { ...index.bookkeeping, generation: index.bookkeeping.generation + 1, writeId: 'next' },
    generated: '2026-01-02T00:00:00Z',
  })

/** The pages that have the charts of these names, read alone. */
function touchedPages(text: Buffer, paging: Paging, names: Iterable<string>): IndexText {
  const firsts = paging.table.pages.map(({ first }) => first)
  const pageOf = (name: string): number => firsts.findLastIndex((first) => compareChartNames(first, name) <= 0)
  const pages = [...names].map((name) => Math.max(0, pageOf(name)))
  return indexOfSome(text, paging, new Set(pages))
}

/**
 * The text after these changes, made of the pages that they touch alone, which is the text made of all. `whole`: there
 * are none, or they do not suffice; then it is the text made of all.
 */
function changedText(text: Buffer, changes: Changes): { readonly next: Buffer; readonly way: 'pages' | 'whole' } {
  const index = changedIn(readIndexText(text), changes)
  const next = storedText(layOut(index, SMALL_PAGES, sha256Of), text)
  const again = readIndexText(next)
  assert.deepEqual(contentOf(again), contentOf(inOrder(index)))
  assert.deepEqual(again.bookkeeping, index.bookkeeping)
  const paging = pagingIn(text)
  if (paging === undefined) return { next, way: 'whole' }
  const segments = layOut(changedIn(touchedPages(text, paging, changes.keys()), changes), SMALL_PAGES, sha256Of)
  if (segments === 'whole') return { next, way: 'whole' }
  assert.equal(storedText(segments, text).toString(), next.toString())
  return { next, way: 'pages' }
}

function inOrder(index: IndexText): IndexText {
  const names = [...index.chartNames()].sort((a, b) => compareChartNames(a, b))
  return emptyIndexText(index.form).withCharts(new Map(names.map((name) => [name, index.versions(name)])))
}

/** The bytes that are new in a text made of another one. */
function newBytes(text: Buffer, changes: Changes): number {
  const segments = layOut(changedIn(readIndexText(text), changes), SMALL_PAGES, sha256Of)
  assert.ok(segments !== 'whole')
  return segments.reduce((sum, { old, size }) => sum + (old === undefined ? size : 0), 0)
}

const MANY = Array.from({ length: 30 }, (_, i) => `chart-${String(i).padStart(2, '0')}`)

for (const form of ['json', 'yaml'] satisfies IndexForm[]) {
  describe(`the stored text of an index, in the ${form} form`, () => {
    const many = indexWith(form, new Map(MANY.map((name) => [name, versionsOf(name, 2)])))
    const text = pagedText(many)
    const paging = assertProved(text)
    const { pages } = paging.table
    const firstOf = (place: number): string => pages.at(place)?.first ?? assert.fail('there is no such page')
    const namesOf = (place: number): readonly string[] => {
      const [from, to] = [MANY.indexOf(firstOf(place)), MANY.indexOf(pages[place + 1]?.first ?? '')]
      return MANY.slice(from, to < 0 ? undefined : to)
    }

    const addition = (name: string, count = 3): Changes => new Map([[name, versionsOf(name, count)]])

    it('has no page table for few charts, and is then the same as without pages', () => {
      const few = indexWith(form, new Map([['a', versionsOf('a', 1)]]))
      assert.equal(pagedText(few).toString(), Buffer.from(few.toBytes()).toString())
      assert.equal(pagedText(emptyIndexText(form)).toString(), Buffer.from(emptyIndexText(form).toBytes()).toString())
      const charts = Buffer.from(many.toBytes()).length
      assert.equal(pagingIn(pagedText(many, { ...SMALL_PAGES, tableFrom: charts })), undefined)
    })

    it('has pages of the wanted size', () => {
      assert.ok(pages.length > 5)
      for (const { length } of pages.slice(0, -1)) assert.ok(length >= SMALL_PAGES.target, String(length))
      for (const { length } of pages) assert.ok(length <= SMALL_PAGES.most, String(length))
    })

    it('differs from a text without a page table only by the table', () => {
      const table = readIndexText(text).parts.header.annotations.pages ?? ''
      const row = form === 'json' ? `"helm-s3/pages":"${table}",` : `  helm-s3/pages: ${table}\n`
      assert.equal(text.toString().replace(row, ''), Buffer.from(many.toBytes()).toString())
    })

    it('joins a short last page to the one before it', () => {
      for (let count = 10; count < 20; count++) {
        const some = indexWith(form, new Map(MANY.slice(0, count).map((name) => [name, versionsOf(name, 2)])))
        const last = assertProved(pagedText(some)).table.pages.at(-1)
        assert.ok((last?.length ?? 0) >= SMALL_PAGES.least, `${String(count)} charts`)
      }
    })

    it('has its charts sorted by name even when they were read in another order', () => {
      const names = [...MANY].reverse()
      const charts = names.map((name) => Buffer.from(indexWith(form, new Map([[name, versionsOf(name, 2)]])).toBytes()))
      const slices = charts.map((one) => readIndexText(one).parts.charts.values().next().value?.slice)
      const parts = slices.map((slice) => slice?.source.subarray(slice.start, slice.end).toString() ?? '')
      const unsorted = Buffer.from(
        form === 'json'
          ? `{"apiVersion":"v1","entries":{\n${parts.join(',\n')}\n}}\n`
          : `apiVersion: v1\nentries:\n${parts.join('')}`,
      )
      const read = readIndexText(unsorted)
      assert.deepEqual(read.chartNames(), names)
      const stored = pagedText(read)
      assertProved(stored)
      assert.deepEqual(readIndexText(stored).chartNames(), MANY)
    })

    it('has each changed chart in the right page, even for names that Helm does not sort consistently', () => {
      const names = ['a10', 'a11b', 'a1b', 'a9', 'a9b', 'a-1', 'a_1', 'aB', 'b']
      const stored = pagedText(indexWith(form, new Map(names.map((name) => [name, versionsOf(name, 9)]))))
      assert.ok(assertProved(stored).table.pages.length >= 5)
      for (const name of names) {
        const { next, way } = changedText(stored, addition(name, 10))
        assert.equal(way, 'pages')
        assert.equal(
          assertProved(next).table.pages.reduce((sum, { charts }) => sum + charts, 0),
          names.length,
        )
      }
    })

    it('keeps the order of the charts of a text that has no pages', () => {
      const read = readIndexText(Buffer.from(many.toBytes()))
      assert.equal(pagedText(read, { ...SMALL_PAGES, tableFrom: Infinity }).toString(), many.chunks().join(''))
    })

    const removal = (...names: readonly string[]): Changes => new Map(names.map((name) => [name, []]))
    const cases: Readonly<Record<string, Changes>> = {
      'nothing changes': new Map(),
      'a version is added in the first page': addition(firstOf(0)),
      'a version is added in the last page': addition(MANY.at(-1) ?? ''),
      'a version is added to the first chart of a page': addition(firstOf(2)),
      'a version is added to the last chart of a page': addition(namesOf(2).at(-1) ?? ''),
      'a version is removed': addition(firstOf(3), 1),
      'the first chart of a page is removed': removal(firstOf(2)),
      'the first chart of all is removed': removal(firstOf(0)),
      'the last chart of all is removed': removal(MANY.at(-1) ?? ''),
      'all charts of a page are removed': removal(...namesOf(2)),
      'all charts of the first page are removed': removal(...namesOf(0)),
      'all charts of the last page are removed': removal(...namesOf(pages.length - 1)),
      'all charts of a page are removed, and one is added': new Map([
        ...removal(...namesOf(2)),
        ...addition(`${firstOf(2)}-x`),
      ]),
      'a chart is added before all others': addition('a'),
      'a chart is added after all others': addition('z'),
      'a chart is added between two pages': addition(`${namesOf(2).at(-1) ?? ''}-x`),
      'a missing chart is removed': removal('none'),
      'a page grows beyond the largest size': addition(firstOf(2), 30),
      'a huge chart is added': new Map([['chart-05-huge', versionsOf('chart-05-huge', 3, 'x'.repeat(4000))]]),
      'many charts are added to one page': new Map(
        MANY.map((name) => [`${firstOf(2)}-${name}`, versionsOf(name, 2)] as const),
      ),
    }
    for (const [what, changes] of Object.entries(cases)) {
      it(`is the same whether all pages were read or only the changed ones, when ${what}`, () => {
        const { next, way } = changedText(text, changes)
        assert.equal(way, 'pages')
        assertProved(next)
      })
    }

    it('keeps the borders and the bytes of unchanged pages', () => {
      const after = assertProved(changedText(text, addition(firstOf(3))).next).table.pages
      assert.deepEqual(after.toSpliced(3, 1), pages.toSpliced(3, 1))
      const page = after[3]?.length ?? 0
      const tail = text.length - (paging.spans.at(-1)?.end ?? 0)
      const [least, most] = [page, page + tail + 100]
      const sent = newBytes(text, addition(firstOf(3)))
      assert.ok(sent >= least && sent <= most, `${String(sent)} of ${String(text.length)} bytes are new`)
    })

    it('divides only the page that has become too large', () => {
      const after = assertProved(changedText(text, addition(firstOf(2), 30)).next).table.pages
      assert.deepEqual(after.slice(0, 2), pages.slice(0, 2))
      assert.deepEqual(after.slice(3 - pages.length), pages.slice(3))
    })

    it('has a page border after a huge chart', () => {
      const charts = addition('chart-05-huge', 60)
      const after = assertProved(changedText(text, charts).next).table.pages
      const own = after.findIndex(({ length }) => length > 3 * SMALL_PAGES.most)
      assert.ok(own >= 0)
      assert.ok((after[own + 1]?.first ?? 'z') > 'chart-05-huge')
    })

    it('has no page table any more when few charts are left, for which the whole index is read', () => {
      const { next, way } = changedText(text, removal(...MANY.slice(2)))
      assert.equal(way, 'whole')
      assert.equal(pagingIn(next), undefined)
      const none = changedText(text, removal(...MANY))
      assert.deepEqual(readIndexText(none.next).chartNames(), [])
    })

    it('is divided into new pages when it has far more pages than it needs', () => {
      const sparse = Array.from({ length: 100 }, (_, i) => `s${String(i).padStart(3, '0')}`)
      let stored = pagedText(indexWith(form, new Map(sparse.map((name) => [name, versionsOf(name, 10)]))))
      const before = assertProved(stored).table.pages.length
      stored = changedText(stored, new Map(sparse.map((name) => [name, versionsOf(name, 1)]))).next
      const after = assertProved(stored).table.pages.length
      assert.ok(after < before / 3, `${String(before)} pages became ${String(after)}`)
    })

    it('is divided into new pages when its charts are not in order', () => {
      const whole = readIndexText(text)
      const swapped = new Map([...whole.parts.charts].reverse())
      const unsorted = { ...whole.parts, charts: swapped }
      const index = new (whole.constructor as new (parts: typeof unsorted) => IndexText)(unsorted)
      const stored = storedText(layOut(index, SMALL_PAGES, sha256Of))
      assert.deepEqual(assertProved(stored).table, paging.table)
    })

    it('has a correct page table after a change although the table that was read gives a wrong digest', () => {
      const [page] = pages
      const other = text.toString().replace(page?.digest ?? '', '-'.repeat(22))
      const index = changedIn(readIndexText(Buffer.from(other)), addition(firstOf(2)))
      const stored = storedText(layOut(index, SMALL_PAGES, sha256Of))
      assert.deepEqual(assertProved(stored).table.pages[0], page)
    })

    it('has a correct page table when no chart changes although the table that was read is wrong', () => {
      const [, page] = pages
      const [first, digest] = [page?.first ?? '', page?.digest ?? '']
      const lies = [
        text.toString().replace(`;${first},`, `;${first}~,`),
        text.toString().replace(digest, '-'.repeat(22)),
      ]
      for (const lie of lies) {
        assert.notEqual(lie, text.toString())
        const read = readIndexText(Buffer.from(lie))
        const stored = storedText(layOut(changedIn(read, new Map()), SMALL_PAGES, sha256Of))
        assert.deepEqual(assertProved(stored).table, paging.table)
      }
    })

    it('has no page table when a chart name or an entry needs a full YAML parse', () => {
      if (form === 'json') return
      const odd = ["it's", 'a"b', 'a:b', 'a,b', 'a\nb', '-x', '=']
      for (const name of odd) {
        const { next, way } = changedText(text, addition(name))
        assert.equal(way, 'whole', JSON.stringify(name))
        assert.equal(pagingIn(next), undefined)
        assertProved(changedText(next, new Map([[name, []]])).next)
      }
      const broken = Buffer.from(text.toString().replace('chart-00-2.0.0.tgz', 'a\u2028b'))
      assert.equal(pagingIn(changedText(broken, addition(firstOf(2))).next), undefined)
    })

    it('has no page table when a chart name is not valid Unicode', () => {
      if (form === 'yaml') return
      const half = Buffer.from(text.toString().replaceAll('"chart-00"', '"chart-00\\ud800"'))
      const stored = pagedText(readIndexText(half))
      assert.equal(pagingIn(stored), undefined)
      assert.equal(readIndexText(stored).chartNames().length, MANY.length)
    })

    it('can only be made from the whole index when a new chart name is not valid Unicode', () => {
      if (form === 'yaml') return
      for (const name of ['\ud800', 'a\ud800', 'chart-05\ud800', 'z\ud800']) {
        const some = changedIn(touchedPages(text, paging, [name]), addition(name))
        assert.equal(layOut(some, SMALL_PAGES, sha256Of), 'whole')
        const stored = storedText(layOut(changedIn(readIndexText(text), addition(name)), SMALL_PAGES, sha256Of))
        assert.equal(pagingIn(stored), undefined)
        assert.equal(readIndexText(stored).chartNames().length, MANY.length + 1)
      }
    })

    it('shares no bytes with a text whose line breaks were converted', () => {
      // So large that it has memory of its own, as has the copy that is read in its place.
      const large = pagedText(indexWith(form, new Map(MANY.map((name) => [name, versionsOf(name, 40)]))))
      const converted = Buffer.from(large.toString().replaceAll('\n', '\r\n'))
      const { next } = changedText(converted, addition(firstOf(2)))
      assertProved(next)
      assert.equal(
        newBytes(converted, addition(firstOf(2))),
        storedText(layOut(changedIn(readIndexText(converted), addition(firstOf(2))), SMALL_PAGES, sha256Of)).length,
      )
    })

    it('keeps top-level fields of other programs before the charts', () => {
      const others = form === 'json' ? '"publicKeys":["k"],"entries"' : 'publicKeys:\n- k\nentries'
      const head = Buffer.from(many.toBytes())
        .toString()
        .replace(form === 'json' ? '"entries"' : 'entries', others)
      const stored = pagedText(readIndexText(Buffer.from(head)))
      const { next, way } = changedText(stored, addition(firstOf(2)))
      assert.equal(way, 'pages')
      assert.deepEqual(readIndexText(next).parts.header.others, new Map([['publicKeys', ['k']]]))
    })
  })

  describe(`a series of random changes to an index, in the ${form} form`, () => {
    const letter = fc.constantFrom(...'abcdefghijkl')
    const name = fc.oneof(
      letter,
      fc.tuple(letter, fc.constantFrom('-1', '9', '11b', '1b', '1-b')).map((all) => all.join('')),
    )
    const entries = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom('', '', 'x'.repeat(200), 'é\n"%')).map(
      ([count, note]) =>
        (chart: string) =>
          versionsOf(chart, count, note),
    )
    const change = fc
      .uniqueArray(fc.tuple(name, entries), { maxLength: 4, selector: ([chart]) => chart })
      .map((list): Changes => new Map(list.map(([chart, versions]) => [chart, versions(chart)])))
    const start = fc
      .uniqueArray(fc.tuple(name, entries), { maxLength: 30, selector: ([chart]) => chart })
      .map((list): Changes => new Map(list.map(([chart, versions]) => [chart, versions(chart)])))

    it('gives the same text from all pages and from the changed pages, with a correct page table', () => {
      const seen = { pages: 0, whole: 0 }
      fc.assert(
        fc.property(start, fc.array(change, { maxLength: 8 }), (first, rounds) => {
          let text = pagedText(indexWith(form, first))
          for (const changes of rounds) {
            const { next, way } = changedText(text, changes)
            seen[way]++
            text = next
            if (pagingIn(text) !== undefined) assertProved(text)
            else assert.ok(chartBytes(text) < SMALL_PAGES.tableFrom)
          }
        }),
        { numRuns: budget(60) },
      )
      assert.ok(seen.pages > budget(80) && seen.whole > budget(10), JSON.stringify(seen))
    })
  })
}

function chartBytes(text: Buffer): number {
  return [...readIndexText(text).parts.charts.values()].reduce((sum, chart) => sum + chart.size(), 0)
}
