import { HelmS3Error } from '../errors.ts'

/** Full key of an object in the bucket, without a leading slash. */
export type Key = string & { readonly __brand: 'Key' }
export const asKey = (text: string): Key => text as Key

/** A repository `s3://bucket/prefix`: where its objects stand. The one home of the key layout (docs/FORMAT.md). */
export interface RepositoryLocation {
  /** `s3://bucket/prefix` without a trailing slash or a query, percent-encoded as in URLs. */
  readonly url: string
  /** `region=…&endpoint=…&profile=…` as it was typed: how the bucket is reached. Empty for most. */
  readonly query: string
  /** The URL with the query: what to type to reach this repository again. */
  readonly address: string
  readonly bucket: string
  /** Empty, or a key prefix that ends in a slash. */
  readonly prefix: string
  /** `<prefix>index.yaml`. */
  readonly indexKey: Key
  /** `<prefix>index.d/`: the folder of the deltas. */
  readonly deltaFolder: string
  /** `<prefix>index.d/config.json`: the defaults of the repository; see `repository-config.ts`. */
  readonly configKey: Key
  /** `https://…` without a slash at the end, below which the archives are served; undefined: nowhere, or not asked. */
  readonly publishUrl?: string
}

/** An object that an `s3://` URL names: its bucket and its key, decoded once. */
export interface ObjectLocation {
  readonly bucket: string
  readonly key: Key
  /** What stood after `?`: see {@link RepositoryLocation.query}. */
  readonly query: string
}

const SCHEME = /^s3:\/\//i

/**
 * The parts of an `s3://bucket/path?query` URL. The path is percent-decoded once; `+` stands for itself.
 * A `.prov` at the end of the query belongs to the path: Helm appends it to the whole URL
 * (helm/helm pkg/downloader/chart_downloader.go).
 * @throws HelmS3Error `invalid-url`
 */
export function parseS3Url(url: string): ObjectLocation {
  if (!SCHEME.test(url)) {
    throw new HelmS3Error('invalid-url', `uri ${url} protocol is not s3`, { hint: 'write it as s3://BUCKET/PREFIX' })
  }
  const [withoutFragment = ''] = url.replace(SCHEME, '').split('#', 1)
  const mark = withoutFragment.indexOf('?')
  let path = mark < 0 ? withoutFragment : withoutFragment.slice(0, mark)
  let query = mark < 0 ? '' : withoutFragment.slice(mark + 1)
  if (query.endsWith('.prov')) {
    path += '.prov'
    query = query.slice(0, -'.prov'.length)
  }
  const slash = path.indexOf('/')
  const bucket = slash < 0 ? path : path.slice(0, slash)
  if (bucket === '' || /[^A-Za-z0-9._-]/.test(bucket)) {
    throw new HelmS3Error('invalid-url', `parse uri ${url}: no bucket name`, { hint: 'write it as s3://BUCKET/PREFIX' })
  }
  return { bucket, key: decodePath(slash < 0 ? '' : path.slice(slash + 1), url), query }
}

/** @throws HelmS3Error `invalid-url` */
export function parseRepositoryUrl(url: string): RepositoryLocation {
  const { bucket, key, query } = parseS3Url(url)
  const path = key.replace(/\/+$/, '')
  return repositoryAt(bucket, path === '' ? '' : `${path}/`, query)
}

/** The repository with this key prefix: empty, or ending in a slash. */
export function repositoryAt(bucket: string, prefix: string, query = ''): RepositoryLocation {
  const url = `s3://${bucket}${prefix === '' ? '' : `/${encodePath(prefix.slice(0, -1))}`}`
  return {
    url,
    query,
    address: query === '' ? url : `${url}?${query}`,
    bucket,
    prefix,
    indexKey: asKey(`${prefix}index.yaml`),
    deltaFolder: `${prefix}index.d/`,
    configKey: asKey(`${prefix}index.d/config.json`),
  }
}

/**
 * Whether two queries of repository URLs name one store, to be reached as one profile. The region is where a search for the bucket
 * begins, and does not count.
 */
export function isSameStore(a: string, b: string): boolean {
  const [one, other] = [new URLSearchParams(a), new URLSearchParams(b)]
  return ['endpoint', 'profile'].every((name) => (one.get(name) ?? '') === (other.get(name) ?? ''))
}

/** `<prefix>index.d/rebuild-<name>.json`: the mark of a rebuild that is under way. `name`: 16 hex characters. */
export function rebuildMarkKey({ deltaFolder }: RepositoryLocation, name: string): Key {
  return asKey(`${deltaFolder}rebuild-${name}.json`)
}

/** `<prefix>index.yaml.broken-<ULID>`: the text of an index that Helm refused, kept when it was replaced. */
export function brokenIndexKey({ indexKey }: RepositoryLocation, id: string): Key {
  return asKey(`${indexKey}.broken-${id}`)
}

/** Whether the key is that of a mark of a rebuild. */
export function isRebuildMark({ deltaFolder }: RepositoryLocation, key: Key): boolean {
  return key.startsWith(deltaFolder) && /^rebuild-[0-9a-f]{16}\.json$/.test(key.slice(deltaFolder.length))
}

/** File name of a chart archive: one version, one key, whatever the pushed file was called. */
export function archiveFileName(chart: { readonly name: string; readonly version: string }): string {
  return `${chart.name}-${chart.version}.tgz`
}

/** Key of a chart archive. */
export function archiveKey(location: RepositoryLocation, chart: { readonly name: string; readonly version: string }): Key {
  return asKey(location.prefix + archiveFileName(chart))
}

/** Key of the provenance file that belongs to an archive. */
export function provenanceKey(archive: Key): Key {
  return asKey(`${archive}.prov`)
}

/**
 * The folder of what `check --probe` writes: no client looks into it, for readers list `index.d/` only, and what lists archives
 * skips keys with a slash below the prefix.
 */
export function probeFolder(location: RepositoryLocation): string {
  return `${location.prefix}.helm-s3-probe/`
}

/** The ARN of a key, or of a pattern of keys, as a policy names it. Empty: that of the bucket. */
export function resourceArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`
}

/**
 * What stands in `urls` of an entry: the file name below `base`, which is the `s3://` URL of the repository, the `https://` URL
 * at which it is published, or empty for relative urls. Every segment is percent-encoded and `+` is
 * written `%2B`, because S3 over https reads a bare `+` as a space (helm/helm#1565).
 */
export function archiveUrl(
  location: RepositoryLocation,
  chart: { readonly name: string; readonly version: string },
  base: string,
): string {
  return archiveUrlOf(location, archiveKey(location, chart), base)
}

/** The same for the archive under this key, which may have another name. */
export function archiveUrlOf(location: RepositoryLocation, key: Key, base: string): string {
  const file = encodeSegment(key.slice(location.prefix.length))
  return base === '' ? file : `${base}/${file}`
}

/** Whether the key is that of an archive of this repository: a single path segment directly below the prefix that ends in `.tgz`. */
export function isArchiveKey({ prefix }: RepositoryLocation, key: string): key is Key {
  const file = key.slice(prefix.length)
  return key.startsWith(prefix) && file.endsWith('.tgz') && !file.includes('/') && file !== '.tgz'
}

/**
 * The key of the archive that an entry's url names, if it is one that belongs to this repository: a single path segment
 * directly below the prefix that ends in `.tgz`. Undefined for all else; such an archive is never removed.
 */
export function ownArchiveKey(location: RepositoryLocation, text: string): Key | undefined {
  // A query or a fragment is no part of a key.
  const url = SCHEME.test(text) ? text.replace(/[?#].*$/s, '') : text
  let file: string
  try {
    const below = belowRepository(location, url)
    if (below !== undefined) file = decodeURIComponent(below)
    else if (/^[a-z][a-z0-9+.-]*:/i.test(url)) {
      if (!SCHEME.test(url)) return undefined
      const { bucket, key } = parseS3Url(url)
      if (bucket !== location.bucket || !key.startsWith(location.prefix)) return undefined
      file = key.slice(location.prefix.length)
    } else file = decodeURIComponent(url)
  } catch {
    return undefined
  }
  const archive = location.prefix + file
  return isArchiveKey(location, archive) ? archive : undefined
}

/**
 * What of the key that an `s3://` URL names lies below the repository; undefined: it names another place. A query in the URL does not
 * count, see `resolveEntryUrl`.
 */
export function keyBelow({ bucket, prefix }: RepositoryLocation, url: string): string | undefined {
  try {
    const object = parseS3Url(url)
    return object.bucket === bucket && object.key.startsWith(prefix) && object.key !== prefix ? object.key.slice(prefix.length) : undefined
  } catch {
    return undefined
  }
}

/** What follows the URL of the repository, or the one at which it is published; undefined: the url does not lie below either. */
function belowRepository({ publishUrl, url: own }: RepositoryLocation, url: string): string | undefined {
  const base = [own, publishUrl].find((each) => each !== undefined && url.startsWith(`${each}/`))
  return base === undefined ? undefined : url.slice(base.length + 1)
}

/**
 * The key that an entry's url names, resolved against the repository (RFC 3986, as Helm does), wherever it lies. It is reached as the
 * repository is: a query in the url, which whoever writes the index has chosen, would send signed requests to any host.
 */
export function resolveEntryUrl(location: RepositoryLocation, url: string): ObjectLocation {
  if (/^https:/i.test(url)) {
    const key = ownArchiveKey(location, url)
    if (key !== undefined) return { bucket: location.bucket, key, query: location.query }
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return { ...parseS3Url(url), query: location.query }
  const path = url.split(/[?#]/, 1)[0] ?? ''
  const absolute = path.startsWith('/') ? path.slice(1) : encodePath(location.prefix) + path
  const segments: string[] = []
  for (const segment of absolute.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '.') segments.push(segment)
  }
  return { bucket: location.bucket, key: decodePath(segments.join('/'), url), query: location.query }
}

function decodePath(path: string, url: string): Key {
  try {
    return asKey(decodeURIComponent(path))
  } catch (cause) {
    throw new HelmS3Error('invalid-url', `parse uri ${url}: invalid URL escape`, { cause })
  }
}

function encodePath(path: string): string {
  return path.split('/').map(encodeSegment).join('/')
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment)
}
