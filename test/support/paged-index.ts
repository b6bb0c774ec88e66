import assert from 'node:assert/strict'
import type { Entry } from '../../lib/core/log/entry.ts'
import {
  type IndexForm,
  type IndexText,
  emptyIndexText,
  indexOfPages,
  readIndexEnd,
  readIndexText,
} from '../../lib/core/index/index-text.ts'
import { type Segment, layOut } from '../../lib/core/index/lay-out.ts'
import type { PageSizes } from '../../lib/core/index/page-sizes.ts'
import { type PageText, type Paging, readPage } from '../../lib/core/index/paging.ts'
import { sha256Of } from '../../lib/sys/sha256.ts'

/** Pages of a few charts. */
export const SMALL_PAGES: PageSizes = { tableFrom: 700, target: 500, most: 1000, least: 200 }

/** A chart with so many versions; `note` lengthens each. */
export function versionsOf(name: string, count: number, note = ''): readonly Entry[] {
  return Array.from({ length: count }, (_, i) => {
    const version = `${String(count - i)}.0.0`
    return { name, version, urls: [`${name}-${version}.tgz`], ...(note === '' ? {} : { description: note }) }
  })
}

/**
 * An index of about so many bytes, as another client writes it: without a page table, and with entries whose archives
 * nobody asks for.
 */
export function filledIndex(bytes: number): IndexText {
  const note = 'what this chart is for, and how it is installed '.repeat(20).trim()
  const names = Array.from({ length: Math.round(bytes / 21_000) }, (_, i) => `many-${String(i).padStart(4, '0')}`)
  const bookkeeping = { generation: 1, writeId: '', folded: new Map() }
  return emptyIndexText('json')
    .withCharts(new Map(names.map((name) => [name, versionsOf(name, 20, note)])))
    .withHeader({ bookkeeping, generated: '2026-01-01T00:00:00Z' })
}

export function indexWith(form: IndexForm, charts: ReadonlyMap<string, readonly Entry[]>): IndexText {
  const bookkeeping = { generation: 1, writeId: 'w', folded: new Map() }
  return emptyIndexText(form).withCharts(charts).withHeader({ bookkeeping, generated: '2026-01-01T00:00:00Z' })
}

/** The text as it is stored. `before`: the text that the index was read from, of which ranges may be copied. */
export function storedText(segments: readonly Segment[] | 'whole', before?: Uint8Array): Buffer {
  assert.ok(segments !== 'whole', 'the text needs pages that were not read')
  return Buffer.concat(
    segments.flatMap(({ bytes, old, size }) => {
      const copied = old && before?.subarray(old.start, old.end)
      const sent = bytes && Buffer.concat(bytes)
      if (copied !== undefined) assert.equal(copied.length, size)
      if (copied !== undefined && sent !== undefined) assert.ok(sent.equals(copied), 'what is copied is what was read')
      return sent ?? copied ?? assert.fail('a piece has no bytes')
    }),
  )
}

/** The text of a new index. */
export function pagedText(index: IndexText, sizes = SMALL_PAGES): Buffer {
  return storedText(layOut(index, sizes, sha256Of))
}

export function pagingIn(text: Buffer): Paging | undefined {
  const end = readIndexEnd(text, text.length)
  return typeof end === 'object' ? end.paging : undefined
}

export function pageIn(text: Buffer, paging: Paging, page: number): PageText | undefined {
  const span = paging.spans[page]
  return span && readPage(paging, page, text.subarray(span.start, span.end), sha256Of)
}

/** The index of these pages of a text. */
export function indexOfSome(text: Buffer, paging: Paging, pages: Iterable<number>): IndexText {
  const read = new Map<number, PageText>()
  for (const page of pages)
    read.set(page, pageIn(text, paging, page) ?? assert.fail(`page ${String(page)} does not prove itself`))
  return indexOfPages(paging, read)
}

/** Asserts that all is as it is said: each page proves itself, and together they are all charts of the text. */
export function assertProved(text: Buffer): Paging {
  const paging = pagingIn(text) ?? assert.fail('there is no page table that fits')
  const pages = indexOfSome(text, paging, paging.spans.keys())
  const whole = readIndexText(text)
  assert.deepEqual([...pages.parts.charts.keys()], whole.chartNames())
  for (const name of whole.chartNames()) assert.deepEqual(pages.versions(name), whole.versions(name))
  assert.equal(
    paging.table.pages.reduce((sum, { entries }) => sum + entries, 0),
    whole.countEntries(),
  )
  assert.ok(whole.parts.pages !== undefined, 'a reading of the whole text finds the pages, too')
  return paging
}
