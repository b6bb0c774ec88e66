import { readStoredMetadata } from '../../chart/stored-metadata.ts'
import { type DeltaId, parseDeltaId } from '../../core/log/delta-id.ts'
import { type VersionId, isDigest } from '../../core/log/entry.ts'
import type { Key } from '../../core/keys.ts'
import {
  CHART_METADATA,
  DELTA_METADATA,
  DIGEST_METADATA,
  NO_ID,
  REPLACED_METADATA,
} from '../../core/object-metadata.ts'
import type { ETag, ObjectHead } from '../../store/object-store.ts'
import { sha256 } from '../../sys/sha256.ts'
import type { Session } from '../session/session.ts'

/** An archive as it is in the store. */
export interface ArchiveHead {
  readonly etag: ETag
  /** The id under which it was written; undefined for an archive of an old client, which counts as the oldest. */
  readonly delta: DeltaId | undefined
  /** The id of the archive that it replaced; undefined when it replaced none. See `REPLACED_METADATA`. */
  readonly replaced: DeltaId | typeof NO_ID | undefined
  /** SHA-256 of its bytes, lower-case hex. */
  readonly digest: string
  /** The chart version that it holds, as its metadata say; undefined when they do not say it. */
  readonly holds: VersionId | undefined
  /** When it was written: store clock, milliseconds since 1970. */
  readonly lastModified: number
}

/**
 * What HEAD shows of the archive under a key; undefined when there is none. Cost: one HEAD; one GET as well for an
 * archive that carries no digest.
 */
export async function headArchive({ store }: Session, key: Key): Promise<ArchiveHead | undefined> {
  const head = await store.head(key)
  if (head === undefined) return undefined
  const known = knownDigest(head)
  if (known !== undefined) return archiveHead(head, known)
  const object = await store.get(key)
  return object && archiveHead(object, sha256(object.body))
}

function archiveHead({ etag, lastModified, metadata }: ObjectHead, digest: string): ArchiveHead {
  const delta = deltaIn(metadata)
  const holds = readStoredMetadata(metadata[CHART_METADATA])
  return { etag, delta, replaced: replacedIn(metadata, delta), digest, holds, lastModified }
}

/** The id in the metadata of an archive or a provenance file. */
export function deltaIn(metadata: Readonly<Record<string, string>>): DeltaId | undefined {
  const text = metadata[DELTA_METADATA]
  return text === undefined ? undefined : parseDeltaId(text)
}

/** What the metadata say about the archive that this one replaced. For an archive without an id that is not known. */
function replacedIn(metadata: Readonly<Record<string, string>>, delta: DeltaId | undefined): ArchiveHead['replaced'] {
  const text = metadata[REPLACED_METADATA]
  if (text === undefined) return delta === undefined ? NO_ID : undefined
  return parseDeltaId(text) ?? NO_ID
}

/**
 * The digest that the store or else the writer has noted, SHA-256 in lower-case hex. Undefined when there is none, or
 * when the two differ.
 */
export function knownDigest({ metadata, sha256 }: Pick<ObjectHead, 'metadata' | 'sha256'>): string | undefined {
  const text = metadata[DIGEST_METADATA]
  const noted = isDigest(text) ? text : undefined
  return sha256 !== undefined && noted !== undefined && sha256 !== noted ? undefined : (sha256 ?? noted)
}
