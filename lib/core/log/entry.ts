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

/** A chart version is identified by these exact strings, not by semver equality: `1.0.0+a` and `1.0.0+b` are two. */
export interface VersionId {
  readonly name: string
  readonly version: string
}

/** Names a deletion: it acts only on the entry with this digest (and this `created`, where given). */
export interface Removal extends VersionId {
  readonly digest?: string
  readonly created?: string
}

/**
 * The removal of exactly this entry: it leaves the same bytes that were pushed again, under another date, whichever of
 * the two deltas comes first.
 */
export function removalOf({ created, digest, name, version }: Entry): Removal {
  return { name, version, ...(digest === undefined ? {} : { digest }), ...(created === undefined ? {} : { created }) }
}

/**
 * The entry by the name of the chart under which it stands in an index: the only name by which Helm finds it, whatever
 * the entry says of itself. The same object where both are equal.
 */
export function underName(name: string, entry: Entry): Entry {
  return entry.name === name ? entry : { ...entry, name }
}

/**
 * The SHA-256 that the digest of an entry promises, in lower-case hex; undefined: none that means something. Helm 4
 * takes it with its prefix, too (helm/helm pkg/downloader/cache.go).
 */
export function promisedDigest(digest: string | undefined): string | undefined {
  return /^(?:sha256:)?([0-9a-f]{64})$/i.exec(digest ?? '')?.[1]?.toLowerCase()
}

/** Whether a text is a SHA-256 as archives and deltas carry it: 64 hex digits in lower case. */
export function isDigest(text: string | undefined): text is string {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text)
}

/** `created` of an announcement: no entry has it, for Helm would not load one. */
export const NO_ENTRY = ''

/** Whether a removal takes no entry away, and announces that an archive which no entry names is about to be deleted. */
export function isAnnouncement({ created }: Removal): boolean {
  return created === NO_ENTRY
}

/** A string that is equal for equal (name, version) pairs only; for maps and sets. */
export function versionKey(id: VersionId): string {
  return `${id.name}\0${id.version}`
}

/** Whether `removal` acts on `entry`, which has the same name and version. */
export function removalMatches(removal: Removal, entry: Entry): boolean {
  if (entry.digest !== undefined && removal.digest !== entry.digest) return false
  return removal.created === undefined || isSameTime(removal.created, entry.created)
}

/** Other clients that write the index again may write a date in another way: `.120Z` as `.12Z`. */
function isSameTime(one: string, other: string | undefined): boolean {
  return one === other || (other !== undefined && Date.parse(one) === Date.parse(other))
}
