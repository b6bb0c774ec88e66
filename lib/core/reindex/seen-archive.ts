import type { Key } from '../keys.ts'
import type { ChartMetadata } from '../log/chart-entry.ts'

/** An archive as a listing shows it. */
export interface SeenArchive {
  readonly key: Key
  /** An opaque token. Different bytes have a different ETag. */
  readonly etag: string
  /** Bytes. */
  readonly size: number
  /** Store clock, milliseconds since 1970, whole seconds. */
  readonly lastModified: number
}

/** What an archive says about itself. */
export interface ArchiveContent {
  readonly metadata: ChartMetadata
  /** The SHA-256 of the bytes of the archive, lower-case hex. */
  readonly digest: string
}
