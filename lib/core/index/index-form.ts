import type { Entry } from '../entry.ts'
import type { IndexForm } from './index-entry.ts'
import type { IndexHeader } from './index-header.ts'

/** A range of bytes: `source[start, end)`. */
export interface Slice {
  readonly source: Uint8Array
  readonly start: number
  readonly end: number
}

/**
 * How one of the two forms writes an index: the head, the charts with a separator between them, the tail. Decoding
 * remembers from which bytes an entry came, and encoding puts these bytes back.
 */
export interface FormCodec {
  readonly form: IndexForm
  /** Stands between two charts. */
  readonly separator: Uint8Array
  /** The order in which charts are written. */
  compareNames(a: string, b: string): number
  /** All that stands before the first chart. `empty`: there is none. */
  head(header: IndexHeader, empty: boolean): Uint8Array
  /** All that stands after the last chart. */
  tail(header: IndexHeader, empty: boolean): Uint8Array
  /**
   * The entries in the slice of a chart, in the order of the text, without those that are null.
   * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of it
   */
  decodeChart(chart: string, slice: Slice): readonly Entry[]
  /** How many entries the slice holds, without decoding it; those that are null may count. */
  countEntries(slice: Slice): number
  /** The text of a chart. Entries that {@link decodeChart} gave keep their bytes. */
  encodeChart(chart: string, entries: readonly Entry[]): Uint8Array
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
