import type { DeltaId } from './log/delta-id.ts'

/** User metadata of an archive. The first two are those of hypnoglow/helm-s3, whose reindex reads them. */
export const CHART_METADATA = 'chart-metadata'
/** SHA-256 of the archive, lower-case hex. */
export const DIGEST_METADATA = 'chart-digest'
/** Id of the push that wrote the object. */
export const DELTA_METADATA = 'delta'
/**
 * Of an archive that was written over another one: the id of that one, or {@link NO_ID}. Left out: there was none. An
 * archive that takes the place of one with the same bytes, of a push that died, keeps what that one says.
 */
export const REPLACED_METADATA = 'replaced'
/** In the place of an id. */
export const NO_ID = 'none'
/**
 * Of `index.yaml`: the highest id that it has folded. A push learns it from a HEAD, and sorts after it whatever the
 * clocks say.
 */
export const NEWEST_METADATA = 'newest-delta'

/**
 * Bytes of the names and values of the first two above which the first is left out. hypnoglow/helm-s3 allows 1900
 * (internal/awss3/storage.go); S3 takes 2 KB in all, some stores count `x-amz-meta-` too, and our field needs its
 * share.
 */
const MAX_BYTES = 1800

/**
 * The user metadata of an archive: what Chart.yaml says, as ASCII JSON, while there is room for it; the digest; and who
 * wrote it. All of it is a convenience for others: nothing here is trusted over the archive.
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
 * JSON in ASCII, as Go writes it: S3 metadata travels in headers, and stores return anything else garbled. Without runs
 * of spaces, which signatures count as one: a store that compares the header as it came takes the signature for a wrong
 * one.
 */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]|[<>&]|(?<= ) /g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
