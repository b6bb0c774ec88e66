import type { Entry } from '../log/entry.ts'
import type { IndexForm } from './index-entry.ts'
import type { IndexHeader } from './index-header.ts'
import type { IndexItem } from './index-item.ts'
import type { Pieces, Slice } from './pieces.ts'

/** How one of the two forms writes an index: the head, the charts with a separator between them, the tail. */
export interface FormCodec {
  readonly form: IndexForm
  /** Stands between two charts. ASCII. */
  readonly separator: string
  /** The order in which charts are written. */
  compareNames(a: string, b: string): number
  /** All that stands before the first chart. `empty`: there is none. */
  head(header: IndexHeader, empty: boolean): string
  /** All that stands after the last chart. */
  tail(header: IndexHeader, empty: boolean): string
  /**
   * The versions in the slice of a chart, in the order of the text, without those that are null. An entry is decoded
   * when it is asked for, or when its version is not certain without.
   * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of what was looked at
   */
  itemsOf(chart: string, slice: Slice): readonly IndexItem[]
  /** How many entries the slice holds, without decoding it; those that are null may count. */
  countEntries(slice: Slice): number
  /**
   * Adds the text of a chart. Items that were read from a text of this form keep their bytes.
   * @throws HelmS3Error `invalid-index` when an index of this form may not hold one of the entries
   */
  writeChart(pieces: Pieces, chart: string, items: readonly IndexItem[]): void
}

/** What was recognised in a text: where its charts stand. */
export interface SlicedText {
  readonly header: IndexHeader
  readonly charts: ReadonlyMap<string, Slice>
}

/** What was parsed in full. */
export interface ParsedText {
  readonly header: IndexHeader
  readonly charts: ReadonlyMap<string, readonly Entry[]>
}
