import type { Entry } from '../log/entry.ts'
import { isObject } from '../../text/is-object.ts'
import { firstFields, headerFrom, lastFields } from './index-header.ts'
import { entriesFrom, writable } from './index-entry.ts'
import type { FormCodec, ParsedText, SlicedText, TextTail } from './index-form.ts'
import { type IndexItem, type ItemSlice, decodedItem, lazyItem } from './index-item.ts'
import { isTooDeep } from '../../text/json-depth.ts'
import { invalidIndex } from './invalid-index.ts'
import { jsonText } from './json-text.ts'
import type { Pieces, Slice } from './pieces.ts'

/*
 * Our layout of the JSON form. A string in JSON holds no raw line feed, so the lines show where things stand:
 *
 *     {"apiVersion":"v1","entries":{
 *     "alpine":[
 *     {"name":"alpine","version":"0.2.0",...},
 *     {"name":"alpine","version":"0.1.0",...}
 *     ],
 *     "nginx":[
 *     {...}
 *     ]
 *     },"generated":"...","annotations":{...}}
 *
 * What changes with every write stands last, so that the rest keeps its place. Early releases wrote all fields before
 * `entries`; that is read as well.
 */

const LINE_FEED = 0x0a
const COMMA = 0x2c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** The bytes between two charts, and between two versions. */
const SEPARATOR = ',\n'
const HEAD_END = '"entries":{'
const CHART_OPEN = Buffer.from('":[')
const CHART_CLOSE = Buffer.from('\n]')
const NEXT_CHART = Buffer.from(',\n"')

export const JSON_FORM: FormCodec = {
  form: 'json',
  separator: SEPARATOR,
  head: (header) => {
    const fields = jsonText(Object.fromEntries(firstFields(header)))
    return `${fields.slice(0, -1)},${HEAD_END}\n`
  },
  tail: (header, empty) => {
    const fields = jsonText(Object.fromEntries(lastFields(header))).slice(1)
    return `${empty ? '' : '\n'}}${fields === '}' ? '' : ','}${fields}\n`
  },
  itemsOf,
  countEntries,
  writeChart,
  slicePage,
  readTail,
}

/**
 * The header and the slices of a JSON text in our layout, without a look at the entries. Undefined for any other text.
 * @throws HelmS3Error `invalid-index` when Helm would refuse the header
 */
export function sliceJson(bytes: Uint8Array): SlicedText | undefined {
  const source = asBuffer(bytes)
  if (source[0] !== OPEN_BRACE) return undefined
  const headEnd = source.indexOf(LINE_FEED)
  const fields = headEnd < 0 ? undefined : parseHead(source.toString('utf8', 0, headEnd))
  if (fields === undefined) return undefined
  const sliced = sliceCharts(source, headEnd + 1)
  const last = sliced && parseTail(source, sliced.end)
  if (sliced === undefined || last === undefined) return undefined
  const first = new Set(Object.keys(fields).map((key) => key.toLowerCase()))
  if (Object.keys(last).some((key) => first.has(key.toLowerCase()))) return undefined
  return { header: headerFrom({ ...fields, ...last }, 'json'), charts: sliced.charts }
}

/** The charts from `start` on, and where the last line of the text begins. */
function sliceCharts(
  source: Buffer,
  start: number,
): { readonly charts: Map<string, Slice>; readonly end: number } | undefined {
  const charts = new Map<string, Slice>()
  if (source[start] === CLOSE_BRACE) return { charts, end: start }
  for (let position = start; ;) {
    const chart = sliceChart(source, position)
    if (chart === undefined || charts.has(chart.name)) return undefined
    charts.set(chart.name, { source, start: position, end: chart.end })
    if (source[chart.end] === LINE_FEED) return { charts, end: chart.end + 1 }
    if (!startsAt(source, NEXT_CHART, chart.end)) return undefined
    position = chart.end + NEXT_CHART.length - 1
  }
}

function slicePage(page: Buffer): ReadonlyMap<string, Slice> | undefined {
  // The line that would follow the last chart is what ends it.
  const sliced = sliceCharts(Buffer.concat([page, Buffer.from('\n')]), 0)
  return sliced?.end === page.length + 1 ? sliced.charts : undefined
}

/**
 * The top-level fields of the last line of a text in our layout, which begins at `start`; undefined when it is no such
 * line.
 */
function parseTail(source: Buffer, start: number): Record<string, unknown> | undefined {
  if (source[start] !== CLOSE_BRACE || source.indexOf(LINE_FEED, start) !== source.length - 1) return undefined
  const fields = tryParse(`{${source.toString('utf8', start + 1).replace(/^,/, '')}`)
  return isObject(fields) && !Object.keys(fields).some((key) => key.toLowerCase() === 'entries') ? fields : undefined
}

function readTail(end: Buffer): TextTail | 'cut' | undefined {
  if (end[end.length - 1] !== LINE_FEED) return undefined
  const line = end.lastIndexOf(LINE_FEED, end.length - 2) + 1
  if (line === 0) return 'cut'
  const fields = parseTail(end, line)
  return fields && { header: headerFrom({ apiVersion: 'v1', ...fields }, 'json'), start: line - 1 }
}

/**
 * The top-level fields of the first line of a text in our layout; undefined when the line has another layout.
 * @param line without its line feed
 */
function parseHead(line: string): Record<string, unknown> | undefined {
  if (!line.endsWith(HEAD_END)) return undefined
  const fields = tryParse(`${line}}}`)
  return isObject(fields) && Object.keys(fields).at(-1) === 'entries' ? fields : undefined
}

/**
 * Any JSON text, parsed in full; undefined when it is not JSON.
 * @throws HelmS3Error `invalid-index` when Helm would refuse it
 */
export function parseJson(bytes: Uint8Array): ParsedText | undefined {
  const fields = tryParse(asBuffer(bytes).toString('utf8'))
  if (fields === undefined) return undefined
  if (!isObject(fields)) throw invalidIndex('it holds no mapping')
  const header = headerFrom(fields, 'json')
  const charts = new Map<string, readonly Entry[]>()
  for (const [key, value] of Object.entries(fields)) {
    if (key.toLowerCase() !== 'entries' || !isObject(value)) continue
    for (const [chart, list] of Object.entries(value)) charts.set(chart, entriesFrom(list, chart, 'json'))
  }
  return { header, charts }
}

function sliceChart(source: Buffer, start: number): { readonly name: string; readonly end: number } | undefined {
  const lineEnd = source.indexOf(LINE_FEED, start)
  if (lineEnd < 0 || !startsAt(source, CHART_OPEN, lineEnd - CHART_OPEN.length)) return undefined
  const name = tryParse(source.toString('utf8', start, lineEnd - 2))
  const close = source.indexOf(CHART_CLOSE, lineEnd)
  if (typeof name !== 'string' || close < 0) return undefined
  const filled = source[lineEnd + 1] === OPEN_BRACE && source[close - 1] === CLOSE_BRACE
  return close === lineEnd || filled ? { name, end: close + CHART_CLOSE.length } : undefined
}

function itemsOf(chart: string, { source, start, end }: Slice): readonly IndexItem[] {
  const decode = (slice: ItemSlice): Entry => {
    const [entry] = entriesFrom([parseLine(chart, slice)], chart, 'json')
    if (entry === undefined) throw invalidIndex(`chart ${chart}: a line holds no entry`)
    return entry
  }
  const close = end - CHART_CLOSE.length
  const items: IndexItem[] = []
  for (let line = source.indexOf(LINE_FEED, start) + 1; line <= close;) {
    const next = Math.min(source.indexOf(LINE_FEED, line), close)
    const slice: ItemSlice = {
      source,
      start: line,
      end: source[next - 1] === COMMA ? next - 1 : next,
      form: 'json',
      indent: 0,
    }
    const value = parseLine(chart, slice)
    const version = certainVersion(value)
    if (version !== undefined) items.push(lazyItem(version, slice, decode))
    else for (const entry of entriesFrom([value], chart, 'json')) items.push(decodedItem(slice, entry))
    line = next + 1
  }
  return items
}

function parseLine(chart: string, { source, start, end }: Slice): unknown {
  const value = tryParse(source.toString('utf8', start, end))
  if (value === undefined) throw invalidIndex(`chart ${chart}: a line is not one entry in JSON`)
  return value
}

/**
 * The version of a decoded entry, when the field `version` is certain to give it: no other field has that name in
 * another case.
 */
function certainVersion(value: unknown): string | undefined {
  if (!isObject(value)) return undefined
  for (const key in value)
    if (key.length === 7 && key !== 'version' && key.toLowerCase() === 'version') return undefined
  return typeof value['version'] === 'string' ? value['version'] : undefined
}

function countEntries({ source, start, end }: Slice): number {
  const close = end - CHART_CLOSE.length
  let count = 0
  for (let at = source.indexOf(LINE_FEED, start); at >= 0 && at < close; at = source.indexOf(LINE_FEED, at + 1)) count++
  return count
}

function writeChart(pieces: Pieces, chart: string, items: readonly IndexItem[]): void {
  pieces.addText(`${jsonText(chart)}:[`)
  let separator = '\n'
  for (const item of items) {
    if (item.slice?.form === 'json') pieces.addSlice(item.slice, separator)
    else pieces.addText(separator + jsonText(writable(item.entry, chart, 'json')))
    separator = SEPARATOR
  }
  pieces.addText('\n]')
}

/** The value of a JSON text. Undefined: the text is not JSON, or is nested deeper than the limit. */
function tryParse(text: string): unknown {
  try {
    return isTooDeep(text) ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function startsAt(source: Buffer, wanted: Buffer, position: number): boolean {
  const end = Math.min(position + wanted.length, source.length)
  return position >= 0 && position <= end && source.compare(wanted, 0, wanted.length, position, end) === 0
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
