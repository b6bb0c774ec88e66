import type { Entry } from '../log/entry.ts'
import type { IndexForm } from './index-entry.ts'
import type { Slice } from './pieces.ts'

/** The bytes of one version of a chart in a text of this form, without what separates it from the next. */
export interface ItemSlice extends Slice {
  readonly form: IndexForm
  /** The number of columns before the dash of the item, in block YAML. */
  readonly indent: number
}

/** One version of a chart in an index. The version text alone decides its place among the others. */
export interface IndexItem {
  readonly version: string
  /**
   * The entry, which is decoded when it is first asked for.
   * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of it
   */
  readonly entry: Entry
  /** Where the item was read; these bytes are written again. Undefined for a new entry. */
  readonly slice: ItemSlice | undefined
}

/** An item for a new entry, which does not stand in a text yet. */
export function newItem(entry: Entry): IndexItem {
  return { version: entry.version, entry, slice: undefined }
}

/** The item in a slice whose entry has been decoded. */
export function decodedItem(slice: ItemSlice, entry: Entry): IndexItem {
  return { version: entry.version, entry, slice }
}

/** The item in a slice whose version is certain and whose entry is not decoded yet. */
export function lazyItem(version: string, slice: ItemSlice, decode: (slice: ItemSlice) => Entry): IndexItem {
  return new LazyItem(version, slice, decode)
}

class LazyItem implements IndexItem {
  readonly version: string
  readonly slice: ItemSlice
  readonly #decode: (slice: ItemSlice) => Entry
  #entry: Entry | undefined

  constructor(version: string, slice: ItemSlice, decode: (slice: ItemSlice) => Entry) {
    this.version = version
    this.slice = slice
    this.#decode = decode
  }

  get entry(): Entry {
    return (this.#entry ??= this.#decode(this.slice))
  }
}
