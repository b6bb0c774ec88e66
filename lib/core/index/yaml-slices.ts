import type { Slice } from './pieces.ts'
import { resolvePlain } from '../../yaml/scalar.ts'
import { UNRECOGNISED, columnAt, isDash, nextBlockLine, nextLine, walkBlock } from '../../yaml/line-scan.ts'

const LINE_FEED = 0x0a

/** The number of columns before the names of charts. */
const CHART_INDENT = 2

export interface SlicedEntries {
  /** Where the top-level field `entries` begins, and where it ends: the rest is the header. */
  readonly start: number
  readonly end: number
  readonly charts: ReadonlyMap<string, Slice>
}

interface Marks {
  /** The line starts of top-level keys, of the last `entries` key, and of the chart names below it. */
  readonly keys: number[]
  readonly names: number[]
  entries: number
  recognised: boolean
}

const TOP_LEVEL_KEY = /^([A-Za-z]+):(?: |$)/
const ENTRIES_LINE = /^entries:( \{\}| null| ~)?(?: +#.*| *)$/
const CHART_LINE =
  /^ {2}(?:([\p{L}\p{N}_](?:[\p{L}\p{N}_.+~ -]*[\p{L}\p{N}_.+~-])?)|"([^"\\]*)"|'([^']*)'):( \[\])?(?: +#.*| *)$/u

/**
 * Finds the charts of an index in block YAML by its lines. Undefined when the layout is not recognised with certainty.
 */
export function sliceCharts(text: Buffer): SlicedEntries | undefined {
  const marks: Marks = { keys: [], names: [], entries: UNRECOGNISED, recognised: true }
  const range = { start: skipDocumentStart(text), end: text.length, column: 0, upTo: CHART_INDENT }
  const walked = walkBlock(text, range, (line, column) => markLine(text, marks, line, column))
  if (walked === UNRECOGNISED || !marks.recognised || marks.keys[0] !== range.start) return undefined
  const start = marks.entries
  if (start === UNRECOGNISED) return { start: text.length, end: text.length, charts: new Map() }
  const end = marks.keys[marks.keys.indexOf(start) + 1] ?? text.length
  const entries = ENTRIES_LINE.exec(lineAt(text, start))
  if (entries === null || (entries[1] !== undefined && marks.names.length > 0)) return undefined
  const isCut = end === text.length && text[end - 1] !== LINE_FEED && marks.names.length > 0
  if (isCut || nextBlockLine(text, nextLine(text, start), end) !== (marks.names[0] ?? end)) return undefined
  const charts = sliceNames(text, marks.names, end)
  return charts && { start, end, charts }
}

function markLine(text: Buffer, marks: Marks, line: number, column: number): void {
  const inEntries = marks.entries !== UNRECOGNISED && marks.entries === marks.keys.at(-1)
  if (column === 0 && !isDash(text, line)) markKey(text, marks, line)
  else if (inEntries) markName(text, marks, line, column)
}

function markKey(text: Buffer, marks: Marks, line: number): void {
  const key = TOP_LEVEL_KEY.exec(lineAt(text, line))?.[1]
  const isEntries = key === 'entries' && marks.entries === UNRECOGNISED
  if (key === undefined || (key.toLowerCase() === 'entries' && !isEntries)) marks.recognised = false
  if (isEntries) marks.entries = line
  marks.keys.push(line)
}

/**
 * Notes the name of a chart. A line below `entries` is a name, or an item of the last chart when items are not
 * indented.
 */
function markName(text: Buffer, marks: Marks, line: number, column: number): void {
  if (column !== CHART_INDENT) marks.recognised = false
  else if (!isDash(text, line + CHART_INDENT)) marks.names.push(line)
  else if (marks.names.length === 0) marks.recognised = false
}

function sliceNames(text: Buffer, names: readonly number[], end: number): Map<string, Slice> | undefined {
  const charts = new Map<string, Slice>()
  for (const [index, start] of names.entries()) {
    const slice = { source: text, start, end: names[index + 1] ?? end }
    const chart = chartName(slice)
    if (chart === undefined || charts.has(chart)) return undefined
    charts.set(chart, slice)
  }
  return charts
}

/**
 * The name in the first line of a chart's slice. Undefined when it is not certain, or when something other than a
 * sequence or nothing follows.
 */
function chartName({ source, start, end }: Slice): string | undefined {
  const match = CHART_LINE.exec(lineAt(source, start))
  const name = match?.[1] ?? match?.[2] ?? match?.[3]
  if (match === null || name === undefined) return undefined
  if (match[1] !== undefined && typeof resolvePlain(name) !== 'string') return undefined
  const body = nextBlockLine(source, nextLine(source, start), end)
  if (body >= end) return name
  return match[4] === undefined && isDash(source, body + columnAt(source, body)) ? name : undefined
}

/** The position after comments and blank lines at the start and after a `---` line. */
function skipDocumentStart(text: Buffer): number {
  const line = nextBlockLine(text, 0, text.length)
  return lineAt(text, line) === '---' ? nextLine(text, line) : line
}

function lineAt(text: Buffer, line: number): string {
  const end = Math.min(nextLine(text, line) - 1, text.length)
  return Buffer.from(text.buffer, text.byteOffset + line, Math.max(0, end - line)).toString('utf8')
}
