import { type Bookkeeping, NO_BOOKKEEPING } from '../log/bookkeeping.ts'
import type { Entry, VersionId } from '../log/entry.ts'
import { hasCode } from '../../errors.ts'
import { compareChartNames } from './chart-order.ts'
import { type ChartText, ListedChart, SlicedChart } from './chart-text.ts'
import { type IndexForm, writable } from './index-entry.ts'
import type { FormCodec, ParsedText, SlicedText } from './index-form.ts'
import { type IndexHeader, writableHeader } from './index-header.ts'
import { type IndexItem, newItem } from './index-item.ts'
import { invalidIndex } from './invalid-index.ts'
import { JSON_FORM, parseJson, sliceJson } from './json-form.ts'
import type { IndexPage } from './page-table.ts'
import { type PageText, type Paging, type WantedCharts, pagesWith, pagingOf } from './paging.ts'
import { Pieces, type Slice } from './pieces.ts'
import { relayJson } from './relaid-json.ts'
import { YAML_FORM, parseYaml, sliceYaml } from './yaml-form.ts'

const CLOSE_BRACE = 0x7d

export type { IndexForm } from './index-entry.ts'

/**
 * Whether the charts of a text were found as slices of its bytes, were copied into our layout to be sliced, or the
 * whole text was parsed. The content is the same.
 */
export type ReadPath = 'slices' | 'relaid' | 'full-parse'

export interface IndexParts {
  readonly codec: FormCodec
  readonly path: ReadPath
  /** Without the fields that stand before the charts, where only some pages were read. */
  readonly header: IndexHeader
  /** All charts, or those of the pages that were read, with changes. */
  readonly charts: ReadonlyMap<string, ChartText>
  readonly pages?: ReadPages | undefined
}

/** The pages of the text that an index was read from. */
export interface ReadPages {
  readonly paging: Paging
  /** The bytes of each page that was read, by its place in the table. */
  readonly read: ReadonlyMap<number, Slice>
  /** Whether the whole text was read, and the bytes of each page were not compared with the table. */
  readonly isWhole: boolean
}

/**
 * The text of an `index.yaml` as an immutable value: a header and one slice of bytes per chart. A chart is decoded only
 * when it is asked for, and rewritten only when it is changed; the rest is copied as bytes.
 */
export class IndexText {
  readonly #parts: IndexParts

  constructor(parts: IndexParts) {
    this.#parts = parts
  }

  /** What {@link layOut} makes a text of. */
  get parts(): IndexParts {
    return this.#parts
  }

  get form(): IndexForm {
    return this.#parts.codec.form
  }

  /** Whether all charts are here. Else only {@link covers what was wanted} may be asked for. */
  get isWhole(): boolean {
    return this.#parts.pages?.isWhole !== false
  }

  /** Whether everything that is wanted is here: what is not, may be in the text all the same. */
  covers(wanted: WantedCharts): boolean {
    const { pages } = this.#parts
    return pages === undefined || pages.isWhole || pagesWith(pages.paging, wanted).every((page) => pages.read.has(page))
  }

  get path(): ReadPath {
    return this.#parts.path
  }

  /** When the index was generated, RFC 3339. */
  get generated(): string | undefined {
    return this.#parts.header.generated
  }

  get bookkeeping(): Bookkeeping {
    return this.#parts.header.annotations.bookkeeping
  }

  /** The names of the charts in the order of the text. */
  chartNames(): string[] {
    this.#requireWhole()
    return [...this.#parts.charts.keys()]
  }

  /**
   * The entries under a chart's name in the order of the text, without null items. An unknown chart has no entries.
   * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of one of them
   */
  versions(name: string): readonly Entry[] {
    return this.items(name).map(({ entry }) => entry)
  }

  /**
   * The same versions as items, which are decoded only when they are asked for.
   * @throws HelmS3Error `invalid-index` as {@link versions}, as far as they are looked at
   */
  items(name: string): readonly IndexItem[] {
    return this.#chart(name)?.items() ?? []
  }

  /**
   * The first entry under this chart's name with exactly this version.
   * @throws HelmS3Error `invalid-index` as {@link versions}
   */
  find({ name, version }: VersionId): Entry | undefined {
    return this.items(name).find((item) => item.version === version)?.entry
  }

  /**
   * The entries whose urls may name a file of one of these names, and perhaps others. Entries that certainly name none
   * of them are not decoded.
   * @throws HelmS3Error `invalid-index` as {@link versions}, as far as they are looked at
   */
  entriesNaming(files: readonly string[]): readonly Entry[] {
    if (!this.covers({ charts: [], files })) throw new Error('entries are asked for that were not read')
    const names = files.map((file) => Buffer.from(file))
    return [...this.#parts.charts.values()].flatMap((chart) => chart.itemsNaming(names).map(({ entry }) => entry))
  }

  /** The number of entries of all charts, or of one, found without decoding them. Null items may be counted. */
  countEntries(name?: string): number {
    if (name !== undefined) return this.#chart(name)?.count() ?? 0
    let count = this.#unreadPages().reduce((sum, { entries }) => sum + entries, 0)
    for (const chart of this.#parts.charts.values()) count += chart.count()
    return count
  }

  /** The number of charts. */
  countCharts(): number {
    return this.#unreadPages().reduce((sum, { charts }) => sum + charts, this.#parts.charts.size)
  }

  /** The number of pages of the text that was read; 0: it has no page table that fits. */
  countPages(): number {
    return this.#parts.pages?.paging.table.pages.length ?? 0
  }

  /**
   * The same index with other versions of these charts, in this order. An empty list removes the chart; a new chart
   * stands before the first whose name is greater. Entries that {@link versions} gave under this name keep their bytes.
   */
  withCharts(changes: ReadonlyMap<string, readonly Entry[]>): IndexText {
    const itemsOf = (name: string, entries: readonly Entry[]): readonly IndexItem[] => {
      const known = new Map(this.items(name).map((item) => [item.entry, item]))
      return entries.map((entry) => known.get(entry) ?? newItem(entry))
    }
    return this.withItems(new Map([...changes].map(([name, entries]) => [name, itemsOf(name, entries)])))
  }

  /** Like {@link withCharts}, for items that {@link items} returned. */
  withItems(changes: ReadonlyMap<string, readonly IndexItem[]>): IndexText {
    if (changes.size === 0) return this
    const { codec, charts, header } = this.#parts
    for (const name of changes.keys()) this.#chart(name)
    const added = [...changes.keys()].filter((name) => !charts.has(name)).sort(compareChartNames)
    const result = new Map<string, ChartText>()
    const put = (name: string, items: readonly IndexItem[]): void => {
      if (items.length > 0) result.set(name, new ListedChart(codec, name, items))
    }
    let next = 0
    const addUpTo = (name: string | undefined): void => {
      for (let candidate = added[next]; candidate !== undefined; candidate = added[++next]) {
        if (name !== undefined && compareChartNames(candidate, name) > 0) return
        put(candidate, changes.get(candidate) ?? [])
      }
    }
    for (const [name, chart] of charts) {
      addUpTo(name)
      const items = changes.get(name)
      if (items === undefined) result.set(name, chart)
      else put(name, items)
    }
    addUpTo(undefined)
    return new IndexText({ ...this.#parts, charts: result, header: withoutPageTable(header) })
  }

  /** The same index with this bookkeeping and time; other annotations and top-level fields stay. */
  withHeader(change: { readonly bookkeeping: Bookkeeping; readonly generated: string | undefined }): IndexText {
    const { header } = this.#parts
    const annotations = { foreign: header.annotations.foreign, bookkeeping: change.bookkeeping }
    return new IndexText({ ...this.#parts, header: { ...header, annotations, generated: change.generated } })
  }

  /**
   * The same index in this form. When the form changes, every chart is decoded and written anew.
   * @throws HelmS3Error `invalid-index` when something cannot be decoded, or cannot be written in that form: Helm
   *   refuses a YAML index with a field that it does not know, and dropping the field would lose content
   */
  toForm(form: IndexForm): IndexText {
    if (form === this.form) return this
    this.#requireWhole()
    const codec = codecOf(form)
    const converted = new Map<string, ChartText>()
    for (const [name, chart] of this.#parts.charts) {
      const items = chart.items().map(({ entry }) => newItem(writable(entry, name, form)))
      converted.set(name, new ListedChart(codec, name, items))
    }
    const header = withoutPageTable(writableHeader(this.#parts.header, form))
    return new IndexText({ ...this.#parts, codec, charts: converted, header, pages: undefined })
  }

  /** The text in pieces, most of which are views of the bytes that were read. */
  chunks(): Uint8Array[] {
    this.#requireWhole()
    const { codec, header, charts } = this.#parts
    const empty = charts.size === 0
    const pieces = new Pieces()
    pieces.addText(codec.head(header, empty))
    let separator = ''
    for (const chart of charts.values()) {
      chart.addTo(pieces, separator)
      separator = codec.separator
    }
    pieces.addText(codec.tail(header, empty))
    return pieces.all()
  }

  toBytes(): Uint8Array {
    return Buffer.concat(this.chunks())
  }

  #chart(name: string): ChartText | undefined {
    if (!this.covers({ charts: [name] })) throw new Error(`the chart ${name} is asked for, which was not read`)
    return this.#parts.charts.get(name)
  }

  /** What the table says of the pages that were not read. */
  #unreadPages(): readonly IndexPage[] {
    const { pages } = this.#parts
    return pages === undefined ? [] : pages.paging.table.pages.filter((_, i) => !pages.read.has(i))
  }

  #requireWhole(): void {
    if (!this.isWhole) throw new Error('all of an index is asked for, of which only some pages were read')
  }
}

function withoutPageTable(header: IndexHeader): IndexHeader {
  const { pages: _, ...annotations } = header.annotations
  return { ...header, annotations }
}

/** The index of a text of which some pages were read, see `readPage`. Only their charts may be asked for. */
export function indexOfPages(paging: Paging, pages: ReadonlyMap<number, PageText>): IndexText {
  const { codec, header } = paging
  const charts = new Map<string, ChartText>()
  const inOrder = [...pages].sort(([a], [b]) => a - b)
  for (const [, page] of inOrder)
    for (const [name, slice] of page.charts) charts.set(name, new SlicedChart(codec, name, slice))
  const read = new Map(inOrder.map(([i, { slice }]) => [i, slice]))
  return new IndexText({ codec, path: 'slices', header, charts, pages: { paging, read, isWhole: false } })
}

/**
 * What stands behind the charts of a text, and its pages if it has a table that fits, from the last bytes of the text.
 * `cut`: more of it is needed. Undefined: the text has another layout than this program writes today, or what was taken
 * for its end cannot be read; only the whole text tells whether Helm would refuse it.
 * @param size of the whole text, bytes
 */
export function readIndexEnd(
  end: Uint8Array,
  size: number,
): { readonly header: IndexHeader; readonly paging: Paging | undefined } | 'cut' | undefined {
  const buffer = Buffer.from(end.buffer, end.byteOffset, end.byteLength)
  const codec = buffer.at(-2) === CLOSE_BRACE ? JSON_FORM : YAML_FORM
  const tail = readTail(codec, buffer)
  if (tail === undefined || tail === 'cut') return tail
  return { header: tail.header, paging: pagingOf(codec, tail, size, end.length) }
}

function readTail(codec: FormCodec, end: Buffer): ReturnType<FormCodec['readTail']> {
  try {
    return codec.readTail(end)
  } catch (error) {
    if (hasCode(error, 'invalid-index')) return undefined
    throw error
  }
}

/** An index without charts and without bookkeeping. */
export function emptyIndexText(form: IndexForm): IndexText {
  const annotations = { bookkeeping: NO_BOOKKEEPING, foreign: new Map<string, string>() }
  const header: IndexHeader = { apiVersion: 'v1', generated: undefined, annotations, others: new Map() }
  return new IndexText({ codec: codecOf(form), path: 'slices', header, charts: new Map() })
}

/** An index with this header and these charts. The charts keep the bytes of their items. */
export function indexOfParts(
  form: IndexForm,
  header: IndexHeader,
  charts: ReadonlyMap<string, readonly IndexItem[]>,
): IndexText {
  const codec = codecOf(form)
  const texts = new Map(
    [...charts].map(([name, items]): [string, ChartText] => [name, new ListedChart(codec, name, items)]),
  )
  return new IndexText({ codec, path: 'full-parse', header, charts: texts })
}

/**
 * Reads the text of an `index.yaml` as Helm does: JSON leniently, else YAML strictly (helm/helm pkg/repo/v1/index.go).
 * The content of charts in recognised slices is not looked at.
 * @throws HelmS3Error `invalid-index` when Helm would refuse the text, as far as it is looked at
 */
export function readIndexText(bytes: Uint8Array): IndexText {
  if (bytes.length === 0) throw invalidIndex('the file is empty')
  const json = sliceJson(bytes)
  if (json !== undefined) return fromSlices(JSON_FORM, json, bytes)
  const relaid = relayJson(bytes)
  if (relaid !== undefined) return fromSlices(JSON_FORM, relaid, undefined)
  const anyJson = mayBeJson(bytes) ? parseJson(bytes) : undefined
  if (anyJson !== undefined) return fromParsed(JSON_FORM, anyJson)
  const yaml = sliceYaml(bytes)
  return yaml === undefined ? fromParsed(YAML_FORM, parseYaml(bytes)) : fromSlices(YAML_FORM, yaml, bytes)
}

/**
 * The same for a caller that must not wait: returns undefined when the charts of the text are not recognised as slices.
 * This takes at most a hundredth of the time of a full parse.
 * @throws HelmS3Error `invalid-index` as {@link readIndexText}
 */
export function sliceIndexText(bytes: Uint8Array): IndexText | undefined {
  const json = sliceJson(bytes)
  if (json !== undefined) return fromSlices(JSON_FORM, json, bytes)
  const yaml = mayBeJson(bytes) ? undefined : sliceYaml(bytes)
  return yaml && fromSlices(YAML_FORM, yaml, bytes)
}

/** `bytes`: the text, of which the charts are slices; undefined: they are slices of a copy in another layout. */
function fromSlices(codec: FormCodec, { header, charts }: SlicedText, bytes: Uint8Array | undefined): IndexText {
  const texts = new Map<string, ChartText>()
  for (const [name, slice] of charts) texts.set(name, new SlicedChart(codec, name, slice))
  const path = bytes === undefined ? 'relaid' : 'slices'
  const pages = bytes && pagesOf(codec, header, charts, bytes)
  return new IndexText({ codec, path, header, charts: texts, pages })
}

/**
 * The pages of a whole text, when each page of its table begins where a chart does, and the charts are slices of these
 * bytes: those of a text with other line breaks are slices of a copy, in which they stand elsewhere than in the store.
 */
function pagesOf(
  codec: FormCodec,
  header: IndexHeader,
  charts: SlicedText['charts'],
  bytes: Uint8Array,
): ReadPages | undefined {
  if (header.annotations.pages === undefined) return undefined
  const last = [...charts.values()].at(-1)
  if (last === undefined || !isSameMemory(last.source, bytes)) return undefined
  const paging = pagingOf(codec, { header, start: last.end }, bytes.length, bytes.length)
  if (paging === undefined) return undefined
  const { source } = last
  const fits = paging.table.pages.every(({ first }, i) => charts.get(first)?.start === paging.spans[i]?.start)
  const read = new Map(paging.spans.map(({ end, start }, i) => [i, { source, start, end }]))
  return fits ? { paging, read, isWhole: true } : undefined
}

function isSameMemory(a: Uint8Array, b: Uint8Array): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length
}

function fromParsed(codec: FormCodec, { header, charts }: ParsedText): IndexText {
  const texts = new Map<string, ChartText>()
  for (const [name, entries] of charts) texts.set(name, new ListedChart(codec, name, entries.map(newItem)))
  return new IndexText({ codec, path: 'full-parse', header, charts: texts })
}

/**
 * Whether the text begins like JSON. The check saves decoding many megabytes of block YAML only to find that they are
 * not JSON.
 */
function mayBeJson(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1024)).toString('latin1')
  return /^[ \t\r\n]*(?:[[{"]|-?[0-9]|null|true|false|$)/.test(start)
}

function codecOf(form: IndexForm): FormCodec {
  return form === 'json' ? JSON_FORM : YAML_FORM
}
