import type { IndexText } from '../../core/index/index-text.ts'
import type { ETag } from '../../store/object-store.ts'

/** One version of `index.yaml`. */
export interface Base {
  readonly index: IndexText
  /** The text that `index` was read from. */
  readonly bytes: Uint8Array
  readonly etag: ETag
  /** Size of the text in bytes. */
  readonly size: number
  /** Whether the bytes came from this machine, because those in the store are the same. */
  readonly isFromCache: boolean
  /** When the text was written: store clock, milliseconds since 1970. */
  readonly lastModified: number
  /** Store clock when it was read, milliseconds since 1970. */
  readonly date: number
}
