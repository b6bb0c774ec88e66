import type { ObjectRecord } from './folder-objects.ts'
import { FAULTS } from './s3-fault.ts'
import { type Xml, isoSeconds } from './xml-document.ts'

const MAX_KEYS = 1000

export const OWNER = { ID: 'embedded', DisplayName: 'embedded' }

interface ListQuery {
  readonly prefix: string
  readonly delimiter: string
  readonly startAfter: string
  readonly token: string | undefined
  /** The last name on the previous page. */
  readonly after: string
  readonly maxKeys: number
  readonly isUrlEncoded: boolean
  readonly showsOwner: boolean
}

/** One line of a listing: an object, or the common prefix of the objects that lie below the delimiter. */
interface Item {
  readonly name: string
  /** The name as bytes, which decide the order. */
  readonly bytes: Buffer
  readonly object?: ObjectRecord
}

/**
 * The content of the answer to ListObjectsV2 for these objects, in the order of the UTF-8 bytes of their keys.
 * @throws S3Fault `InvalidArgument`
 */
export function listObjects(bucket: string, objects: Iterable<ObjectRecord>, parameters: URLSearchParams): Xml {
  const query = readQuery(parameters)
  const items = itemsOf(objects, query)
  const page = items.slice(0, query.maxKeys)
  const last = page.at(-1)
  const isTruncated = last !== undefined && items.length > page.length
  const encode = (text: string): string => (query.isUrlEncoded ? encodeURIComponent(text).replaceAll('%2F', '/') : text)
  return {
    Name: bucket,
    Prefix: encode(query.prefix),
    Delimiter: query.delimiter === '' ? undefined : encode(query.delimiter),
    StartAfter: query.startAfter === '' ? undefined : encode(query.startAfter),
    ContinuationToken: query.token,
    EncodingType: query.isUrlEncoded ? 'url' : undefined,
    MaxKeys: query.maxKeys,
    KeyCount: page.length,
    IsTruncated: isTruncated,
    NextContinuationToken: isTruncated ? last.bytes.toString('base64url') : undefined,
    Contents: page.flatMap(({ object }) => (object === undefined ? [] : [describe(object, encode, query.showsOwner)])),
    CommonPrefixes: page.flatMap(({ name, object }) => (object === undefined ? [{ Prefix: encode(name) }] : [])),
  }
}

function readQuery(parameters: URLSearchParams): ListQuery {
  const token = parameters.get('continuation-token') ?? undefined
  const encoding = parameters.get('encoding-type')
  if (encoding !== null && encoding !== 'url') throw FAULTS.invalidArgument('Invalid encoding-type')
  const maxKeys = parameters.get('max-keys') ?? String(MAX_KEYS)
  if (!/^\d{1,9}$/.test(maxKeys)) throw FAULTS.invalidArgument('Provided max-keys is not a valid integer')
  return {
    prefix: parameters.get('prefix') ?? '',
    delimiter: parameters.get('delimiter') ?? '',
    startAfter: parameters.get('start-after') ?? '',
    token,
    after: token === undefined ? '' : readToken(token),
    maxKeys: Math.min(Number(maxKeys), MAX_KEYS),
    isUrlEncoded: encoding === 'url',
    showsOwner: parameters.get('fetch-owner') === 'true',
  }
}

function readToken(token: string): string {
  const bytes = Buffer.from(token, 'base64url')
  const isOurs = token !== '' && bytes.toString('base64url') === token
  if (!isOurs) throw FAULTS.invalidArgument('The continuation token provided is incorrect')
  return bytes.toString()
}

/**
 * The items of a listing. `start-after` skips keys. The token skips whole items, so that a common prefix is on one page
 * only.
 */
function itemsOf(objects: Iterable<ObjectRecord>, { after, delimiter, prefix, startAfter, token }: ListQuery): Item[] {
  const items = new Map<string, Item>()
  const first = Buffer.from(token === undefined ? startAfter : '')
  const before = Buffer.from(after)
  for (const object of objects) {
    if (!object.key.startsWith(prefix)) continue
    const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length)
    const name = end < 0 ? object.key : object.key.slice(0, end + delimiter.length)
    if (items.has(name) || (first.length > 0 && Buffer.compare(Buffer.from(object.key), first) <= 0)) continue
    const bytes = Buffer.from(name)
    if (before.length > 0 && Buffer.compare(bytes, before) <= 0) continue
    items.set(name, end < 0 ? { name, bytes, object } : { name, bytes })
  }
  return [...items.values()].sort((a, b) => Buffer.compare(a.bytes, b.bytes))
}

function describe(object: ObjectRecord, encode: (text: string) => string, showsOwner: boolean): Xml {
  const { etag, key, lastModified, size } = object
  return {
    Key: encode(key),
    LastModified: isoSeconds(lastModified),
    ETag: etag,
    Size: size,
    Owner: showsOwner ? OWNER : undefined,
    StorageClass: 'STANDARD',
  }
}
