import type { Entry } from '../log/entry.ts'
import type { IndexForm } from './index-entry.ts'
import type { IndexHeader } from './index-header.ts'
import type { IndexItem } from './index-item.ts'
import type { Pieces, Slice } from './pieces.ts'

/** How one of the two forms writes an index: the head, the charts with a separator between them, the tail. */
export interface FormCodec {
  readonly form: IndexForm
  /** The bytes between two charts, in ASCII. */
  readonly separator: string
  /** The text before the first chart. `empty`: there are no charts. */
  head(header: IndexHeader, empty: boolean): string
  /** The text after the last chart. */
  tail(header: IndexHeader, empty: boolean): string
  /**
   * The versions in the slice of a chart, in the order of the text, without null items. An entry is decoded only when
   * it is asked for, or when its version cannot be told with certainty otherwise.
   * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of what was looked at
   */
  itemsOf(chart: string, slice: Slice): readonly IndexItem[]
  /** The number of entries in the slice, found without decoding it. Null items may be counted. */
  countEntries(slice: Slice): number
  /**
   * Adds the text of a chart. Items that were read from a text of this form keep their bytes.
   * @throws HelmS3Error `invalid-index` when an index of this form cannot hold one of the entries
   */
  writeChart(pieces: Pieces, chart: string, items: readonly IndexItem[]): void
  /**
   * The charts of a page, which is a run of charts with what separates them; undefined when it holds anything else. The
   * slices may be of another buffer than `page`.
   */
  slicePage(page: Buffer): ReadonlyMap<string, Slice> | undefined
  /**
   * What stands behind the last chart, from the last bytes of a text. `cut`: more of the text is needed. Undefined: the
   * text is in another form or another layout.
   * @throws HelmS3Error `invalid-index` when Helm would refuse the header
   */
  readTail(end: Buffer): TextTail | 'cut' | undefined
}

/** What stands behind the last chart of a text: all of the header that changes with every write. */
export interface TextTail {
  /** Without the fields that stand before the charts. */
  readonly header: IndexHeader
  /** Where the text behind the last chart begins in the bytes that were given. */
  readonly start: number
}

/** A text whose layout was recognised, and where its charts stand. */
export interface SlicedText {
  readonly header: IndexHeader
  readonly charts: ReadonlyMap<string, Slice>
}

/** A text that was parsed in full. */
export interface ParsedText {
  readonly header: IndexHeader
  readonly charts: ReadonlyMap<string, readonly Entry[]>
}
