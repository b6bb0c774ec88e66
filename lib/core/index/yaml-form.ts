import type { Entry } from '../entry.ts'
import { ENTRY_FIELDS, type Fields, INDEX_FIELDS, fieldNamed, isObject } from './field-types.ts'
import { parseGoYaml } from './go-yaml-text.ts'
import { entriesFrom, writable } from './index-entry.ts'
import type { FormCodec, ParsedText, Slice, SlicedText } from './index-form.ts'
import { type IndexHeader, headerFields, headerFrom } from './index-header.ts'
import { invalidIndex } from './invalid-index.ts'
import { UNREAD, readBlockYaml } from './yaml-reader.ts'
import { scalarText } from './yaml-scalar.ts'
import { sliceCharts, sliceItems } from './yaml-slices.ts'
import { compareKeys, writeField, writeItem, writeKey } from './yaml-writer.ts'

/** From which bytes an entry was decoded: its item of the sequence, whose dash stands behind `indent` columns. */
interface Item {
  readonly bytes: Uint8Array
  readonly indent: number
}

/** Columns before the items of a chart, and before its name. */
const ITEM_INDENT = 2

const items = new WeakMap<Entry, Item>()

export const YAML_FORM: FormCodec = {
  form: 'yaml',
  separator: new Uint8Array(0),
  compareNames: compareKeys,
  head: (header, empty) => Buffer.from(`${writeHeader(header, isBeforeEntries)}entries:${empty ? ' {}' : ''}\n`),
  tail: (header) => Buffer.from(writeHeader(header, (key) => !isBeforeEntries(key))),
  decodeChart,
  countEntries: (slice) => sliceItems(slice)?.length ?? 0,
  encodeChart,
}

/**
 * The header and the slices of a YAML text whose layout is recognised, and whose entries are not looked at; undefined
 * for any other text.
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
  const fields = topLevelFields(parseInFull(decodeText(plainBytes(bytes))))
  const header = headerFrom(fields, 'yaml')
  const charts = new Map<string, readonly Entry[]>()
  for (const [key, value] of Object.entries(fields)) {
    if (key.toLowerCase() !== 'entries' || !isObject(value)) continue
    for (const [chart, list] of Object.entries(value)) charts.set(chart, yamlEntries(list, chart))
  }
  return { header, charts }
}

/** The top-level fields of a YAML text that ends before `entries`. */
export function parseYamlHead(text: string): IndexHeader {
  return headerFrom(topLevelFields(parse(text)), 'yaml')
}

function decodeChart(chart: string, slice: Slice): readonly Entry[] {
  const found = sliceItems(slice)
  if (found === undefined) throw invalidIndex(`chart ${chart} is no list of versions`)
  const entries: Entry[] = []
  for (const { start, end, indent } of found) {
    const bytes = slice.source.subarray(start, end)
    for (const entry of yamlEntries(parse(decodeText(bytes)), chart)) {
      items.set(entry, { bytes, indent })
      entries.push(entry)
    }
  }
  return entries
}

function encodeChart(chart: string, entries: readonly Entry[]): Uint8Array {
  const known = entries.map((entry) => items.get(entry))
  const indent = known.find((item) => item !== undefined)?.indent ?? ITEM_INDENT
  const name = Buffer.from(`${' '.repeat(ITEM_INDENT)}${writeKey(chart)}:${entries.length === 0 ? ' []' : ''}\n`)
  return Buffer.concat([
    name,
    ...entries.map((entry, index) => {
      const item = known[index]
      return item?.indent === indent ? item.bytes : Buffer.from(writeItem(writable(entry, chart, 'yaml'), indent))
    }),
  ])
}

/** The entries of a decoded list, whose own strings are coerced as Helm does. */
function yamlEntries(list: unknown, chart: string): readonly Entry[] {
  const coerce = (value: unknown): unknown =>
    isObject(value) ? withCoercedStrings(value, COERCED_ENTRY_FIELDS) : value
  return entriesFrom(Array.isArray(list) ? list.map(coerce) : list, chart, 'yaml')
}

/** The strings of `ChartVersion` itself. Those of the metadata that it embeds are not reached by the coercion. */
const COERCED_ENTRY_FIELDS: Fields = new Map(
  [...ENTRY_FIELDS].filter(([name]) => ['urls', 'digest', 'checksum', 'engine', 'tillerVersion', 'url'].includes(name)),
)

function topLevelFields(value: unknown): Record<string, unknown> {
  if (value === null) throw invalidIndex('no apiVersion is given')
  if (!isObject(value)) throw invalidIndex('it holds no mapping')
  return withCoercedStrings(value, INDEX_FIELDS)
}

/** Numbers and booleans become strings where Helm's structures want strings (sigs.k8s.io/yaml yaml.go). */
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

function isBeforeEntries(key: string): boolean {
  return compareKeys(key, 'entries') < 0
}

/** Annotations keep their order: ours come first, so that a short look at the text finds them. */
function writeHeader(header: IndexHeader, isWanted: (key: string) => boolean): string {
  const fields = headerFields(header)
  const wanted = [...fields].filter(([key]) => isWanted(key)).sort(([a], [b]) => compareKeys(a, b))
  return wanted
    .map(([key, value]) => {
      if (key !== 'annotations' || !isObject(value)) return writeField(key, value, 0)
      const texts = Object.entries(value).map(([name, text]) => writeField(name, text, 2))
      return `annotations:\n${texts.join('')}`
    })
    .join('')
}

/** Line breaks of YAML 1.1 beside the line feed: CR and NEL are like it, LS and PS stay in what they break. */
const OTHER_BREAKS = ['\r', '\u0085', '\u2028', '\u2029'].map((character) => Buffer.from(character))

/** Without a byte order mark, and with line feeds for line breaks: as a YAML loader sees it. */
function plainBytes(bytes: Uint8Array): Buffer {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = all[0] === 0xef && all[1] === 0xbb && all[2] === 0xbf ? all.subarray(3) : all
  if (!OTHER_BREAKS.some((character) => text.includes(character))) return text
  const lines = text.toString('latin1').replace(/\r\n?|\xc2\x85/g, '\n')
  return Buffer.from(lines.replace(/[ \t]*(\xe2\x80[\xa8\xa9])[ \t]*/g, '$1'), 'latin1')
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
    throw invalidIndex(`it is neither JSON nor YAML: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
}
