import { NO_BOOKKEEPING } from '../bookkeeping.ts'
import { type Entry, versionKey } from '../entry.ts'
import { ENTRY_FIELDS, type FieldType, type Fields, INDEX_FIELDS, fieldNamed, isObject, typeProblem } from './field-types.ts'
import { parseAsWritten } from './go-yaml-text.ts'
import { type IndexForm, entriesFrom, entryProblem } from './index-entry.ts'
import { type IndexHeader, headerFrom } from './index-header.ts'
import { type IndexItem, decodedItem, itemOf } from './index-item.ts'
import { type IndexText, indexOfParts, readIndexText } from './index-text.ts'
import { parseYamlItem, parseYamlText, plainBytes } from './yaml-form.ts'

/** An entry of a damaged index that could not be saved, as far as its text tells which it was. */
export interface LostEntry {
  readonly name: string | undefined
  readonly version: string | undefined
  /** Of the text, counted from 1. */
  readonly line: number
}

/** What could be saved of an index that Helm refuses. */
export interface Salvaged {
  readonly index: IndexText
  /** Entries that are as they were, or whose damaged fields were mended or left out. */
  readonly kept: number
  readonly lost: readonly LostEntry[]
}

/**
 * Takes apart the text of an index that Helm refuses, and keeps all of it that can be used: each entry is looked at by itself, so that
 * one which is broken takes no other with it. Entries that are well keep their bytes. In one that is not, a scalar of a wrong type
 * becomes the text that stands there, a field that cannot be read or that Helm does not know is left out, and the rest stays. An entry
 * without a name or a version is lost. Never throws, whatever the bytes are; of text that is no index at all nothing is kept.
 */
export function salvageIndex(bytes: Uint8Array): Salvaged {
  const text = plainBytes(bytes)
  const [json, yaml] = [salvageJson(text), salvageYaml(text.at(-1) === LINE_FEED ? text : Buffer.concat([text, Buffer.from('\n')]))]
  const isJson = count(json) > count(yaml) || (count(json) === count(yaml) && text.includes(OPEN_BRACE) && !text.includes('entries:'))
  const found = isJson ? json : yaml
  const kept = count(found)
  const form: IndexForm = isJson || kept === 0 ? 'json' : 'yaml'
  const index = indexOfParts(form, found.header, found.charts)
  if (isReadable(index)) return { index, kept, lost: found.lost }
  const renewed = new Map([...found.charts].map(([name, items]) => [name, items.map(({ entry }) => itemOf({ ...entry }))]))
  return { index: indexOfParts(form, found.header, renewed), kept, lost: found.lost }
}

const LINE_FEED = 0x0a

interface Found {
  readonly header: IndexHeader
  readonly charts: ReadonlyMap<string, readonly IndexItem[]>
  readonly lost: readonly LostEntry[]
}

function count({ charts }: Found): number {
  return [...charts.values()].reduce((sum, items) => sum + items.length, 0)
}

const NO_HEADER: IndexHeader = {
  apiVersion: 'v1',
  generated: undefined,
  annotations: { bookkeeping: NO_BOOKKEEPING, foreign: new Map() },
  others: new Map(),
}

/** Gathers the entries of each chart; of a chart that stands twice each version once. */
class Charts {
  readonly lists = new Map<string, IndexItem[]>()
  readonly #again = new Set<string>()

  open(name: string): void {
    if (this.lists.has(name)) this.#again.add(name)
    else this.lists.set(name, [])
  }

  add(chart: string, item: IndexItem): void {
    const list = this.lists.get(chart)
    if (list === undefined) this.lists.set(chart, [item])
    else if (!this.#again.has(chart) || !list.some(({ version }) => version === item.version)) list.push(item)
  }
}

const CHART_LINE = /^ {2}(?:"([^"\\]+)"|'([^']+)'|([^\s'"#&*!|>%@`{}[\],-][^:#]*)): *(\[ *\]|null|~)? *(?:#.*)?$/

/** The dash of an entry with its first field, or with what stands for all. */
const ITEM_START = /^-(?: +(?:['"]?[A-Za-z]+['"]?:(?: |$)|[{n~]).*)?$/
const TOP_LINE = new RegExp(`^(?:['"]?(${[...INDEX_FIELDS.keys()].join('|')})['"]?):`, 'i')

/**
 * By lines: the fields at the left margin, below `entries` the names of charts, below these the dashes of entries. A line that is none
 * of these belongs to the entry before it; whether it was the name of a chart nobody knows, so that the entries behind it go by their own.
 */
function salvageYaml(source: Buffer): Found {
  const lines = linesOf(source)
  const charts = new Charts()
  const lost: LostEntry[] = []
  const headers: string[] = []
  const hasTitle = lines.some(({ text }) => /^['"]?entries['"]?:/i.test(text))
  let chart: string | undefined
  let isInEntries = false
  let astray = Infinity
  let dashes: number | undefined
  let item: { readonly first: number; readonly chart: string | undefined; end?: number | undefined } | undefined
  const textOf = (first: number, next: number): string => source.toString('utf8', lines[first]?.start, lines[next]?.start)
  const endItem = (next: number): void => {
    if (item === undefined) return
    const found = saveYamlItems(source, lines[item.first]?.start ?? 0, lines[item.end ?? next]?.start ?? source.length, dashes ?? 0)
    // The name of the next chart may be gone with what is damaged here.
    if (found.some((each) => typeof each === 'string' || each.slice === undefined)) chart = undefined
    for (const saved of found) {
      if (typeof saved === 'string') lost.push(namedLoss(saved, item.first + 1))
      else charts.add(item.chart ?? saved.entry.name, saved)
    }
    item = undefined
  }
  for (const [at, { text }] of lines.entries()) {
    const indent = text.search(/[^ ]/)
    if (text.trim() === '' || text[indent] === '#') continue
    const isDash = ITEM_START.test(text.slice(indent)) && indent < astray && indent <= (dashes ?? indent) + 1
    const title = TOP_LINE.exec(text)?.[1]
    const name = CHART_LINE.exec(text)
    if (title !== undefined) {
      endItem(at)
      ;[isInEntries, astray, chart, dashes] = [title.toLowerCase() === 'entries', Infinity, undefined, undefined]
      if (!isInEntries) headers.push('')
    } else if (!hasTitle && !isInEntries && (isDash || (name !== null && /^ *- /.test(lines[at + 1]?.text ?? '')))) isInEntries = true
    if (title !== undefined || !isInEntries) {
      if (!isInEntries) headers.push(`${headers.pop() ?? ''}${text}\n`)
    } else if (isDash) {
      endItem(at)
      ;[dashes, astray, item] = [dashes ?? indent, Infinity, { first: at, chart }]
    } else if (name !== null) {
      endItem(at)
      ;[chart, dashes, astray] = [name[1] ?? name[2] ?? name[3], undefined, Infinity]
      if (chart !== undefined) charts.open(chart)
    } else if (indent <= 2) {
      chart = undefined
      if (item !== undefined) item.end ??= at
    } else if (item !== undefined) item.end = undefined
    else if (astray === Infinity) {
      // The dash of an entry is gone, or the name of a chart before it.
      astray = indent
      const next = lines.findIndex((line, other) => other > at && /^ {0,2}\S|^ *- /.test(line.text))
      lost.push(namedLoss(textOf(at, next < 0 ? lines.length : next), at + 1))
    }
  }
  endItem(lines.length)
  return { header: yamlHeader(headers), charts: charts.lists, lost }
}

/** The entries in a range of lines, more than one where a dash is gone; what is lost of them as text. */
function saveYamlItems(source: Buffer, start: number, end: number, indent: number): readonly (IndexItem | string)[] {
  const slice = { source, start, end, form: 'yaml' as const, indent }
  const text = source.toString('utf8', start, end)
  try {
    const [entry, ...more] = parseYamlItem(source.subarray(start, end))
    if (entry !== undefined && more.length === 0) return [entry.version === '' ? text : decodedItem(slice, entry)]
  } catch {
    // Field by field, then.
  }
  // Where a line break is gone, the next entry stands at the end of a line.
  const pieces = text.replace(new RegExp(`(\\S)( {${String(indent)}}- [A-Za-z]+:)`, 'g'), '$1\n$2').split(new RegExp(`^(?= {${String(indent)}}- )`, 'm'))
  const groups = pieces.flatMap((piece) => inEntries(fieldsOf(piece, indent)).map((fields) => [fields, piece] as const))
  return groups.map(([fields, piece]) => usable(mendFields(fields), 'yaml') ?? piece)
}

/** A field that comes again begins another entry. */
function inEntries(fields: readonly Field[]): readonly (readonly Field[])[] {
  const entries: Field[][] = [[]]
  const seen = new Set<string>()
  for (const field of fields) {
    if (seen.has(field[0])) {
      entries.push([])
      seen.clear()
    }
    seen.add(field[0])
    entries.at(-1)?.push(field)
  }
  return entries
}

/** The values of the fields of an item: as Helm reads them, and as they are written. */
type Field = readonly [key: string, value: unknown, written: unknown]

function fieldsOf(text: string, indent: number): readonly Field[] {
  const blocks: string[] = []
  const column = indent + 2
  for (const line of text.replace(/^ *- ?/, ' '.repeat(column)).split('\n')) {
    const at = line.search(/[^ ]/)
    if (at >= 0 && at < column) continue
    const begins = at === column && !line.slice(at).startsWith('- ')
    if (begins || blocks.length === 0) blocks.push(line)
    else blocks.push(`${blocks.pop() ?? ''}\n${line}`)
  }
  return blocks.flatMap((block): readonly Field[] => {
    const clean = `${block.replace(/[^\t\n\x20-\x7e\x85\xa0-\ufffc]/g, '')}\n`
    try {
      const value = parseYamlText(clean)
      const written: unknown = parseAsWritten(clean)
      return isObject(value) && isObject(written) ? Object.entries(value).map(([key, item]) => [key, item, written[key]] as const) : []
    } catch {
      return []
    }
  })
}

/** The fields that Helm knows, those of a wrong type mended; what cannot be mended is left out. */
function mendFields(found: readonly Field[]): Record<string, unknown> {
  const entry: Record<string, unknown> = {}
  for (const [key, value, written] of found) {
    const name = fieldNamed(ENTRY_FIELDS, key)
    const type = name === undefined ? undefined : ENTRY_FIELDS.get(name)
    if (name === undefined || type === undefined || value === null || entry[name] !== undefined) continue
    const mended = typeProblem(name, type, value) === undefined ? known(type, value) : mend(type, written)
    if (mended !== undefined && typeProblem(name, type, mended) === undefined) entry[name] = mended
  }
  return entry
}

/** Without the fields that Helm does not know. */
function known(type: FieldType, value: unknown): unknown {
  return typeof type === 'object' && Array.isArray(value) ? value.map((item: unknown) => (isObject(item) ? onlyKnown(type.listOf, item) : item)) : value
}

function onlyKnown(fields: Fields, item: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).filter(([key]) => fieldNamed(fields, key) !== undefined))
}

/** A value of this type, made of what is written; undefined: none can be. */
function mend(type: FieldType, written: unknown): unknown {
  if (typeof type === 'object') {
    if (!Array.isArray(written)) return undefined
    return written.flatMap((item: unknown) => (isObject(item) ? [mendObject(type.listOf, item)] : []))
  }
  if (type === 'string') return typeof written === 'string' ? written : undefined
  if (type === 'strings' && typeof written === 'string') return [written]
  if (type === 'strings') return Array.isArray(written) ? written.filter((item) => typeof item === 'string') : undefined
  if (type === 'texts') return isObject(written) ? Object.fromEntries(Object.entries(written).filter(([, item]) => typeof item === 'string')) : undefined
  if (type === 'bool') return written === 'true' ? true : written === 'false' ? false : undefined
  if (type !== 'time' || typeof written !== 'string') return undefined
  const time = Date.parse(written)
  return Number.isNaN(time) ? undefined : new Date(time).toISOString()
}

function mendObject(fields: Fields, item: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(item).flatMap(([key, value]) => {
      const name = fieldNamed(fields, key)
      const type = name === undefined ? undefined : fields.get(name)
      const mended = name === undefined || type === undefined ? undefined : mend(type, value)
      return name === undefined || mended === undefined ? [] : [[name, mended] as const]
    }),
  )
}

/** A new item for an entry that has what it takes. */
function usable(fields: Record<string, unknown>, form: IndexForm): IndexItem | undefined {
  const { name, version } = fields
  if (typeof name !== 'string' || name === '' || typeof version !== 'string' || version === '') return undefined
  const entry: Entry = { ...fields, name, version }
  return entryProblem(entry, form) === undefined ? itemOf(entry) : undefined
}

function yamlHeader(blocks: readonly string[]): IndexHeader {
  const fields = blocks.flatMap((block): readonly (readonly [string, unknown])[] => {
    try {
      const value = parseYamlText(block)
      return isObject(value) ? Object.entries(value) : []
    } catch {
      return []
    }
  })
  return usableHeader(Object.fromEntries(fields), 'yaml')
}

/** Field by field, and annotation by annotation: one that cannot be used takes no other with it. */
function usableHeader(fields: Readonly<Record<string, unknown>>, form: IndexForm): IndexHeader {
  const accepted: Record<string, unknown> = { apiVersion: 'v1' }
  const isGood = (candidate: Record<string, unknown>): boolean => {
    try {
      headerFrom(candidate, form)
      return true
    } catch {
      return false
    }
  }
  for (const [key, value] of Object.entries(fields)) {
    const name = fieldNamed(INDEX_FIELDS, key)
    if (name === 'entries' || name === 'apiVersion') continue
    if (name === 'annotations' && isObject(value)) {
      for (const [annotation, text] of Object.entries(value)) {
        const known = isObject(accepted['annotations']) ? accepted['annotations'] : {}
        const next = { ...known, [annotation]: text }
        if (isGood({ ...accepted, annotations: next })) accepted['annotations'] = next
      }
    } else if (isGood({ ...accepted, [key]: value })) accepted[key] = value
  }
  return isGood(accepted) ? headerFrom(accepted, form) : NO_HEADER
}

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Bytes of one entry, and levels inside it. What is beyond is taken for damage. */
const LONGEST_ENTRY = 1024 * 1024
const DEEPEST_ENTRY = 20
/** So often each byte is looked at, at the most. */
const PATIENCE = 50

/** By braces: each object that is an entry by itself is one, wherever it stands. */
function salvageJson(source: Buffer): Found {
  const charts = new Charts()
  const lost: LostEntry[] = []
  let budget = PATIENCE * source.length
  let chart: string | undefined
  const entriesAt = /"entries"\s*:\s*\{/.exec(source.toString('latin1', 0, Math.min(source.length, LONGEST_ENTRY)))
  let searched = entriesAt === null ? 0 : entriesAt.index + entriesAt[0].length
  /** What stands between two entries, and is more than their separators and the names of charts. */
  const lose = (end: number): void => {
    let line = 0
    for (const piece of source.toString('utf8', searched, Math.max(searched, end)).split(/(?<=\n)|(?<=\},)/)) {
      if (/\bname|version|urls|digest|created/.test(piece.replace(/"(?:[^"\\\n]|\\.)*"\s*:\s*\[\s*$/, ''))) {
        lost.push(namedLoss(piece, lineAt(source, searched) + line))
      }
      if (piece.endsWith('\n')) line++
    }
  }
  for (let at = source.indexOf(OPEN_BRACE); at >= 0 && budget > 0; at = source.indexOf(OPEN_BRACE, at)) {
    const { end, seen } = findEnd(source, at)
    budget -= seen - at
    const item = end === undefined ? undefined : saveJsonItem(source, at, end)
    if (item === undefined || end === undefined) {
      at++
      continue
    }
    lose(at)
    const isNext = /^\s*,\s*$/.test(source.toString('latin1', searched, Math.max(searched, at)).slice(0, 1000))
    chart = chartBefore(source, at) ?? (isNext ? chart : undefined)
    charts.add(chart ?? item.entry.name, item)
    searched = end
    at = end
  }
  lose(source.length)
  return { header: jsonHeader(source), charts: charts.lists, lost }
}

function saveJsonItem(source: Buffer, start: number, end: number): IndexItem | undefined {
  const text = source.toString('utf8', start, end)
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value) || !('version' in value) || !('urls' in value || 'digest' in value || 'created' in value)) return undefined
    // Where a bracket is gone, the next entries lie inside this one.
    if (Object.values(value).some((item) => holdsEntry(item, DEEPEST_ENTRY))) return undefined
    if (entryProblem(value, 'json') !== undefined) {
      const written: unknown = parseAsWritten(text)
      return usable(mendFields(Object.entries(value).map(([key, item]) => [key, item, isObject(written) ? written[key] : undefined])), 'json')
    }
    const [entry] = entriesFrom([value], '', 'json')
    if (entry === undefined || entry.version === '') return undefined
    const isOneLine = !text.includes('\n')
    return isOneLine ? decodedItem({ source, start, end, form: 'json', indent: 0 }, entry) : itemOf(entry)
  } catch {
    return undefined
  }
}

function holdsEntry(value: unknown, depth: number): boolean {
  if (Array.isArray(value)) return value.some((item) => holdsEntry(item, depth - 1))
  if (!isObject(value) || depth < 0) return false
  return ('version' in value && ('urls' in value || 'created' in value)) || Object.values(value).some((item) => holdsEntry(item, depth - 1))
}

/** Behind the brace that closes the object, unless there is none, or it is too long or too deep for an entry. `seen`: how far it looked. */
function findEnd(source: Buffer, start: number): { readonly end: number | undefined; readonly seen: number } {
  const limit = Math.min(source.length, start + LONGEST_ENTRY)
  let depth = 0
  let isText = false
  for (let at = start; at < limit; at++) {
    const byte = source[at]
    if (isText) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) isText = false
      else if (byte === LINE_FEED) return { end: undefined, seen: at }
    } else if (byte === QUOTE) isText = true
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > DEEPEST_ENTRY) return { end: undefined, seen: at }
    } else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return { end: at + 1, seen: at }
  }
  return { end: undefined, seen: limit }
}

/** The name of the chart, where the entry is the first below it. */
function chartBefore(source: Buffer, at: number): string | undefined {
  const match = /"((?:[^"\\\n]|\\.)+)"\s*:\s*\[\s*$/.exec(source.toString('utf8', Math.max(0, at - 300), at))
  return match?.[1]
}

function jsonHeader(source: Buffer): IndexHeader {
  const head = source.toString('utf8', 0, Math.max(source.indexOf('"entries"'), 0))
  const text = (key: string): string | undefined => new RegExp(`"${key}"\\s*:\\s*("(?:[^"\\\\\\n]|\\\\.)*")`).exec(head)?.[1]
  const generated = text('generated')
  const annotations: Record<string, unknown> = {}
  for (const [, key, value] of head.matchAll(/("helm-s3\/(?:[^"\\\n]|\\.)*")\s*:\s*("(?:[^"\\\n]|\\.)*")/g)) {
    const pair = tryParse(`[${key ?? ''},${value ?? ''}]`)
    if (Array.isArray(pair)) annotations[String(pair[0])] = pair[1]
  }
  const whole = tryParse(`${head.replace(/,\s*$/, '')}}`)
  if (isObject(whole)) return usableHeader(whole, 'json')
  return usableHeader({ annotations, ...(generated === undefined ? {} : { generated: tryParse(generated) }) }, 'json')
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What the text of a lost entry tells of it. */
function namedLoss(text: string, line: number): LostEntry {
  const value = (key: string): string | undefined => new RegExp(`(?:^|[\\s{,"-])${key}"?\\s*:\\s*["']?([A-Za-z0-9][^\\s"',}]*)`).exec(text)?.[1]
  return { name: value('name'), version: value('version'), line }
}

function linesOf(source: Buffer): readonly { readonly start: number; readonly text: string }[] {
  const lines: { start: number; text: string }[] = []
  for (let start = 0; start < source.length; ) {
    const next = source.indexOf(LINE_FEED, start)
    const end = next < 0 ? source.length : next
    lines.push({ start, text: source.toString('utf8', start, end) })
    start = end + 1
  }
  return lines
}

function lineAt(source: Buffer, at: number): number {
  let line = 1
  for (let next = source.indexOf(LINE_FEED); next >= 0 && next < at; next = source.indexOf(LINE_FEED, next + 1)) line++
  return line
}

function isReadable(index: IndexText): boolean {
  try {
    const again = readIndexText(index.toBytes())
    const wanted = index.chartNames().flatMap((name) => index.versions(name).map(versionKey))
    return again.chartNames().flatMap((name) => again.versions(name).map(versionKey)).join() === wanted.join()
  } catch {
    return false
  }
}
