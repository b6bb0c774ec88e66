import { stillInTime } from '../../../sys/busy.ts'
import { ENTRY_FIELDS, fieldNamed } from '../../helm/field-types.ts'
import { isObject } from '../../../text/is-object.ts'
import { parseAsWritten } from '../../../yaml/load.ts'
import { entriesFrom, entryProblem } from '../index-entry.ts'
import type { IndexHeader } from '../index-header.ts'
import { type IndexItem, decodedItem, newItem } from '../index-item.ts'
import { mendFields, mendIdentity, toldBy, usable, versionedByFile } from './mend-entry.ts'
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

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The most bytes of one entry, and the most levels inside it. Text beyond these limits is taken for damage. */
const LONGEST_ENTRY = 1024 * 1024
const DEEPEST_ENTRY = 20
/** Bytes between two entries of one chart, with room for a broken line. */
const FARTHEST_ITEM = 1000
/** How often each byte is looked at, at most. */
const PATIENCE = 50

/** The name of a chart before its list. */
const TITLE = /"((?:[^"\\\n]|\\.)+)"\s*:\s*\[/
/** Null items, alone on a line of their list or side by side. */
const NULLS = /^(?:\s*"(?:[^"\\\n]|\\.)+"\s*:\s*\[)?[\s,]*null(?:[\s,]*null)*[\s,\]}]*$/

/** Goes by braces: every object that is a valid entry by itself is kept, wherever it stands. */
export function salvageJson(source: Buffer): Found {
  const charts = new Charts()
  const lost: DamagedEntry[] = []
  const mended: DamagedEntry[] = []
  const skipped: SkippedItem[] = []
  const lines = new LineCounter(source)
  let budget = PATIENCE * source.length
  let chart: string | undefined
  let last: string | undefined
  const entriesAt = /"entries"\s*:\s*\{/.exec(source.toString('latin1', 0, Math.min(source.length, LONGEST_ENTRY)))
  let searched = entriesAt === null ? 0 : entriesAt.index + entriesAt[0].length
  /** Reports the text between two entries as lost when it is more than separators and names of charts. */
  const lose = (end: number): void => {
    let line = 0
    for (const piece of source.toString('utf8', searched, Math.max(searched, end)).split(/(?<=\n)|(?<=\},)/)) {
      if (/\bname|version|urls|digest|created/.test(piece.replace(/"(?:[^"\\\n]|\\.)*"\s*:\s*\[\s*$/, ''))) {
        lost.push(namedLoss(piece, lines.at(searched) + line))
      }
      const under = TITLE.exec(piece)?.[1]
      if (under !== undefined) chart = under
      for (const _ of piece.match(NULLS)?.[0].match(/null/g) ?? [])
        skipped.push({ reason: 'null', name: chart, line: lines.at(searched) + line })
      if (piece.endsWith('\n')) line++
    }
  }
  for (let at = source.indexOf(OPEN_BRACE); at >= 0 && budget > 0; at = source.indexOf(OPEN_BRACE, at)) {
    stillInTime()
    const { end, seen } = findEnd(source, at)
    budget -= seen - at
    const between = source.toString('latin1', searched, Math.min(Math.max(searched, at), searched + FARTHEST_ITEM))
    const under = (): string | undefined =>
      chartBefore(source, at) ?? (/^\s*,\s*$/.test(between) ? chart : chartOfNulls(between, chart))
    const name = end === undefined || (under() ?? '') === '' ? undefined : skippedName(source.toString('utf8', at, end))
    if (end !== undefined && name !== undefined) {
      lose(at)
      chart = under()
      skipped.push({ reason: 'no-version', name: name === '' ? chart : name, line: lines.at(at) })
      searched = end
      at = end
      continue
    }
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
  return {
    header: jsonHeader(source),
    charts: charts.lists,
    lost,
    mended,
    skipped,
    mayBeCut: !/\}\s*$/.test(source.toString('latin1', source.length - 100)),
  }
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
    if (
      !isObject(value) ||
      !('version' in value || 'urls' in value) ||
      !('urls' in value || 'digest' in value || 'created' in value)
    )
      return undefined
    // Where a bracket is missing, the following entries lie inside this one.
    if (Object.values(value).some((item) => holdsEntry(item, DEEPEST_ENTRY))) return undefined
    if (entryProblem(value, 'json') !== undefined) {
      const written: unknown = parseAsWritten(text)
      const fields = mendFields(
        Object.entries(value).map(([key, item]) => [key, item, isObject(written) ? written[key] : undefined]),
      )
      const item = usable(mendIdentity(fields, chart() ?? toldBy(fields, last)), 'json')
      return item && { item, isMended: true }
    }
    const [entry] = entriesFrom([value], '', 'json')
    if (entry?.version === '') {
      const told = versionedByFile(entry, chart(), 'json')
      return told && { item: told, isMended: true }
    }
    if (entry === undefined) return undefined
    const isOneLine = !text.includes('\n')
    return {
      item: isOneLine ? decodedItem({ source, start, end, form: 'json', indent: 0 }, entry) : newItem(entry),
      isMended: false,
    }
  } catch {
    stillInTime()
    return undefined
  }
}

/**
 * The name of an item that is intact, but that Helm does not take for an entry, because it has no version. Undefined:
 * the item is an entry, or is damaged.
 */
function skippedName(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const [entry] = entriesFrom([value], '', 'json')
    if (
      entry === undefined ||
      entry.version !== '' ||
      !isObject(value) ||
      Object.values(value).some((item) => holdsEntry(item, DEEPEST_ENTRY))
    )
      return undefined
    return versionedByFile(entry, undefined, 'json') === undefined ? entry.name : undefined
  } catch {
    stillInTime()
    return undefined
  }
}

function holdsEntry(value: unknown, depth: number): boolean {
  if (Array.isArray(value)) return value.some((item) => holdsEntry(item, depth - 1))
  if (!isObject(value) || depth < 0) return false
  return (
    ('version' in value && ('urls' in value || 'created' in value)) ||
    Object.values(value).some((item) => holdsEntry(item, depth - 1))
  )
}

/**
 * The position after the brace that closes the object. Undefined: there is no such brace, or the object is too long or
 * too deeply nested for an entry. `seen`: how far the search went.
 */
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

/** The name of the chart whose list begins directly before this entry. */
function chartBefore(source: Buffer, at: number): string | undefined {
  const match = /"((?:[^"\\\n]|\\.)+)"\s*:\s*\[\s*$/.exec(source.toString('utf8', Math.max(0, at - 300), at))
  return match?.[1] === undefined || fieldNamed(ENTRY_FIELDS, match[1]) !== undefined ? undefined : match[1]
}

/** The chart of an entry that stands after null items. `chart`: the chart of the entry before them. */
function chartOfNulls(between: string, chart: string | undefined): string | undefined {
  const match = /^(?:[\s\]}{,]*"((?:[^"\\\n]|\\.)+)"\s*:\s*\[)?[\s,]*(?:null\s*,\s*)+$/.exec(between)
  return match === null ? undefined : (match[1] ?? chart)
}

function jsonHeader(source: Buffer): IndexHeader {
  const head = source.toString('utf8', 0, Math.max(source.indexOf('"entries"'), 0))
  const text = (key: string): string | undefined =>
    new RegExp(`"${key}"\\s*:\\s*("(?:[^"\\\\\\n]|\\\\.)*")`).exec(head)?.[1]
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

/** Gives the line numbers, counted from 1, of positions that are asked for in ascending order. */
class LineCounter {
  readonly #source: Buffer
  #line = 1
  #next: number

  constructor(source: Buffer) {
    this.#source = source
    this.#next = source.indexOf(LINE_FEED)
  }

  at(place: number): number {
    for (; this.#next >= 0 && this.#next < place; this.#next = this.#source.indexOf(LINE_FEED, this.#next + 1))
      this.#line++
    return this.#line
  }
}
