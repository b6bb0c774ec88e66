/**
 * One chart version as it stands in an index: a JSON object with the fields of Helm's `ChartVersion`
 * (helm/helm pkg/repo/v1/index.go). Unknown fields of foreign entries are kept.
 */
export interface Entry {
  readonly name: string
  readonly version: string
  /** SHA-256 of the archive, lower-case hex, without prefix. Absent in some foreign entries. */
  readonly digest?: string
  readonly urls?: readonly string[]
  /** RFC 3339. */
  readonly created?: string
  readonly [field: string]: unknown
}

/**
 * A chart version is identified by these exact strings and not by semver equality: `1.0.0+a` and `1.0.0+b` are two
 * versions.
 */
export interface VersionId {
  readonly name: string
  readonly version: string
}

/** A removal of a version. It acts only on the entry with this digest (and with this `created`, where given). */
export interface Removal extends VersionId {
  readonly digest?: string
  readonly created?: string
}

/**
 * The removal of exactly this entry. When the same bytes are pushed again with another date, that entry stays,
 * whichever of the two deltas comes first.
 */
export function removalOf({ created, digest, name, version }: Entry): Removal {
  return { name, version, ...(digest === undefined ? {} : { digest }), ...(created === undefined ? {} : { created }) }
}

/**
 * The entry with the name of the chart under which it stands in an index. Helm finds an entry only by that name,
 * whatever the entry itself says. Returns the same object when both names are equal.
 */
export function underName(name: string, entry: Entry): Entry {
  return entry.name === name ? entry : { ...entry, name }
}

/**
 * The SHA-256 that the digest of an entry promises, in lower-case hex. Undefined: there is no usable digest. Helm 4
 * also accepts the digest with its prefix (helm/helm pkg/downloader/cache.go).
 */
export function promisedDigest(digest: string | undefined): string | undefined {
  return /^(?:sha256:)?([0-9a-f]{64})$/i.exec(digest ?? '')?.[1]?.toLowerCase()
}

/** Whether a text is a SHA-256 as archives and deltas carry it: 64 hex digits in lower case. */
export function isDigest(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text)
}

/** The `created` of an announcement. No entry has this value, because Helm would not load it. */
export const NO_ENTRY = ''

/** Whether a removal takes no entry away, but announces that an archive without an entry is about to be deleted. */
export function isAnnouncement({ created }: Removal): boolean {
  return created === NO_ENTRY
}

/** A string that is equal exactly for equal (name, version) pairs, for use as a key in maps and sets. */
export function versionKey(id: VersionId): string {
  return `${id.name}\0${id.version}`
}

/** Whether `removal` acts on `entry`, which has the same name and version. */
export function removalMatches(removal: Removal, entry: Entry): boolean {
  if (entry.digest !== undefined && removal.digest !== entry.digest) return false
  return removal.created === undefined || isSameTime(removal.created, entry.created)
}

/**
 * Whether two texts are the same time. Other clients that rewrite the index may write a date differently: `.120Z` as
 * `.12Z`.
 */
function isSameTime(one: string, other: string | undefined): boolean {
  return one === other || (other !== undefined && Date.parse(one) === Date.parse(other))
}
