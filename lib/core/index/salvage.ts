import { stillInTime, whileBusy } from '../../busy.ts'
import { NO_BOOKKEEPING } from '../bookkeeping.ts'
import { type Entry, versionKey } from '../entry.ts'
import { ENTRY_FIELDS, type FieldType, type Fields, INDEX_FIELDS, fieldNamed, isObject, typeProblem } from './field-types.ts'
import { parseAsWritten } from './go-yaml-text.ts'
import { type IndexForm, entriesFrom, entryProblem } from './index-entry.ts'
import { type IndexHeader, headerFrom } from './index-header.ts'
import { type IndexItem, decodedItem, itemOf } from './index-item.ts'
import { type IndexText, indexOfParts, readIndexText } from './index-text.ts'
import { parseYamlItem, parseYamlText, plainBytes } from './yaml-form.ts'
import { parseVersion } from '../version.ts'

/** An entry of a damaged index that was mended or could not be saved, as far as its text tells which it was. */
export interface DamagedEntry {
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
  /** Of these, the ones that are not as they were. */
  readonly mended: readonly DamagedEntry[]
  readonly lost: readonly DamagedEntry[]
  /** The end of the text may be missing, and entries with it. */
  readonly mayBeCut: boolean
}

/**
 * Takes apart the text of an index that Helm refuses, and keeps all of it that can be used: each entry is looked at by itself, so that
 * one which is broken takes no other with it. Entries that are well keep their bytes. In one that is not, a scalar of a wrong type
 * becomes the text that stands there, a field that cannot be read or that Helm does not know is left out, and the rest stays. An entry
 * without a name stays under the chart whose name stands before it; one without a version, or without both names, is lost. Of text that is no index at all nothing is kept.
 * @throws HelmS3Error `timeout` alone, whatever the bytes are
 */
export function salvageIndex(bytes: Uint8Array): Salvaged {
  return whileBusy(() => salvage(bytes))
}

function salvage(bytes: Uint8Array): Salvaged {
  const text = plainBytes(bytes)
  const [json, yaml] = [salvageJson(text), salvageYaml(text.at(-1) === LINE_FEED ? text : Buffer.concat([text, Buffer.from('\n')]))]
  const isJson = count(json) > count(yaml) || (count(json) === count(yaml) && text.includes(OPEN_BRACE) && !text.includes('entries:'))
  const { charts, header, lost, mayBeCut, mended } = isJson ? json : yaml
  const kept = count({ charts })
  const form: IndexForm = isJson || kept === 0 ? 'json' : 'yaml'
  const index = indexOfParts(form, header, charts)
  if (isReadable(index)) return { index, kept, mended, lost, mayBeCut }
  const renewed = new Map([...charts].map(([name, items]) => [name, items.map(({ entry }) => itemOf({ ...entry }))]))
  return { index: indexOfParts(form, header, renewed), kept, mended, lost, mayBeCut }
}

const LINE_FEED = 0x0a

interface Found extends Pick<Salvaged, 'lost' | 'mayBeCut' | 'mended'> {
  readonly header: IndexHeader
  readonly charts: ReadonlyMap<string, readonly IndexItem[]>
}

function count({ charts }: Pick<Found, 'charts'>): number {
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
  const lost: DamagedEntry[] = []
  const mended: DamagedEntry[] = []
  const headers: string[] = []
  const hasTitle = lines.some(({ text }) => /^['"]?entries['"]?:/i.test(text))
  const usual = usualIndent(lines)
  const titles = new Set<string>()
  let chart: string | undefined
  /** The last name of a chart before a line, be it sure or not that what stands there is of that chart. */
  let last: string | undefined
  let isInEntries = false
  let astray = Infinity
  let dashes: number | undefined
  let item: { readonly first: number; readonly chart: string | undefined; readonly last: string | undefined; end?: number | undefined } | undefined
  const nextStart = (from: number): number => {
    for (let at = from; at < lines.length; at++) if (/^ {0,2}\S|^ *- /.test(lines[at]?.text ?? '')) return at
    return lines.length
  }
  const textOf = (first: number, next: number): string => source.toString('utf8', lines[first]?.start, lines[next]?.start)
  const endItem = (next: number): void => {
    if (item === undefined) return
    stillInTime()
    const range = { start: lines[item.first]?.start ?? 0, end: lines[item.end ?? next]?.start ?? source.length }
    const found = saveYamlItems(source, range, dashes ?? 0, item)
    // The name of the next chart may be gone with what is damaged here.
    if (found.some((each) => typeof each === 'string' || each.slice === undefined)) chart = undefined
    for (const [i, saved] of found.entries()) {
      const under = typeof saved === 'string' ? undefined : chartOf(saved.entry, i === 0 ? item.chart : undefined, item.last)
      if (typeof saved === 'string' || under === undefined) lost.push(namedLoss(typeof saved === 'string' ? saved : textOf(item.first, item.end ?? next), item.first + 1))
      else charts.add(under, saved)
      if (typeof saved === 'object' && saved.slice === undefined) mended.push(named(saved.entry, item.first + 1))
    }
    item = undefined
  }
  for (const [at, { text }] of lines.entries()) {
    const indent = text.search(/[^ ]/)
    if (text.trim() === '' || text[indent] === '#') continue
    const isDash = ITEM_START.test(text.slice(indent)) && indent < astray && indent <= (dashes ?? indent) + 1
    const title = titleOf(lines, at, isInEntries ? titles : undefined)
    if (title !== undefined) titles.add(title)
    const name = CHART_LINE.exec(text)
    if (title !== undefined) {
      endItem(at)
      ;[isInEntries, astray, chart, dashes] = [title === 'entries', Infinity, undefined, undefined]
      if (!isInEntries) headers.push('')
    } else if (!hasTitle && !isInEntries && (isDash || (name !== null && /^ *- /.test(lines[at + 1]?.text ?? '')))) isInEntries = true
    if (title !== undefined || !isInEntries) {
      if (!isInEntries) headers.push(`${headers.pop() ?? ''}${text}\n`)
    } else if (isDash) {
      endItem(at)
      ;[dashes, astray, item] = [dashes ?? (indent < NAME_INDENT || indent > usual ? usual : indent), Infinity, { first: at, chart, last }]
    } else if (name !== null) {
      endItem(at)
      ;[chart, dashes, astray] = [name[1] ?? name[2] ?? name[3], undefined, Infinity]
      last = chart
      if (chart !== undefined) charts.open(chart)
    } else if (indent <= 2) {
      chart = undefined
      if (item !== undefined) item.end ??= at
    } else if (item !== undefined) item.end = undefined
    else if (astray === Infinity) {
      // The dash of an entry is gone, or the name of a chart before it.
      astray = indent
      lost.push(namedLoss(textOf(at, nextStart(at + 1)), at + 1))
    }
  }
  endItem(lines.length)
  // Helm and this program write a field behind the entries.
  return { header: yamlHeader(headers), charts: charts.lists, lost, mended, mayBeCut: isInEntries }
}

/** Columns before the name of a chart, and before the dash of an entry at least. */
const NAME_INDENT = 2

/** Columns before the first dash below the name of a chart, as most charts have them. */
function usualIndent(lines: readonly TextLine[]): number {
  const counts = new Map<number, number>()
  for (const [at, { text }] of lines.entries()) {
    const dash = CHART_LINE.test(text) ? /^( *)- /.exec(lines[at + 1]?.text ?? '')?.[1]?.length : undefined
    if (dash !== undefined && dash >= NAME_INDENT) counts.set(dash, (counts.get(dash) ?? 0) + 1)
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? NAME_INDENT
}

/**
 * The field of the index that begins in a line, in lower case. Below `entries` a field that entries have, too, and that has stood there
 * already (`titles`), or that is followed by fields of an entry, is one of an entry which has lost its place.
 */
function titleOf(lines: readonly TextLine[], at: number, titles: ReadonlySet<string> | undefined): string | undefined {
  const title = TOP_LINE.exec(lines[at]?.text ?? '')?.[1]?.toLowerCase()
  if (title === undefined || titles === undefined || fieldNamed(ENTRY_FIELDS, title) === undefined) return title
  const isFollowed = (lines[at + 1]?.text.search(/[^ ]/) ?? 0) > NAME_INDENT
  return titles.has(title) || isFollowed ? undefined : title
}

/** The entries in a range of lines, more than one where a dash is gone; what is lost of them as text. */
function saveYamlItems(
  source: Buffer,
  { end, start }: { readonly start: number; readonly end: number },
  indent: number,
  { chart, last }: { readonly chart: string | undefined; readonly last: string | undefined },
): readonly (IndexItem | string)[] {
  const slice = { source, start, end, form: 'yaml' as const, indent }
  const text = source.toString('utf8', start, end)
  try {
    const [entry, ...more] = parseYamlItem(source.subarray(start, end))
    if (entry !== undefined && more.length === 0) return [entry.version === '' ? text : decodedItem(slice, entry)]
  } catch {
    stillInTime()
  }
  // Field by field, then.
  // Where a line break is gone, the next entry stands at the end of a line.
  const pieces = text.replace(new RegExp(`(\\S)( {${String(indent)}}- [A-Za-z]+:)`, 'g'), '$1\n$2').split(new RegExp(`^(?= {${String(indent)}}- )`, 'm'))
  const groups = pieces.flatMap((piece) => inEntries(fieldsOf(piece, indent)).map((fields) => [fields, piece] as const))
  return groups.map(([fields, piece], i) => {
    const mended = mendFields(fields)
    // What follows in the same range may be of another chart, whose name is gone.
    const under = i > 0 && typeof mended['name'] === 'string' ? mended['name'] : chart
    return usable(mendIdentity(mended, under ?? toldBy(mended, last)), 'yaml') ?? piece
  })
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
      stillInTime()
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

/**
 * The damage may have hit what an entry is called. It stands under the chart of its name; and where its version is not a whole one, the
 * file that it names tells it.
 */
function mendIdentity(fields: Record<string, unknown>, chart: string | undefined): Record<string, unknown> {
  const name = chart ?? fields['name']
  const { urls, version } = fields
  if (typeof name !== 'string') return fields
  const told = isWhole(version) || !Array.isArray(urls) ? undefined : urls.flatMap((url) => versionInUrl(String(url), name) ?? [])[0]
  return { ...fields, name, ...(told === undefined ? {} : { version: told }) }
}

/** The chart under which an entry is kept: that before it, where that is sure, else its own, else the last one before it. */
function chartOf({ name }: Entry, sure: string | undefined, last: string | undefined): string | undefined {
  return sure ?? (name === '' ? last : name)
}

/** The last chart before an entry without a name, where the file that the entry names agrees. */
function toldBy({ name, urls }: Record<string, unknown>, last: string | undefined): string | undefined {
  const isUnnamed = typeof name !== 'string' || name === ''
  return isUnnamed && last !== undefined && Array.isArray(urls) && urls.some((url) => versionInUrl(String(url), last) !== undefined) ? last : undefined
}

function versionInUrl(url: string, name: string): string | undefined {
  const file = url.replace(/[?#].*$/s, '').split('/').at(-1)?.replaceAll('%2B', '+') ?? ''
  const version = file.startsWith(`${name}-`) && file.endsWith('.tgz') ? file.slice(name.length + 1, -'.tgz'.length) : ''
  return isWhole(version) ? version : undefined
}

/** With all three numbers: `1.0` may be what is left of a version. */
function isWhole(version: unknown): version is string {
  return typeof version === 'string' && /^v?\d+\.\d+\.\d/.test(version) && parseVersion(version) !== undefined
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
/** Bytes between two entries of one chart, with room for a broken line. */
const FARTHEST_ITEM = 1000
/** So often each byte is looked at, at the most. */
const PATIENCE = 50

/** By braces: each object that is an entry by itself is one, wherever it stands. */
function salvageJson(source: Buffer): Found {
  const charts = new Charts()
  const lost: DamagedEntry[] = []
  const mended: DamagedEntry[] = []
  const lines = new LineCounter(source)
  let budget = PATIENCE * source.length
  let chart: string | undefined
  let last: string | undefined
  const entriesAt = /"entries"\s*:\s*\{/.exec(source.toString('latin1', 0, Math.min(source.length, LONGEST_ENTRY)))
  let searched = entriesAt === null ? 0 : entriesAt.index + entriesAt[0].length
  /** What stands between two entries, and is more than their separators and the names of charts. */
  const lose = (end: number): void => {
    let line = 0
    for (const piece of source.toString('utf8', searched, Math.max(searched, end)).split(/(?<=\n)|(?<=\},)/)) {
      if (/\bname|version|urls|digest|created/.test(piece.replace(/"(?:[^"\\\n]|\\.)*"\s*:\s*\[\s*$/, ''))) {
        lost.push(namedLoss(piece, lines.at(searched) + line))
      }
      if (piece.endsWith('\n')) line++
    }
  }
  for (let at = source.indexOf(OPEN_BRACE); at >= 0 && budget > 0; at = source.indexOf(OPEN_BRACE, at)) {
    stillInTime()
    const { end, seen } = findEnd(source, at)
    budget -= seen - at
    const between = source.toString('latin1', searched, Math.min(Math.max(searched, at), searched + FARTHEST_ITEM))
    const under = (): string | undefined => chartBefore(source, at) ?? (/^\s*,\s*$/.test(between) ? chart : undefined)
    const item = end === undefined ? undefined : saveJsonItem(source, at, end, under, last)
    const place = item && chartOf(item.item.entry, under(), last)
    if (item === undefined || place === undefined || end === undefined) {
      at++
      continue
    }
    lose(at)
    chart = under()
    last = place
    charts.add(place, item.item)
    if (item.isMended) mended.push(named(item.item.entry, lines.at(at)))
    searched = end
    at = end
  }
  lose(source.length)
  return { header: jsonHeader(source), charts: charts.lists, lost, mended, mayBeCut: !/\}\s*$/.test(source.toString('latin1', source.length - 100)) }
}

function saveJsonItem(
  source: Buffer,
  start: number,
  end: number,
  chart: () => string | undefined,
  last: string | undefined,
): { readonly item: IndexItem; readonly isMended: boolean } | undefined {
  const text = source.toString('utf8', start, end)
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value) || !('version' in value) || !('urls' in value || 'digest' in value || 'created' in value)) return undefined
    // Where a bracket is gone, the next entries lie inside this one.
    if (Object.values(value).some((item) => holdsEntry(item, DEEPEST_ENTRY))) return undefined
    if (entryProblem(value, 'json') !== undefined) {
      const written: unknown = parseAsWritten(text)
      const fields = mendFields(Object.entries(value).map(([key, item]) => [key, item, isObject(written) ? written[key] : undefined]))
      const item = usable(mendIdentity(fields, chart() ?? toldBy(fields, last)), 'json')
      return item && { item, isMended: true }
    }
    const [entry] = entriesFrom([value], '', 'json')
    if (entry === undefined || entry.version === '') return undefined
    const isOneLine = !text.includes('\n')
    return { item: isOneLine ? decodedItem({ source, start, end, form: 'json', indent: 0 }, entry) : itemOf(entry), isMended: false }
  } catch {
    stillInTime()
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

function named({ name, version }: Entry, line: number): DamagedEntry {
  return { name, version, line }
}

/** What the text of a lost entry tells of it. */
function namedLoss(text: string, line: number): DamagedEntry {
  const value = (key: string): string | undefined => new RegExp(`(?:^|[\\s{,"-])${key}"?\\s*:\\s*["']?([A-Za-z0-9][^\\s"',}]*)`).exec(text)?.[1]
  return { name: value('name'), version: value('version'), line }
}

interface TextLine {
  readonly start: number
  readonly text: string
}

function linesOf(source: Buffer): readonly TextLine[] {
  const lines: TextLine[] = []
  for (let start = 0; start < source.length; ) {
    const next = source.indexOf(LINE_FEED, start)
    const end = next < 0 ? source.length : next
    lines.push({ start, text: source.toString('utf8', start, end) })
    start = end + 1
  }
  return lines
}

/** The numbers of lines, from 1, of places that are asked for in ascending order. */
class LineCounter {
  readonly #source: Buffer
  #line = 1
  #next: number

  constructor(source: Buffer) {
    this.#source = source
    this.#next = source.indexOf(LINE_FEED)
  }

  at(place: number): number {
    for (; this.#next >= 0 && this.#next < place; this.#next = this.#source.indexOf(LINE_FEED, this.#next + 1)) this.#line++
    return this.#line
  }
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
