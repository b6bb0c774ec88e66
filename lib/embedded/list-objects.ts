import type { ObjectRecord } from './folder-objects.ts'
import { FAULTS } from './s3-fault.ts'
import { type Xml, xmlDocument } from './xml.ts'

const MAX_KEYS = 1000

/** The answer to ListObjectsV2 over these objects. */
export function listObjects(bucket: string, objects: Iterable<ObjectRecord>, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after') ?? ''
  const maxKeys = Math.min(Number(query.get('max-keys') ?? MAX_KEYS), MAX_KEYS)
  if (!Number.isInteger(maxKeys) || maxKeys < 0) throw FAULTS.invalidArgument('max-keys is not a number')
  const after = token === null ? startAfter : Buffer.from(token, 'base64url').toString()
  const isUrlEncoded = query.get('encoding-type') === 'url'
  const encode = (text: string): string => (isUrlEncoded ? encodeURIComponent(text).replaceAll('%2F', '/') : text)

  const items = collapse([...objects].filter(({ key }) => key.startsWith(prefix)), prefix, delimiter)
    .filter(({ name }) => compareBytes(name, after) > 0)
    .sort((a, b) => compareBytes(a.name, b.name))
  const page = items.slice(0, maxKeys)
  const isTruncated = items.length > page.length
  return xmlDocument('ListBucketResult', {
    Name: bucket,
    Prefix: encode(prefix),
    ...(delimiter === '' ? {} : { Delimiter: encode(delimiter) }),
    ...(startAfter === '' ? {} : { StartAfter: encode(startAfter) }),
    ...(isUrlEncoded ? { EncodingType: 'url' } : {}),
    MaxKeys: maxKeys,
    KeyCount: page.length,
    IsTruncated: isTruncated,
    ...(isTruncated ? { NextContinuationToken: Buffer.from(page.at(-1)?.name ?? after).toString('base64url') } : {}),
    Contents: page.flatMap(({ object }): Xml[] => (object === undefined ? [] : [describe(object, encode)])),
    CommonPrefixes: page.flatMap(({ name, object }): Xml[] => (object === undefined ? [{ Prefix: encode(name) }] : [])),
  })
}

/** Objects, and in place of those that lie below the delimiter the prefix that they share. */
function collapse(objects: readonly ObjectRecord[], prefix: string, delimiter: string): { name: string; object?: ObjectRecord }[] {
  if (delimiter === '') return objects.map((object) => ({ name: object.key, object }))
  const items = new Map<string, { name: string; object?: ObjectRecord }>()
  for (const object of objects) {
    const end = object.key.indexOf(delimiter, prefix.length)
    const name = end < 0 ? object.key : object.key.slice(0, end + delimiter.length)
    items.set(name, end < 0 ? { name, object } : { name })
  }
  return [...items.values()]
}

function describe({ etag, key, lastModified, size }: ObjectRecord, encode: (text: string) => string): Xml {
  const seconds = Math.floor(lastModified / 1000) * 1000
  return { Key: encode(key), LastModified: new Date(seconds).toISOString(), ETag: etag, Size: size, StorageClass: 'STANDARD' }
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
