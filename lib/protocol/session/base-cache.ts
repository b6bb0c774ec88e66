import type { ETag } from '../../store/object-store.ts'

/**
 * A base smaller than this, in bytes, is not kept: fetching it again costs no more than asking whether it has changed.
 */
export const WORTH_KEEPING = 256 * 1024

/**
 * Keeps the base of one repository as this machine has last seen it. It is only a help: all of its failures are silent.
 */
export interface BaseCache {
  /** Describes the base that is kept, without its bytes; undefined when there is none. */
  find(): Promise<KeptBase | undefined>
  /** Replaces the base that is kept. */
  keep(base: { readonly etag: ETag; readonly lastModified: number; readonly body: Uint8Array }): Promise<void>
}

export interface KeptBase {
  readonly etag: ETag
  /** Store clock, milliseconds since 1970. */
  readonly lastModified: number
  /** The bytes that the store gave with this ETag; undefined when they are damaged or gone. */
  read(): Promise<Uint8Array | undefined>
  /** Opens the bytes to read some of them; undefined when they are gone. */
  open(): Promise<KeptBytes | undefined>
}

/** Bytes that are kept, or by now those of another base: whoever reads some has to prove them. */
export interface KeptBytes {
  readonly size: number
  /** Bytes `start` (inclusive) to `end` (exclusive); undefined when there are not so many, or they cannot be read. */
  read(start: number, end: number): Promise<Uint8Array | undefined>
  close(): Promise<void>
}
