import { NO_BOOKKEEPING } from '../../log/bookkeeping.ts'
import type { Entry } from '../../log/entry.ts'
import { INDEX_FIELDS, fieldNamed } from '../../helm/field-types.ts'
import { isObject } from '../../../text/is-object.ts'
import type { IndexForm } from '../index-entry.ts'
import { type IndexHeader, headerFrom } from '../index-header.ts'
import type { IndexItem } from '../index-item.ts'
import type { IndexText } from '../index-text.ts'

// What the two ways to take a damaged index apart (JSON and YAML) have in common.

export const LINE_FEED = 0x0a

/**
 * An entry of a damaged index that was mended or could not be saved, with its name and version as far as the text tells
 * them.
 */
export interface DamagedEntry {
  readonly name: string | undefined
  readonly version: string | undefined
  /** The line in the text, counted from 1. */
  readonly line: number
}

/** An item that Helm skips, also in an index that it accepts: null, or without a version. */
export interface SkippedItem {
  readonly reason: 'null' | 'no-version'
  /** The chart under which the item stands, or the name in the item itself. */
  readonly name: string | undefined
  /** The line in the text, counted from 1. */
  readonly line: number
}

/** What could be saved of an index that Helm refuses. */
export interface Salvaged {
  readonly index: IndexText
  /**
   * The number of entries that were kept: those that are unchanged, and those whose damaged fields were mended or left
   * out.
   */
  readonly kept: number
  /** Those of the kept entries that were changed. */
  readonly mended: readonly DamagedEntry[]
  readonly lost: readonly DamagedEntry[]
  /**
   * Items that are left out and do not count as lost. A tidy compaction does the same with an index that can be read.
   */
  readonly skipped: readonly SkippedItem[]
  /** Whether the end of the text, and entries with it, may be missing. */
  readonly mayBeCut: boolean
}

export interface Found extends Pick<Salvaged, 'lost' | 'mayBeCut' | 'mended' | 'skipped'> {
  readonly header: IndexHeader
  readonly charts: ReadonlyMap<string, readonly IndexItem[]>
}

const NO_HEADER: IndexHeader = {
  apiVersion: 'v1',
  generated: undefined,
  annotations: { bookkeeping: NO_BOOKKEEPING, foreign: new Map() },
  others: new Map(),
}

/** Gathers the entries of each chart. When a chart occurs twice, each version is kept once. */
export class Charts {
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

/**
 * The chart under which an entry is kept: the chart before it when that is certain, else the entry's own name, else the
 * last chart before it.
 */
export function chartOf({ name }: Entry, sure: string | undefined, last: string | undefined): string | undefined {
  return sure ?? (name === '' ? last : name)
}

/**
 * The header from the fields that can be used. Each field and each annotation is judged by itself, so that a damaged
 * one does not affect another.
 */
export function usableHeader(fields: Readonly<Record<string, unknown>>, form: IndexForm): IndexHeader {
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

export function named({ name, version }: Entry, line: number): DamagedEntry {
  return { name, version, line }
}

/** What the text of a lost entry tells about it. */
export function namedLoss(text: string, line: number): DamagedEntry {
  const value = (key: string): string | undefined =>
    new RegExp(`(?:^|[\\s{,"-])${key}"?\\s*:\\s*["']?([A-Za-z0-9][^\\s"',}]*)`).exec(text)?.[1]
  return { name: value('name'), version: value('version'), line }
}
