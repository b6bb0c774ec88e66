import type { Entry } from './entry.ts'

/** Helm's order of the fields of Chart.yaml in an index entry (helm/helm pkg/chart/v2/metadata.go). */
const FIELD_ORDER = [
  'name',
  'home',
  'sources',
  'version',
  'description',
  'keywords',
  'maintainers',
  'icon',
  'apiVersion',
  'condition',
  'tags',
  'appVersion',
  'deprecated',
  'annotations',
  'kubeVersion',
  'dependencies',
  'type',
] as const

/** The metadata of a chart as its archive gives it. */
export interface ChartMetadata {
  readonly name: string
  readonly version: string
  readonly [field: string]: unknown
}

/**
 * The index entry of an archive, its fields in Helm's order.
 * `digest`: SHA-256 of the archive, lower-case hex; `created`: RFC 3339.
 */
export function makeEntry(
  metadata: ChartMetadata,
  archive: { readonly digest: string; readonly url: string; readonly created: string },
): Entry {
  const fields = FIELD_ORDER.flatMap((field) => (metadata[field] === undefined ? [] : [[field, metadata[field]] as const]))
  const { name, version } = metadata
  return { ...Object.fromEntries(fields), name, version, urls: [archive.url], created: archive.created, digest: archive.digest }
}
