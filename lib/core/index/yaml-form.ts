import { HelmS3Error } from '../../errors.ts'
import { stillInTime } from '../../sys/busy.ts'
import type { Entry } from '../log/entry.ts'
import { ENTRY_FIELDS, type Fields, INDEX_FIELDS, fieldNamed } from '../helm/field-types.ts'
import { isObject } from '../../text/is-object.ts'
import { parseGoYaml } from '../../yaml/load.ts'
import { entriesFrom, writable } from './index-entry.ts'
import type { FormCodec, ParsedText, SlicedText, TextTail } from './index-form.ts'
import { firstFields, headerFrom, lastFields } from './index-header.ts'
import { type IndexItem, type ItemSlice, decodedItem, lazyItem } from './index-item.ts'
import { invalidIndex } from './invalid-index.ts'
import type { Pieces, Slice } from './pieces.ts'
import { UNREAD, readBlockYaml } from '../../yaml/block-reader.ts'
import { scalarText } from '../../yaml/scalar.ts'
import { sliceItems } from './yaml-items.ts'
import { sliceCharts } from './yaml-slices.ts'
import { writeField, writeItem, writeKey } from '../../yaml/writer.ts'

/** Columns before the items of a chart, and before its name. */
const ITEM_INDENT = 2

export const YAML_FORM: FormCodec = {
  form: 'yaml',
  separator: '',
  head: (header, empty) => `${writeFields(firstFields(header))}entries:${empty ? ' {}' : ''}\n`,
  tail: (header) => writeFields(lastFields(header)),
  itemsOf,
  countEntries: (slice) => sliceItems(slice)?.length ?? 0,
  writeChart,
  slicePage,
  readTail,
}

/**
 * The header and the slices of a YAML text whose layout is recognised, without a look at the entries. Undefined for any
 * other text.
 * @throws HelmS3Error `invalid-index` when Helm would refuse the header
 */
export function sliceYaml(bytes: Uint8Array): SlicedText | undefined {
  const text = plainBytes(bytes)
  const sliced = sliceCharts(text)
  if (sliced === undefined) return undefined
  const fields = parse(decodeText(Buffer.concat([text.subarray(0, sliced.start), text.subarray(sliced.end)])))
  return { header: headerFrom(topLevelFields(fields), 'yaml'), charts: sliced.charts }
}

/**
 * Any YAML text, parsed in full.
 * @throws HelmS3Error `invalid-index` when it is not YAML, or Helm would refuse it
 */
export function parseYaml(bytes: Uint8Array): ParsedText {
  const fields = yamlFields(bytes)
  const header = headerFrom(fields, 'yaml')
  const charts = new Map<string, readonly Entry[]>()
  for (const [key, value] of Object.entries(fields)) {
    if (key.toLowerCase() !== 'entries' || !isObject(value)) continue
    for (const [chart, list] of Object.entries(value)) charts.set(chart, yamlEntries(list, chart))
  }
  return { header, charts }
}

/**
 * The top-level fields of any YAML text, parsed in full, with nothing left out.
 * @throws HelmS3Error `invalid-index` when it is not YAML, or no mapping
 */
export function yamlFields(bytes: Uint8Array): Record<string, unknown> {
  return topLevelFields(parseInFull(decodeText(plainBytes(bytes))))
}

/**
 * The entries in the text of one item of a chart's list.
 * @throws HelmS3Error `invalid-index` when Helm would refuse an index that holds it
 */
export function parseYamlItem(item: Uint8Array): readonly Entry[] {
  return yamlEntries(parse(decodeText(item)), '')
}

/**
 * The value of any piece of YAML, as Helm reads it.
 * @throws HelmS3Error `invalid-index`
 */
export function parseYamlText(text: string): unknown {
  return parse(text)
}

function itemsOf(chart: string, slice: Slice): readonly IndexItem[] {
  const found = sliceItems(slice)
  if (found === undefined) throw invalidIndex(`chart ${chart} is not a list of versions`)
  const entriesIn = ({ source, start, end }: Slice): readonly Entry[] => {
    stillInTime()
    return yamlEntries(parse(decodeText(source.subarray(start, end))), chart)
  }
  const decode = (item: ItemSlice): Entry => {
    const [entry] = entriesIn(item)
    if (entry === undefined) throw invalidIndex(`chart ${chart}: an item holds no entry`)
    return entry
  }
  const items: IndexItem[] = []
  for (const { slice: item, version } of found) {
    if (version !== undefined) items.push(lazyItem(version, item, decode))
    else for (const entry of entriesIn(item)) items.push(decodedItem(item, entry))
  }
  return items
}

function writeChart(pieces: Pieces, chart: string, items: readonly IndexItem[]): void {
  const known = items.find(({ slice }) => slice?.form === 'yaml')?.slice
  const indent = known?.indent ?? ITEM_INDENT
  pieces.addText(`${' '.repeat(ITEM_INDENT)}${writeKey(chart)}:${items.length === 0 ? ' []' : ''}\n`)
  for (const item of items) {
    if (item.slice?.form === 'yaml' && item.slice.indent === indent) pieces.addSlice(item.slice)
    else pieces.addText(writeItem(writable(item.entry, chart, 'yaml'), indent))
  }
}

const ENTRIES = Buffer.from('entries:\n')
const LAST_FIELDS = [Buffer.from('\ngenerated:'), Buffer.from('\nannotations:')]

function slicePage(page: Buffer): ReadonlyMap<string, Slice> | undefined {
  if (hasOtherBreaks(page)) return undefined
  const sliced = sliceCharts(Buffer.concat([ENTRIES, page]))
  return sliced?.end === ENTRIES.length + page.length ? sliced.charts : undefined
}

/** In our layout the fields behind the charts are `generated` and `annotations`, in this order. */
function readTail(end: Buffer): TextTail | 'cut' | undefined {
  const starts = LAST_FIELDS.map((field) => end.lastIndexOf(field)).filter((at) => at >= 0)
  if (starts.length === 0) return 'cut'
  const start = Math.min(...starts) + 1
  const text = end.subarray(start)
  if (hasOtherBreaks(text)) return undefined
  const fields = topLevelFields(parse(`apiVersion: v1\n${decodeText(text)}`))
  const isOurs = Object.keys(fields).every((key) => ['apiVersion', 'generated', 'annotations'].includes(key))
  return isOurs ? { header: headerFrom(fields, 'yaml'), start } : undefined
}

/** The entries of a decoded list. Their own strings are coerced as Helm does it. */
function yamlEntries(list: unknown, chart: string): readonly Entry[] {
  const coerce = (value: unknown): unknown =>
    isObject(value) ? withCoercedStrings(value, COERCED_ENTRY_FIELDS) : value
  return entriesFrom(Array.isArray(list) ? list.map(coerce) : list, chart, 'yaml')
}

/**
 * The string fields of `ChartVersion` itself. Helm's coercion does not reach those of the metadata that is embedded in
 * it.
 */
const COERCED_ENTRY_FIELDS: Fields = new Map(
  [...ENTRY_FIELDS].filter(([name]) => ['urls', 'digest', 'checksum', 'engine', 'tillerVersion', 'url'].includes(name)),
)

function topLevelFields(value: unknown): Record<string, unknown> {
  if (value === null) throw invalidIndex('no apiVersion is given')
  if (!isObject(value)) throw invalidIndex('it holds no mapping')
  return withCoercedStrings(value, INDEX_FIELDS)
}

/** Numbers and booleans become strings where Helm's structures have strings (sigs.k8s.io/yaml yaml.go). */
function withCoercedStrings(value: Record<string, unknown>, known: Fields): Record<string, unknown> {
  const coerce = (item: unknown): unknown =>
    typeof item === 'number' || typeof item === 'boolean' ? scalarText(item) : item
  const fields = Object.entries(value).map(([key, item]): [string, unknown] => {
    const type = known.get(fieldNamed(known, key) ?? '')
    if (type === 'string') return [key, coerce(item)]
    if (type === 'strings' && Array.isArray(item)) return [key, item.map(coerce)]
    if (type !== 'texts' || !isObject(item)) return [key, item]
    return [key, Object.fromEntries(Object.entries(item).map(([name, text]) => [name, coerce(text)]))]
  })
  return Object.fromEntries(fields)
}

/** Writes fields of the header. Annotations keep their order, see `encodeAnnotations`. */
function writeFields(fields: ReadonlyMap<string, unknown>): string {
  return [...fields]
    .map(([key, value]) => {
      if (key !== 'annotations' || !isObject(value)) return writeField(key, value, 0)
      const texts = Object.entries(value).map(([name, text]) => writeField(name, text, 2))
      return `annotations:\n${texts.join('')}`
    })
    .join('')
}

/**
 * Line breaks of YAML 1.1 other than the line feed. CR and NEL mean the same as a line feed; LS and PS are kept in the
 * text that they break.
 */
const CARRIAGE_RETURN = 0x0d
const NEXT_LINE = Buffer.from('\u0085')
const SEPARATORS = ['\u2028', '\u2029'].map((character) => Buffer.from(character))
const SEPARATOR_START = Buffer.from('\u2028').subarray(0, 2)

/** The bytes without a byte order mark and with line feeds as line breaks, which is what a YAML loader sees. */
export function plainBytes(bytes: Uint8Array): Buffer {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf ? all.subarray(3) : all
  if (!hasOtherBreaks(text)) return text
  const lines = text.toString('latin1').replace(/\r\n?|\xc2\x85/g, '\n')
  return Buffer.from(lines.replace(/[ \t]*(\xe2\x80[\xa8\xa9])[ \t]*/g, '$1'), 'latin1')
}

/**
 * Whether the text has other line breaks. Each search reads the whole text, so there are as few searches as possible.
 */
function hasOtherBreaks(text: Buffer): boolean {
  if (text.includes(CARRIAGE_RETURN) || text.includes(NEXT_LINE)) return true
  return text.includes(SEPARATOR_START) && SEPARATORS.some((separator) => text.includes(separator))
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw invalidIndex('it is not UTF-8', cause)
  }
}

function parse(text: string): unknown {
  const value = readBlockYaml(text)
  return value === UNREAD ? parseInFull(text) : value
}

function parseInFull(text: string): unknown {
  try {
    return parseGoYaml(text)
  } catch (cause) {
    if (cause instanceof HelmS3Error) throw cause
    throw invalidIndex(`it is neither JSON nor YAML: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}
