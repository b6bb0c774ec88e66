import { HelmS3Error } from '../errors.ts'

/** The full key of an object in the bucket, without a leading slash. */
export type Key = string & { readonly __brand: 'Key' }
export const asKey = (text: string): Key => text as Key

/**
 * A repository `s3://bucket/prefix` and where its objects stand. This file defines the layout of keys (docs/FORMAT.md).
 */
export interface RepositoryLocation {
  /** `s3://bucket/prefix` without a trailing slash or a query, percent-encoded as in URLs. */
  readonly url: string
  /** `region=…&endpoint=…&profile=…` as it was typed, which says how to reach the bucket. Usually empty. */
  readonly query: string
  /** What to type to reach this repository again: the URL with the query, or the name under which it was given. */
  readonly address: string
  readonly bucket: string
  /** Empty, or a key prefix that ends with a slash. */
  readonly prefix: string
  /** `<prefix>index.yaml`. */
  readonly indexKey: Key
  /** `<prefix>index.d/`: the folder of the deltas. */
  readonly deltaFolder: string
  /** `<prefix>index.d/config.json`: the defaults of the repository; see `repository-config.ts`. */
  readonly configKey: Key
  /**
   * The `https://` URL, without a slash at the end, below which archives are served. Undefined: there is none, or it
   * was not looked up.
   */
  readonly publishUrl?: string
  /** The `http(s)://…` URL of the store when it is not AWS. Undefined: it is AWS, or it was not looked up. */
  readonly endpoint?: string | undefined
}

/** An object that an `s3://` URL names: its bucket and its key, decoded once. */
export interface ObjectLocation {
  readonly bucket: string
  readonly key: Key
  /** The part of the URL after `?`: see {@link RepositoryLocation.query}. */
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

/** A URL that ends with the name of a file in a repository, where the URL of the repository is expected. */
const FILE_OF_REPOSITORY = /(?:^|\/)(?:index\.yaml|[^/]*\.tgz(?:\.prov)?)$/

/** @throws HelmS3Error `invalid-url`. For the URL of `index.yaml` or of an archive, the error names the repository. */
export function parseRepositoryUrl(url: string): RepositoryLocation {
  const { bucket, key, query } = parseS3Url(url)
  const path = key.replace(/\/+$/, '')
  if (FILE_OF_REPOSITORY.test(path)) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    throw new HelmS3Error('invalid-url', `${url} is the URL of a file, not of a repository`, {
      hint: `the repository is ${repositoryAt(bucket, folder, query).address}`,
    })
  }
  return repositoryAt(bucket, path === '' ? '' : `${path}/`, query)
}

/** The repository with this key prefix, which is empty or ends with a slash. */
export function repositoryAt(bucket: string, prefix: string, query = ''): RepositoryLocation {
  const url = `s3://${bucket}${prefix === '' ? '' : `/${encodePath(prefix.slice(0, -1))}`}`
  return {
    url,
    query,
    address: addressOf({ url, query }),
    bucket,
    prefix,
    indexKey: asKey(`${prefix}index.yaml`),
    deltaFolder: `${prefix}index.d/`,
    configKey: asKey(`${prefix}index.d/config.json`),
  }
}

/** The URL with its query, for uses that do not accept the name of a repository. */
export function addressOf({ query, url }: Pick<RepositoryLocation, 'query' | 'url'>): string {
  return query === '' ? url : `${url}?${query}`
}

/**
 * Whether the queries of two repository URLs name the same store and the same profile. The region does not count,
 * because it only says where the search for the bucket begins.
 */
export function isSameStore(a: string, b: string): boolean {
  const [one, other] = [new URLSearchParams(a), new URLSearchParams(b)]
  return ['endpoint', 'profile'].every((name) => (one.get(name) ?? '') === (other.get(name) ?? ''))
}

/** `<prefix>index.d/rebuild-<name>.json`: the marker of a rebuild that is under way. `name`: 16 hex characters. */
export function rebuildMarkKey({ deltaFolder }: RepositoryLocation, name: string): Key {
  return asKey(`${deltaFolder}rebuild-${name}.json`)
}

/**
 * `<prefix>index.yaml.broken-<16 hex>`: the text of an index that Helm refused, which is kept when the index is
 * replaced. `digest`: the SHA-256 of that text.
 */
export function brokenIndexKey({ indexKey }: RepositoryLocation, digest: string): Key {
  return asKey(`${indexKey}.broken-${digest.slice(0, 16)}`)
}

/** Whether the key is the marker of a rebuild. */
export function isRebuildMark({ deltaFolder }: RepositoryLocation, key: Key): boolean {
  return key.startsWith(deltaFolder) && /^rebuild-[0-9a-f]{16}\.json$/.test(key.slice(deltaFolder.length))
}

/** The file name of a chart archive. Each version has exactly one key, whatever the pushed file was called. */
export function archiveFileName(chart: { readonly name: string; readonly version: string }): string {
  return `${chart.name}-${chart.version}.tgz`
}

/** The file name in a key: what stands behind its last slash. */
export function fileOf(key: Key): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** Key of a chart archive. */
export function archiveKey(
  location: RepositoryLocation,
  chart: { readonly name: string; readonly version: string },
): Key {
  return asKey(location.prefix + archiveFileName(chart))
}

/** Key of the provenance file that belongs to an archive. */
export function provenanceKey(archive: Key): Key {
  return asKey(`${archive}.prov`)
}

/**
 * The folder in which `check --probe` writes. No client looks into it: readers list `index.d/` only, and listings of
 * archives skip keys with a slash below the prefix.
 */
export function probeFolder(location: RepositoryLocation): string {
  return `${location.prefix}.helm-s3-probe/`
}

/**
 * The ARN of a key, or of a pattern of keys, in the form that a policy uses. An empty key gives the ARN of the bucket.
 */
export function resourceArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}`
}

/** How the urls of new entries are written. */
export interface UrlForm {
  /**
   * What stands before the file name: the `s3://` URL of the repository, the `https://` URL at which it is published,
   * or nothing.
   */
  readonly base: string
  /** A `+` is written as it is instead of `%2B`. */
  readonly literalPlus: boolean
}

/**
 * The text for `urls` of an entry: the percent-encoded file name below the base. A `+` is written as `%2B`, because S3
 * over https reads a bare `+` as a space (helm/helm#1565). It may also be written as it is, because
 * `helm dependency update` of Helm 3 encodes the `%` of a relative url once more.
 */
export function archiveUrl(
  location: RepositoryLocation,
  chart: { readonly name: string; readonly version: string },
  form: UrlForm,
): string {
  return archiveUrlOf(location, archiveKey(location, chart), form)
}

/** The same for the archive under this key, whose file name may differ from that of its version. */
export function archiveUrlOf(location: RepositoryLocation, key: Key, { base, literalPlus }: UrlForm): string {
  const encoded = encodeSegment(key.slice(location.prefix.length))
  const file = literalPlus ? encoded.replaceAll('%2B', '+') : encoded
  return base === '' ? file : `${base}/${file}`
}

/**
 * Whether the key is that of an archive of this repository: a single path segment directly below the prefix that ends
 * in `.tgz`.
 */
export function isArchiveKey({ prefix }: RepositoryLocation, key: string): key is Key {
  const file = key.slice(prefix.length)
  return key.startsWith(prefix) && file.endsWith('.tgz') && !file.includes('/') && file !== '.tgz'
}

/**
 * The object that an entry's url points to. Only this function answers that question.
 *
 * - A relative url is resolved against the repository by RFC 3986, as Helm does (helm/helm pkg/repo/v1/chartrepo.go):
 *   `./`, `../`, `/`, `//`, percent forms.
 * - An `s3://` url is taken as it stands, because nothing resolves it further.
 * - An `http(s)://` url points to an object of this bucket when it lies below the URL at which the repository is
 *   published, or at the endpoint of its store, in path style or in virtual-host style. `location` holds both URLs, see
 *   `publishedLocation`.
 *
 * Percent forms are decoded once, and `+` stands for itself. A query and a fragment are not part of the key. The object
 * is reached in the same way as the repository. A query in the url is not obeyed, because whoever writes the index
 * could use it to send signed requests to any host.
 * @returns undefined: the url leads elsewhere, or cannot be read
 */
export function objectOfUrl(location: RepositoryLocation, url: string): ObjectLocation | undefined {
  const path = url.replace(/[?#].*$/s, '')
  try {
    if (SCHEME.test(path)) return { ...parseS3Url(path), query: location.query }
    if (path.startsWith('//')) return { ...parseS3Url(`s3:${path}`), query: location.query }
    const key = hasScheme(path) ? keyOfWebUrl(location, path) : keyOfRelative(location, path)
    return key === undefined ? undefined : { bucket: location.bucket, key, query: location.query }
  } catch (error) {
    if (error instanceof HelmS3Error || error instanceof URIError) return undefined
    throw error
  }
}

/** The same for a caller that needs an object in S3. @throws HelmS3Error `invalid-url` */
export function resolveEntryUrl(location: RepositoryLocation, url: string): ObjectLocation {
  return objectOfUrl(location, url) ?? parseS3Url(url)
}

/** The key that an entry's url points to, when that key is in the bucket of the repository. */
export function keyInBucket(location: RepositoryLocation, url: string): Key | undefined {
  const object = objectOfUrl(location, url)
  return object?.bucket === location.bucket ? object.key : undefined
}

/**
 * The key of the archive that an entry's url points to, if the archive belongs to this repository: a single path
 * segment directly below the prefix, which ends in `.tgz`. Undefined for everything else.
 */
export function ownArchiveKey(location: RepositoryLocation, url: string): Key | undefined {
  const key = keyInBucket(location, url)
  return key !== undefined && isArchiveKey(location, key) ? key : undefined
}

/**
 * The key of an archive in a folder of the repository, if a url points to one. This program does not store archives in
 * folders.
 */
export function folderArchiveKey(location: RepositoryLocation, url: string): Key | undefined {
  const path = keyBelow(location, url)
  if (path === undefined || !/\/[^/]+\.tgz$/.test(path) || /^(?:index\.d|\.helm-s3-probe)\//.test(path))
    return undefined
  return asKey(location.prefix + path)
}

/**
 * Whether every store accepts the key in a request: below the repository it has no empty segments, no `.` or `..`, and
 * no control characters. MinIO refuses some of these, other stores resolve them, and stores and clients do not agree on
 * what they mean.
 */
export function isPlainKey({ prefix }: RepositoryLocation, key: Key): boolean {
  return !key
    .slice(prefix.length)
    .split('/')
    .some((segment) => /^\.{0,2}$|\p{Cc}/u.test(segment))
}

/** The part of the key below the repository that a url points to. Undefined: the url points to another place. */
export function keyBelow(location: RepositoryLocation, url: string): string | undefined {
  const key = keyInBucket(location, url)
  return key?.startsWith(location.prefix) === true && key !== location.prefix
    ? key.slice(location.prefix.length)
    : undefined
}

/** Whether a url is absolute: `s3://…`, `https://…`, or anything else with a scheme. */
export function hasScheme(url: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(url)
}

/** @throws URIError */
function keyOfRelative({ prefix }: RepositoryLocation, path: string): Key {
  const segments: string[] = []
  for (const segment of (path.startsWith('/') ? path.slice(1) : encodePath(prefix) + path).split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '.') segments.push(segment)
  }
  return asKey(decodeURIComponent(segments.join('/')))
}

/** @throws URIError */
function keyOfWebUrl({ bucket, endpoint, prefix, publishUrl }: RepositoryLocation, url: string): Key | undefined {
  const place = webPlace(url)
  if (place === undefined) return undefined
  const published = webPlace(publishUrl)
  if (published?.host === place.host && place.path.startsWith(`${published.path}/`)) {
    return asKey(prefix + place.path.slice(published.path.length + 1))
  }
  const store = webPlace(endpoint)
  const isStore = (host: string): boolean => (endpoint === undefined ? AWS_HOST.test(host) : host === store?.host)
  const base = store?.path ?? ''
  const own = `${bucket.toLowerCase()}.`
  const inBucket =
    place.host.startsWith(own) && isStore(place.host.slice(own.length)) ? `${base}/` : `${base}/${bucket}/`
  if (inBucket !== `${base}/` && !isStore(place.host)) return undefined
  return place.path.startsWith(inBucket) ? asKey(place.path.slice(inBucket.length)) : undefined
}

/** `s3.amazonaws.com`, optionally with a region, dual-stack, accelerated, or as a website. */
const AWS_HOST = /^s3(?:[.-][a-z0-9-]+){0,3}\.amazonaws\.com(?:\.cn)?$/

/**
 * The host and the path of a URL. The path is decoded once, and that of a folder has no slash at its end. @throws
 * URIError
 */
function webPlace(url: string | undefined): { readonly host: string; readonly path: string } | undefined {
  if (url === undefined || !/^https?:/i.test(url) || !URL.canParse(url)) return undefined
  const { host, pathname } = new URL(url)
  return { host, path: decodeURIComponent(pathname).replace(/\/+$/, '') }
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
