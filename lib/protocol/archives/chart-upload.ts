import type { Metadata } from '../../chart/metadata.ts'
import type { CopySource } from '../../store/object-store.ts'

/** A chart archive that is to be pushed and has been checked already. */
export interface ChartUpload {
  readonly name: string
  readonly version: string
  /** SHA-256 of `bytes`, lower-case hex. */
  readonly digest: string
  readonly bytes: Uint8Array
  readonly provenance: Uint8Array | undefined
  /** Chart.yaml as Helm's loader reads it, in Helm's field order. */
  readonly metadata: Metadata
  /** Where the archive came from, for messages. */
  readonly source: string
  /** When it first came into the repository, RFC 3339; undefined: now. */
  readonly created?: string
  /** An object with the same bytes in the store that is pushed to; the store can copy it by itself. */
  readonly copyFrom?: CopySource
}
