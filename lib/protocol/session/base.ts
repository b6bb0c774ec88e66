import type { IndexText } from '../../core/index/index-text.ts'
import type { PageText, Paging } from '../../core/index/paging.ts'
import type { ETag } from '../../store/object-store.ts'

/** One version of `index.yaml`. */
export interface Base {
  /** All charts, or those of the pages that were read: see `IndexText.covers`. */
  readonly index: IndexText
  /** The text that `index` was read from. Undefined: only some of its pages were read. */
  readonly bytes: Uint8Array | undefined
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

/** One version of `index.yaml`, all of which was read. */
export type WholeBase = Base & { readonly bytes: Uint8Array }

/** One version of `index.yaml` of which pages are read as they are wanted. */
export interface PagedBase extends Omit<Base, 'index' | 'bytes' | 'isFromCache'> {
  readonly paging: Paging
  /** The pages that were read so far. */
  readonly pages: Map<number, PageText>
}
