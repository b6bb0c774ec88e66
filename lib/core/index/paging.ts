import { compareChartNames } from './chart-order.ts'
import type { FormCodec, TextTail } from './index-form.ts'
import type { IndexHeader } from './index-header.ts'
import { type IndexPage, type PageTable, decodePageTable } from './page-table.ts'
import type { Slice } from './pieces.ts'

/** Bytes `start` (inclusive) to `end` (exclusive) of a text. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Hashes the concatenation of these bytes: SHA-256 in base64url without padding. */
export type Hash = (pieces: readonly Uint8Array[]) => string

/** A text that its page table describes. */
export interface Paging {
  readonly codec: FormCodec
  /** Of the whole text: only what stands behind the charts is known. */
  readonly header: IndexHeader
  readonly table: PageTable
  /** Where each page of the table stands in the text. */
  readonly spans: readonly Span[]
}

/** A page whose bytes were read, with its charts. */
export interface PageText {
  readonly slice: Slice
  readonly charts: ReadonlyMap<string, Slice>
}

const DIGEST_LENGTH = 22

/**
 * The pages of a text, as the table behind its charts gives them, when the table fits the text: its pages end where the
 * charts end, and their names ascend. What it says about a page is proved when the page is read, see {@link readPage}.
 * Undefined: there is no table, or one that does not fit, as after a write by a client that does not know it.
 * @param size of the whole text, bytes
 * @param end the number of bytes at the end of the text that `tail` was read from
 */
export function pagingOf(codec: FormCodec, tail: TextTail, size: number, end: number): Paging | undefined {
  const table = decodePageTable(tail.header.annotations.pages ?? '')
  if (table === undefined) return undefined
  const { head, pages } = table
  const spans: Span[] = []
  let start = head
  for (const { length } of pages) {
    spans.push({ start, end: start + length })
    start += length + codec.separator.length
  }
  const ascends = pages.every(({ first }, i) => {
    const before = pages[i - 1]
    return before === undefined || compareChartNames(before.first, first) < 0
  })
  const fits = head > 0 && spans.at(-1)?.end === size - end + tail.start
  return ascends && fits ? { codec, header: tail.header, table, spans } : undefined
}

/**
 * The charts of a page from its bytes. Undefined: they are not the bytes that the table means, or the page is not what
 * the table says; then nothing of the table is to be believed.
 */
export function readPage(paging: Paging, page: number, bytes: Uint8Array, hash: Hash): PageText | undefined {
  const { codec, table } = paging
  const [row, next] = [table.pages[page], table.pages[page + 1]]
  if (row === undefined || bytes.length !== row.length || digestOf([bytes], hash) !== row.digest) return undefined
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const charts = codec.slicePage(source)
  if (charts?.size !== row.charts) return undefined
  let before: string | undefined
  for (const name of charts.keys()) {
    if (before === undefined ? name !== row.first : compareChartNames(before, name) >= 0) return undefined
    before = name
  }
  if (before === undefined || (next !== undefined && compareChartNames(before, next.first) >= 0)) return undefined
  const [first, last] = [[...charts.values()][0], [...charts.values()].at(-1)]
  // Before its first chart, a page has nothing.
  if (first === undefined || last?.end !== first.start + row.length) return undefined
  return { slice: { source: first.source, start: first.start, end: last.end }, charts }
}

/** The digest of a page, as the table has it. */
export function digestOf(pieces: readonly Uint8Array[], hash: Hash): IndexPage['digest'] {
  return hash(pieces).slice(0, DIGEST_LENGTH)
}

/** The page in which a chart of this name stands, if there is one: the last page that begins at or before it. */
export function pageOf({ table }: Pick<Paging, 'table'>, name: string): number {
  let [low, high] = [0, table.pages.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    const first = table.pages[middle]?.first
    if (first !== undefined && compareChartNames(first, name) <= 0) low = middle
    else high = middle
  }
  return low
}

/** What is wanted of an index: the entries of some charts, and those that name some archives. */
export interface WantedCharts {
  readonly charts: readonly string[]
  /** Names of archive files: `NAME-VERSION.tgz`, decoded. */
  readonly files?: readonly string[]
}

/** The pages that hold what is wanted, ascending. */
export function pagesWith(paging: Paging, { charts, files = [] }: WantedCharts): readonly number[] {
  const names = [...charts, ...files.flatMap(chartNamesIn)]
  const pages = new Set(names.map((name) => pageOf(paging, name)))
  if (files.length > 0) for (const [i, { isPlain }] of paging.table.pages.entries()) if (!isPlain) pages.add(i)
  return [...pages].sort((a, b) => a - b)
}

/** The names of charts that `NAME-VERSION.tgz` may belong to: it can be divided at each hyphen. */
function chartNamesIn(file: string): readonly string[] {
  return [...file.matchAll(/-/g)].map(({ index }) => file.slice(0, index))
}
