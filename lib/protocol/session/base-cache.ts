import type { ETag } from '../../store/object-store.ts'

/** Bytes below which a base is not kept: fetching it again costs no more than asking whether it has changed. */
export const WORTH_KEEPING = 256 * 1024

/** The base of one repository as this machine has last seen it. Only a help: all of its failures are silent. */
export interface BaseCache {
  /** What is kept, without its bytes; undefined when there is nothing. */
  find(): Promise<KeptBase | undefined>
  /** Replaces what is kept. */
  keep(base: { readonly etag: ETag; readonly lastModified: number; readonly body: Uint8Array }): Promise<void>
}

export interface KeptBase {
  readonly etag: ETag
  /** Store clock, milliseconds since 1970. */
  readonly lastModified: number
  /** The bytes that the store gave with this ETag; undefined when they are damaged or gone. */
  read(): Promise<Uint8Array | undefined>
}
