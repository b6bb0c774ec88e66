import type { Entry } from './entry.ts'
import { METADATA_FIELDS } from '../helm/field-types.ts'

/** The metadata of a chart, as its archive gives it. */
export interface ChartMetadata {
  readonly name: string
  readonly version: string
  readonly [field: string]: unknown
}

/**
 * The index entry of an archive, with its fields in Helm's order.
 * `digest`: SHA-256 of the archive, lower-case hex; `created`: RFC 3339.
 */
export function makeEntry(
  metadata: ChartMetadata,
  archive: { readonly digest: string; readonly url: string; readonly created: string },
): Entry {
  const fields = [...METADATA_FIELDS.keys()].flatMap((field) =>
    metadata[field] === undefined ? [] : [[field, metadata[field]] as const],
  )
  const { name, version } = metadata
  return {
    ...Object.fromEntries(fields),
    name,
    version,
    urls: [archive.url],
    created: archive.created,
    digest: archive.digest,
  }
}
