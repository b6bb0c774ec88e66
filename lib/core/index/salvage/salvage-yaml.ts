import { stillInTime } from '../../../sys/busy.ts'
import { ENTRY_FIELDS, INDEX_FIELDS, fieldNamed } from '../../helm/field-types.ts'
import { isObject } from '../../../text/is-object.ts'
import { parseAsWritten } from '../../../yaml/load.ts'
import type { IndexHeader } from '../index-header.ts'
import { type IndexItem, decodedItem } from '../index-item.ts'
import { parseYamlItem, parseYamlText } from '../yaml-form.ts'
import { type Field, mendFields, mendIdentity, toldBy, usable, versionedByFile } from './mend-entry.ts'
import {
  Charts,
  type DamagedEntry,
  type Found,
  LINE_FEED,
  type SkippedItem,
  chartOf,
  named,
  namedLoss,
  usableHeader,
} from './salvaged-parts.ts'

const CHART_LINE = /^ {2}(?:"([^"\\]+)"|'([^']+)'|([^\s'"#&*!|>%@`{}[\],-][^:#]*)): *(\[ *\]|null|~)? *(?:#.*)?$/

/** The dash of an entry with its first field, or with a value that stands for the whole entry. */
const ITEM_START = /^-(?: +(?:['"]?[A-Za-z]+['"]?:(?: |$)|[{nN~]).*)?$/
const TOP_LINE = new RegExp(`^(?:['"]?(${[...INDEX_FIELDS.keys()].join('|')})['"]?):`, 'i')

/**
 * Goes by lines: the fields at the left margin, below `entries` the names of charts, and below these the dashes of
 * entries. Any other line belongs to the entry before it. Such a line may have been the name of a chart; so the entries
 * after it are kept under the charts of their own names.
 */
export function salvageYaml(source: Buffer): Found {
  return new YamlSalvage(source).run()
}

/** The item that the walk is in. */
interface OpenItem {
  /** The line of its dash. */
  readonly first: number
  /** The chart that it stands under. Undefined: that is not certain. */
  readonly chart: string | undefined
  readonly last: string | undefined
  /** The line at which it ends. Undefined: where the next item, chart or field begins. */
  end?: number | undefined
}

/** One walk over the lines of a damaged index, and what it has found so far. */
class YamlSalvage {
  readonly #source: Buffer
  readonly #lines: readonly TextLine[]
  readonly #charts = new Charts()
  readonly #lost: DamagedEntry[] = []
  readonly #mended: DamagedEntry[] = []
  readonly #skipped: SkippedItem[] = []
  /** The texts before, between and after the entries. */
  readonly #headers: string[] = []
  readonly #titles = new Set<string>()
  readonly #hasTitle: boolean
  readonly #usualIndent: number
  #isInEntries = false
  /** The chart that the line stands under. Undefined: that is not certain. */
  #chart: string | undefined
  /** The last name of a chart before the line, whether or not it is certain that the line belongs to that chart. */
  #last: string | undefined
  /** The columns before the dashes of the chart. Undefined: none has been seen. */
  #dashes: number | undefined
  /** From this many columns on, lines belong to an entry without a beginning. */
  #astray = Infinity
  #item: OpenItem | undefined

  constructor(source: Buffer) {
    this.#source = source
    this.#lines = linesOf(source)
    this.#hasTitle = this.#lines.some(({ text }) => /^['"]?entries['"]?:/i.test(text))
    this.#usualIndent = usualIndent(this.#lines)
  }

  run(): Found {
    for (const [at, { text }] of this.#lines.entries()) {
      const indent = text.search(/[^ ]/)
      if (text.trim() !== '' && text[indent] !== '#') this.#take(at, text, indent)
    }
    this.#endItem(this.#lines.length)
    // Helm and this program write a field after the entries.
    const found = { lost: this.#lost, mended: this.#mended, skipped: this.#skipped, mayBeCut: this.#isInEntries }
    return { header: yamlHeader(this.#headers), charts: this.#charts.lists, ...found }
  }

  #take(at: number, text: string, indent: number): void {
    const isDash =
      ITEM_START.test(text.slice(indent)) && indent < this.#astray && indent <= (this.#dashes ?? indent) + 1
    const name = CHART_LINE.exec(text)
    const title = titleOf(this.#lines, at, this.#isInEntries ? this.#titles : undefined)
    if (title !== undefined) return this.#takeField(at, text, title)
    if (!this.#isInEntries && !this.#beginsEntries(at, isDash, name !== null)) return this.#keep(text)
    this.#isInEntries = true
    if (isDash) return this.#takeDash(at, indent)
    if (name !== null) return this.#takeName(at, name[1] ?? name[2] ?? name[3])
    this.#takeOther(at, indent)
  }

  /** Whether the entries begin on a line although the line `entries:` is lost. */
  #beginsEntries(at: number, isDash: boolean, isName: boolean): boolean {
    return !this.#hasTitle && (isDash || (isName && /^ *- /.test(this.#lines[at + 1]?.text ?? '')))
  }

  /** A field of the index itself. */
  #takeField(at: number, text: string, title: string): void {
    this.#endItem(at)
    this.#titles.add(title)
    this.#isInEntries = title === 'entries'
    this.#astray = Infinity
    this.#chart = undefined
    this.#dashes = undefined
    if (this.#isInEntries) return
    this.#headers.push('')
    this.#keep(text)
  }

  /** A line of a field of the index. */
  #keep(text: string): void {
    this.#headers.push(`${this.#headers.pop() ?? ''}${text}\n`)
  }

  #takeDash(at: number, indent: number): void {
    this.#endItem(at)
    const usual = this.#usualIndent
    this.#dashes ??= indent < NAME_INDENT || indent > usual ? usual : indent
    this.#astray = Infinity
    this.#item = { first: at, chart: this.#chart, last: this.#last }
  }

  #takeName(at: number, name: string | undefined): void {
    this.#endItem(at)
    this.#chart = name
    this.#last = name
    this.#dashes = undefined
    this.#astray = Infinity
    if (name !== undefined) this.#charts.open(name)
  }

  /** A line of an entry, or one that has been a name or a dash. */
  #takeOther(at: number, indent: number): void {
    if (indent <= NAME_INDENT) {
      this.#chart = undefined
      if (this.#item !== undefined) this.#item.end ??= at
    } else if (this.#item !== undefined) this.#item.end = undefined
    else if (this.#astray === Infinity) {
      // The dash of an entry, or the name of a chart before it, is missing.
      this.#astray = indent
      this.#lost.push(namedLoss(this.#textOf(at, this.#nextStart(at + 1)), at + 1))
    }
  }

  /** Saves what can be saved of the open item, which ends before line `next` at the latest. */
  #endItem(next: number): void {
    const item = this.#item
    if (item === undefined) return
    stillInTime()
    this.#item = undefined
    const [start = 0, following] = [this.#lines[item.first]?.start, this.#lines[next]?.start]
    const skipped =
      item.end === undefined ? skippedItem(this.#source.subarray(start, following), item.chart ?? item.last) : undefined
    if (skipped !== undefined) this.#skipped.push({ ...skipped, line: item.first + 1 })
    else this.#save(item, { start, end: this.#lines[item.end ?? next]?.start ?? this.#source.length }, next)
  }

  #save(item: OpenItem, range: { readonly start: number; readonly end: number }, next: number): void {
    const line = item.first + 1
    const found = saveYamlItems(this.#source, range, this.#dashes ?? 0, item)
    // The name of the next chart may have been lost with the text that is damaged here.
    if (found.some((each) => typeof each === 'string' || each.slice === undefined)) this.#chart = undefined
    for (const [i, saved] of found.entries()) {
      if (typeof saved === 'string') {
        this.#lost.push(namedLoss(saved, line))
        continue
      }
      const under = chartOf(saved.entry, i === 0 ? item.chart : undefined, item.last)
      if (under === undefined) this.#lost.push(namedLoss(this.#textOf(item.first, item.end ?? next), line))
      else this.#charts.add(under, saved)
      if (saved.slice === undefined) this.#mended.push(named(saved.entry, line))
    }
  }

  #nextStart(from: number): number {
    const lines = this.#lines
    for (let at = from; at < lines.length; at++) if (/^ {0,2}\S|^ *- /.test(lines[at]?.text ?? '')) return at
    return lines.length
  }

  #textOf(first: number, next: number): string {
    return this.#source.toString('utf8', this.#lines[first]?.start, this.#lines[next]?.start)
  }
}

/** The number of columns before the name of a chart, which is also the least number before the dash of an entry. */
const NAME_INDENT = 2

/** The number of columns before the first dash below the name of a chart, as most charts of the text have it. */
function usualIndent(lines: readonly TextLine[]): number {
  const counts = new Map<number, number>()
  for (const [at, { text }] of lines.entries()) {
    const dash = CHART_LINE.test(text) ? /^( *)- /.exec(lines[at + 1]?.text ?? '')?.[1]?.length : undefined
    if (dash !== undefined && dash >= NAME_INDENT) counts.set(dash, (counts.get(dash) ?? 0) + 1)
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? NAME_INDENT
}

/**
 * The field of the index that begins on a line, in lower case. Below `entries`, a field that entries also have may
 * belong to an entry that has lost its indentation. It is taken for one when it has occurred already (`titles`), or
 * when fields of an entry follow it.
 */
function titleOf(lines: readonly TextLine[], at: number, titles: ReadonlySet<string> | undefined): string | undefined {
  const title = TOP_LINE.exec(lines[at]?.text ?? '')?.[1]?.toLowerCase()
  if (title === undefined || titles === undefined || fieldNamed(ENTRY_FIELDS, title) === undefined) return title
  const isFollowed = (lines[at + 1]?.text.search(/[^ ]/) ?? 0) > NAME_INDENT
  return titles.has(title) || isFollowed ? undefined : title
}

/**
 * The entries in a range of lines, and the text of what is lost of them. There may be several where a dash is missing.
 */
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
    if (entry !== undefined && more.length === 0)
      return [entry.version === '' ? (versionedByFile(entry, chart, 'yaml') ?? text) : decodedItem(slice, entry)]
  } catch {
    stillInTime()
  }
  // Field by field, then.
  // Where a line break is gone, the next entry stands at the end of a line.
  const pieces = text
    .replace(new RegExp(`(\\S)( {${String(indent)}}- [A-Za-z]+:)`, 'g'), '$1\n$2')
    .split(new RegExp(`^(?= {${String(indent)}}- )`, 'm'))
  const groups = pieces.flatMap((piece) => inEntries(fieldsOf(piece, indent)).map((fields) => [fields, piece] as const))
  return groups.map(([fields, piece], i) => {
    const mended = mendFields(fields)
    // What follows in the same range may belong to another chart, whose name is lost.
    const under = i > 0 && typeof mended['name'] === 'string' ? mended['name'] : chart
    return usable(mendIdentity(mended, under ?? toldBy(mended, last)), 'yaml') ?? piece
  })
}

/** The item that Helm skips. Undefined: the text is an entry, or is damaged. */
function skippedItem(text: Buffer, chart: string | undefined): Omit<SkippedItem, 'line'> | undefined {
  try {
    const [entry, ...more] = parseYamlItem(text)
    if (entry === undefined) return { reason: 'null', name: chart }
    const isEntry = more.length > 0 || entry.version !== '' || versionedByFile(entry, chart, 'yaml') !== undefined
    return isEntry ? undefined : { reason: 'no-version', name: entry.name === '' ? chart : entry.name }
  } catch {
    stillInTime()
    return undefined
  }
}

/** Splits fields into entries: a field that occurs again begins another entry. */
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
      return isObject(value) && isObject(written)
        ? Object.entries(value).map(([key, item]) => [key, item, written[key]] as const)
        : []
    } catch {
      stillInTime()
      return []
    }
  })
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

interface TextLine {
  readonly start: number
  readonly text: string
}

function linesOf(source: Buffer): readonly TextLine[] {
  const lines: TextLine[] = []
  for (let start = 0; start < source.length;) {
    const next = source.indexOf(LINE_FEED, start)
    const end = next < 0 ? source.length : next
    lines.push({ start, text: source.toString('utf8', start, end) })
    start = end + 1
  }
  return lines
}
