import type { DeltaId } from './log/delta-id.ts'

/** The user metadata of an archive. The first two are those of hypnoglow/helm-s3, whose reindex reads them. */
export const CHART_METADATA = 'chart-metadata'
/** The SHA-256 of the archive, lower-case hex. */
export const DIGEST_METADATA = 'chart-digest'
/** The id of the push that wrote the object. */
export const DELTA_METADATA = 'delta'
/**
 * For an archive that was written over another one: the id of the push that wrote the other one, or {@link NO_ID}.
 * Absent: there was no other archive. When an archive replaces one with the same bytes from an interrupted push, it
 * keeps the value of that one.
 */
export const REPLACED_METADATA = 'replaced'
/** Stands in the place of an id when there is none. */
export const NO_ID = 'none'
/**
 * For `index.yaml`: the highest id that is folded into it. A push learns it from a HEAD, and mints a higher id whatever
 * the clocks say.
 */
export const NEWEST_METADATA = 'newest-delta'
/**
 * For `index.yaml`: the id of the write that made it, which its annotations have as well. When both are the same, the
 * whole text is what this program wrote: other clients that rewrite the text, and keep annotations, lose the metadata.
 */
export const WRITE_METADATA = 'write'

/**
 * Bytes. When the names and values of the first two fields need more, the first is left out. hypnoglow/helm-s3 allows
 * 1900 (internal/awss3/storage.go). S3 takes 2 KB in all, some stores also count `x-amz-meta-`, and our own field needs
 * its share.
 */
const MAX_BYTES = 1800

/**
 * The user metadata of an archive: the content of Chart.yaml as ASCII JSON, when there is room for it; the digest; and
 * the id of the push. All of it is a convenience for other programs: this program never trusts it over the archive.
 */
export function archiveMetadata(archive: {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly digest: string
  readonly delta: DeltaId | undefined
  /** See {@link REPLACED_METADATA}. */
  readonly replaced?: DeltaId | typeof NO_ID | undefined
}): Readonly<Record<string, string>> {
  const chart = asciiJson(archive.metadata)
  const bytes = CHART_METADATA.length + chart.length + DIGEST_METADATA.length + archive.digest.length
  return {
    ...(bytes <= MAX_BYTES ? { [CHART_METADATA]: chart } : {}),
    [DIGEST_METADATA]: archive.digest,
    ...(archive.delta === undefined ? {} : { [DELTA_METADATA]: archive.delta }),
    ...(archive.replaced === undefined ? {} : { [REPLACED_METADATA]: archive.replaced }),
  }
}

/**
 * JSON in ASCII, as Go writes it: S3 metadata travels in headers, and stores garble anything else. Runs of spaces are
 * escaped, because signatures count a run as one space, and a store that signs the header as it came would find the
 * signature wrong.
 */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]|[<>&]|(?<= ) /g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
