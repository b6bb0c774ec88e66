import { compareChartNames } from './chart-order.ts'
import type { ChartText } from './chart-text.ts'
import type { FormCodec } from './index-form.ts'
import type { IndexHeader } from './index-header.ts'
import type { IndexText, ReadPages } from './index-text.ts'
import type { PageSizes } from './page-sizes.ts'
import { type IndexPage, encodePageTable } from './page-table.ts'
import { type Hash, type Span, digestOf, pageOf } from './paging.ts'
import { Pieces, type Slice, bytesOf } from './pieces.ts'
import { hasPlainUrls } from './plain-urls.ts'

/** A piece of a text that is to be stored. */
export interface Segment {
  /** Bytes. */
  readonly size: number
  /** Where the same bytes stand in the text that the index was read from. Undefined: they are new. */
  readonly old: Span | undefined
  /** Undefined: they were not read. */
  readonly bytes: readonly Uint8Array[] | undefined
  /** The digest by which bytes that were not read are to be proved, see `digestOf`. Absent: it is not known. */
  readonly digest?: string
}

/**
 * The text of an index as it is stored, in pieces: with a page table, if it is large enough, and then with its charts
 * in the order of their names. Pages that are not changed keep their bytes and their borders, so that the same changes
 * give the same text whether all pages were read or only those that are changed.
 *
 * A text has no table when a page alone would not be read as what it is: when a name is no Unicode text, or something
 * in block YAML can only be read in full.
 *
 * `whole`: the text cannot be made of the pages that were read; all of it has to be read.
 */
export function layOut(index: IndexText, sizes: PageSizes, hash: Hash): readonly Segment[] | 'whole' {
  const { charts, codec, header, pages } = index.parts
  const next = pages && nextPages(codec, charts, pages, sizes, hash)
  const isSmall = totalOf(next ?? [...charts.values()].map((chart) => ({ size: chart.size() }))) < sizes.tableFrom
  const paged = isSmall ? [] : (next ?? newPages(codec, inNameOrder(charts), sizes, hash))
  const head = headOf(index)
  const isReadable = paged.length > 0 && paged.every((page) => page.isReadable)
  const table = isReadable ? encodePageTable({ head: head.size, pages: paged.map(({ page }) => page) }) : undefined
  if (pages?.isWhole === false && (next === undefined || table === undefined)) return 'whole'
  if (table === undefined) return [newSegment(index.chunks())]
  return [head, ...separated(codec, paged, hash), newText(codec.tail(withTable(header, table), false))]
}

interface StoredPage extends Segment {
  readonly page: IndexPage
  /** Whether its bytes alone are read as these charts. */
  readonly isReadable: boolean
}

/**
 * The pages that follow from those that were read. Undefined: the charts are not in the order of their names, or there
 * are many more pages than needed, and it is time to make new ones.
 */
function nextPages(
  codec: FormCodec,
  charts: IndexText['parts']['charts'],
  { isWhole, paging, read }: ReadPages,
  sizes: PageSizes,
  hash: Hash,
): readonly StoredPage[] | undefined {
  if (!isInNameOrder(charts)) return undefined
  const groups = paging.table.pages.map((): NamedChart[] => [])
  for (const [name, chart] of charts) groups[pageOf(paging, name)]?.push([name, chart])
  const result: StoredPage[] = []
  for (const [i, page] of paging.table.pages.entries()) {
    const [group = [], old, slice] = [groups[i], paging.spans[i], read.get(i)]
    if (old === undefined) return undefined
    if (slice === undefined)
      result.push({ page, isReadable: true, old, size: page.length, bytes: undefined, digest: page.digest })
    else if (isUntouched(codec, group, slice, page))
      result.push({
        page: isWhole ? confirmed(codec, page, group, slice, hash) : page,
        isReadable: true,
        ...kept(old, slice),
      })
    else if (group.length > 0) result.push(...changedPages(codec, group, sizes, hash))
  }
  const needed = totalOf(result) / sizes.target
  return result.length === 0 || result.length > 4 * needed + 16 ? undefined : result
}

type NamedChart = readonly [name: string, chart: ChartText]

function kept(old: Span, slice: Slice): Segment {
  return { old, size: slice.end - slice.start, bytes: [bytesOf(slice)] }
}

/** Whether the charts of a page are all that it had, as they stood there. */
function isUntouched(codec: FormCodec, group: readonly NamedChart[], page: Slice, { charts }: IndexPage): boolean {
  let at = page.start
  for (const [, { slice }] of group) {
    if (slice?.source !== page.source || slice.start !== at) return false
    at = slice.end + codec.separator.length
  }
  return group.length === charts && at - codec.separator.length === page.end
}

/** The row of a page whose bytes were not compared with the table: what the table says, if the bytes prove it. */
function confirmed(
  codec: FormCodec,
  page: IndexPage,
  group: readonly NamedChart[],
  slice: Slice,
  hash: Hash,
): IndexPage {
  return digestOf([bytesOf(slice)], hash) === page.digest ? page : newPage(codec, group, hash).page
}

function changedPages(
  codec: FormCodec,
  group: readonly NamedChart[],
  sizes: PageSizes,
  hash: Hash,
): readonly StoredPage[] {
  const page = newPage(codec, group, hash)
  return page.size <= sizes.most ? [page] : newPages(codec, group, sizes, hash)
}

/** Divides charts into pages. */
function newPages(
  codec: FormCodec,
  charts: readonly NamedChart[],
  sizes: PageSizes,
  hash: Hash,
): readonly StoredPage[] {
  const groups: NamedChart[][] = []
  let size = Infinity
  for (const chart of charts) {
    if (size >= sizes.target) {
      groups.push([])
      size = 0
    }
    groups.at(-1)?.push(chart)
    size += chart[1].size()
  }
  if (size < sizes.least && groups.length > 1) groups.at(-2)?.push(...(groups.pop() ?? []))
  return groups.map((group) => newPage(codec, group, hash))
}

function newPage(codec: FormCodec, group: readonly NamedChart[], hash: Hash): StoredPage {
  const pieces = new Pieces()
  for (const [i, [, chart]] of group.entries()) chart.addTo(pieces, i === 0 ? '' : codec.separator)
  const bytes = pieces.all()
  const size = bytes.reduce((sum, { length }) => sum + length, 0)
  // Before the entries are counted: a chart whose versions are known need not be looked through for their number.
  const isPlain = group.every(([name, chart]) => hasPlainUrls(name, chart.items()))
  const page: IndexPage = {
    first: group[0]?.[0] ?? '',
    length: size,
    charts: group.length,
    entries: group.reduce((sum, [, chart]) => sum + chart.count(), 0),
    digest: digestOf(bytes, hash),
    isPlain,
  }
  return { page, size, old: undefined, bytes, isReadable: isReadAs(codec, group, bytes) }
}

function isReadAs(codec: FormCodec, group: readonly NamedChart[], page: readonly Uint8Array[]): boolean {
  const charts = codec.slicePage(Buffer.concat(page))
  return charts?.size === group.length && group.every(([name]) => charts.has(name))
}

/** The text before the first page. It stays where it is, when it stays as it is. */
function headOf({ parts: { codec, header, pages } }: IndexText): Segment {
  if (pages?.isWhole === false) {
    const end = pages.paging.table.head
    return { size: end, old: { start: 0, end }, bytes: undefined }
  }
  const head = newText(codec.head(header, false))
  const source = pages?.read.get(0)?.source
  const isAsBefore =
    pages?.paging.table.head === head.size && source?.subarray(0, head.size).equals(Buffer.concat(head.bytes ?? []))
  return isAsBefore === true ? { ...head, old: { start: 0, end: head.size } } : head
}

function separated(codec: FormCodec, pages: readonly StoredPage[], hash: Hash): readonly Segment[] {
  const segments: Segment[] = []
  for (const page of pages) {
    const before = segments.at(-1)
    if (before !== undefined && codec.separator !== '') segments.push(gapBetween(codec, before, page, hash))
    segments.push(page)
  }
  return segments
}

/** What stands between two pages: it stays as it is where they followed one another in the old text, too. */
function gapBetween({ separator }: FormCodec, before: Segment, after: Segment, hash: Hash): Segment {
  const gap = newText(separator)
  if (before.old === undefined || after.old?.start !== before.old.end + gap.size) return gap
  const old = { start: before.old.end, end: after.old.start }
  // Between two pages that were not read, it is one range with them.
  return before.bytes === undefined && after.bytes === undefined
    ? { size: gap.size, old, bytes: undefined, digest: digestOf(gap.bytes ?? [], hash) }
    : { ...gap, old }
}

function newText(text: string): Segment {
  return newSegment([Buffer.from(text)])
}

function newSegment(bytes: readonly Uint8Array[]): Segment {
  return { bytes, old: undefined, size: bytes.reduce((sum, { length }) => sum + length, 0) }
}

function totalOf(pages: readonly { readonly size: number }[]): number {
  return pages.reduce((sum, { size }) => sum + size, 0)
}

function inNameOrder(charts: IndexText['parts']['charts']): readonly NamedChart[] {
  return isInNameOrder(charts) ? [...charts] : [...charts].sort(([a], [b]) => compareChartNames(a, b))
}

function isInNameOrder(charts: IndexText['parts']['charts']): boolean {
  let before: string | undefined
  for (const name of charts.keys()) {
    if (before !== undefined && compareChartNames(before, name) >= 0) return false
    before = name
  }
  return true
}

function withTable(header: IndexHeader, pages: string): IndexHeader {
  return { ...header, annotations: { ...header.annotations, pages } }
}
