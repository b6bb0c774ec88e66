import type { IndexItem } from './index-item.ts'
import type { FormCodec } from './index-form.ts'
import { Pieces, type Slice, bytesOf } from './pieces.ts'

/**
 * One chart of an index: either a slice of its text, which is parsed when the versions are asked for, or a list of
 * versions.
 */
export interface ChartText {
  /**
   * The versions in the order of the text, without null items.
   * @throws HelmS3Error `invalid-index` when it is certain that Helm would refuse the index because of this chart
   */
  items(): readonly IndexItem[]
  /**
   * The versions whose urls may name one of these files, and perhaps others, found without decoding any.
   * @throws HelmS3Error `invalid-index` as `items`, for versions that may name one
   */
  itemsNaming(files: readonly Buffer[]): readonly IndexItem[]
  /** The number of versions, found without decoding any. Null items may be counted. */
  count(): number
  /** Where the chart stands in a text that was read; undefined for one that is to be written anew. */
  readonly slice: Slice | undefined
  /** Bytes of the text of the chart. */
  size(): number
  /** Appends the text of the chart, with the separator before it. */
  addTo(pieces: Pieces, separator: string): void
}

/** The chart in a slice of a text of this form. */
export class SlicedChart implements ChartText {
  readonly #codec: FormCodec
  readonly #name: string
  readonly slice: Slice
  #items: readonly IndexItem[] | undefined

  constructor(codec: FormCodec, name: string, slice: Slice) {
    this.#codec = codec
    this.#name = name
    this.slice = slice
  }

  items(): readonly IndexItem[] {
    return (this.#items ??= this.#codec.itemsOf(this.#name, this.slice))
  }

  itemsNaming(files: readonly Buffer[]): readonly IndexItem[] {
    const text = bytesOf(this.slice)
    return isSpelled(text, files) || isEncoded(text) ? this.items().filter((item) => mayName(item, files)) : []
  }

  count(): number {
    return this.#items?.length ?? this.#codec.countEntries(this.slice)
  }

  size(): number {
    return this.slice.end - this.slice.start
  }

  addTo(pieces: Pieces, separator: string): void {
    pieces.addSlice(this.slice, separator)
  }
}

/** A chart with these versions, to be written in this form. */
export class ListedChart implements ChartText {
  readonly #codec: FormCodec
  readonly #name: string
  readonly slice = undefined
  readonly #items: readonly IndexItem[]

  constructor(codec: FormCodec, name: string, items: readonly IndexItem[]) {
    this.#codec = codec
    this.#name = name
    this.#items = items
  }

  items(): readonly IndexItem[] {
    return this.#items
  }

  itemsNaming(files: readonly Buffer[]): readonly IndexItem[] {
    return this.#items.filter((item) => mayName(item, files))
  }

  count(): number {
    return this.#items.length
  }

  size(): number {
    const pieces = new Pieces()
    this.addTo(pieces, '')
    return pieces.all().reduce((size, piece) => size + piece.length, 0)
  }

  addTo(pieces: Pieces, separator: string): void {
    if (separator !== '') pieces.addText(separator)
    this.#codec.writeChart(pieces, this.#name, this.#items)
  }
}

const URLS = Buffer.from('urls')

/**
 * Whether the urls of a version may name a file. The file name may stand there as it is, in percent forms, or with the
 * escapes of JSON and YAML. What stands before the word `urls` holds no file name.
 */
function mayName({ slice }: IndexItem, files: readonly Buffer[]): boolean {
  if (slice === undefined) return true
  const text = bytesOf(slice)
  if (isSpelled(text, files)) return true
  const start = text.indexOf(URLS)
  return start < 0 || isEncoded(text.subarray(start))
}

function isSpelled(text: Buffer, files: readonly Buffer[]): boolean {
  return files.some((file) => text.includes(file))
}

function isEncoded(text: Buffer): boolean {
  return text.includes('%') || text.includes('\\')
}
