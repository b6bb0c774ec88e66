import type { Readable } from 'node:stream'
import type { Key } from '../../core/keys.ts'
import { elementText } from './xml-text.ts'
import { type XmlElement, childText, childrenOf, parseXml } from './xml-tree.ts'
import {
  type ObjectMetadata,
  type ObjectInfo,
  type ObjectVersion,
  type OpenUpload,
  type VersionName,
  asETag,
} from '../object-store.ts'

/** The answer of an S3 store. */
export interface S3Answer {
  readonly status: number
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
}

/** An answer that is a refusal or a failure, in the form of the SDK's errors. */
export class S3AnswerError extends Error {
  readonly $metadata: { readonly httpStatusCode: number }
  readonly $response: { readonly headers: Readonly<Record<string, string>> }
  /** The region of the bucket, when the store names it in the body. */
  readonly Region: string | undefined
  /** Whether the same request was refused with the checksum of its body first, and then this time without it. */
  isWithoutChecksum = false

  /** @param text the body: usually XML with the root `Error` ("Error responses" in the Amazon S3 API Reference) */
  constructor({ headers, status }: Pick<S3Answer, 'headers' | 'status'>, text: string) {
    super(elementText(text, 'Message') ?? '')
    this.name = elementText(text, 'Code') ?? 'Unknown'
    this.$metadata = { httpStatusCode: status }
    this.$response = { headers }
    this.Region = elementText(text, 'Region')
  }
}

/** One page of ListObjectsV2. */
export interface ListAnswer {
  readonly objects: readonly ObjectInfo[]
  readonly next: string | undefined
}

/**
 * Reads a page of a listing. It is accepted only when it is consistent: the document is well-formed, every object has
 * all the fields of a listing, there are no fewer objects than the page counts, and it has a token where it says that
 * more follows. Otherwise a listing could end early without notice.
 * @param prefix the prefix that was asked for; keys outside it are not part of this listing
 * @returns undefined when the document is no such page ("ListObjectsV2" in the Amazon S3 API Reference)
 */
export function readListAnswer(xml: string, prefix = ''): ListAnswer | undefined {
  const root = rootOf(xml, LIST_ROOTS)
  if (root === undefined) return undefined
  const decode = childText(root, 'EncodingType') === 'url' ? decodeUrl : (text: string): string => text
  const contents = childrenOf(root, 'Contents')
  const objects = contents.flatMap((each) => readObject(each, decode) ?? [])
  const counted = objects.length + childrenOf(root, 'CommonPrefixes').length
  const isSound =
    objects.length === contents.length &&
    Number(childText(root, 'KeyCount') ?? 0) <= counted &&
    objects.every(({ key }) => key.startsWith(prefix))
  if (!isSound) return undefined
  const isTruncated = childText(root, 'IsTruncated') ?? 'false'
  const next = childText(root, 'NextContinuationToken') || undefined
  if (isTruncated === 'false') return { objects, next: undefined }
  return isTruncated !== 'true' || next === undefined ? undefined : { objects, next }
}

const LIST_ROOTS = ['ListBucketResult']
/** The root elements that stores use: the last is that of S3Mock, the second that of rclone and gofakes3. */
const VERSION_ROOTS = ['ListVersionsResult', 'ListBucketVersionsResult', 'ListBucketResult']

function readObject(element: XmlElement, decode: (text: string) => string | undefined): ObjectInfo | undefined {
  const key = decode(childText(element, 'Key') ?? '')
  const etag = childText(element, 'ETag') ?? ''
  const size = childText(element, 'Size') ?? ''
  const lastModified = timeOf(childText(element, 'LastModified'))
  if (!key || etag === '' || !/^\d+$/.test(size) || lastModified === 0) return undefined
  return { key: key as Key, etag: asETag(etag), size: Number(size), lastModified }
}

/** @returns undefined when the document is no such page ("ListObjectVersions" in the Amazon S3 API Reference) */
export function readVersionsAnswer(xml: string, key: Key): readonly ObjectVersion[] | undefined {
  const root = rootOf(xml, VERSION_ROOTS)
  return (
    root &&
    childrenOf(root, 'Version').flatMap((each) => {
      const version = childText(each, 'VersionId')
      if (childText(each, 'Key') !== key || version === undefined) return []
      return [
        {
          version: version as VersionName,
          size: Number(childText(each, 'Size') ?? 0),
          lastModified: timeOf(childText(each, 'LastModified')),
        },
      ]
    })
  )
}

/**
 * The uploads that are open for keys with this prefix.
 * @returns undefined when the document is no such page ("ListMultipartUploads" in the Amazon S3 API Reference)
 */
export function readUploadsAnswer(xml: string, prefix: string): readonly OpenUpload[] | undefined {
  const root = rootOf(xml, ['ListMultipartUploadsResult'])
  return (
    root &&
    childrenOf(root, 'Upload').flatMap((each) => {
      const [key, id] = [childText(each, 'Key') ?? '', childText(each, 'UploadId') ?? '']
      if (!key.startsWith(prefix) || id === '') return []
      return [{ key: key as Key, id, startedAt: timeOf(childText(each, 'Initiated')) }]
    })
  )
}

function rootOf(xml: string, names: readonly string[]): XmlElement | undefined {
  try {
    const root = parseXml(xml)
    return names.includes(root.name) ? root : undefined
  } catch {
    return undefined
  }
}

/** The decoded text. Undefined: the text is not URL-encoded. */
function decodeUrl(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}

/** The store's clock in an answer, milliseconds since 1970. Undefined: the answer has no date. */
export function dateOf({ date }: S3Answer['headers']): number | undefined {
  const time = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(time) ? undefined : time
}

/** A time in an answer, milliseconds since 1970; 0 when it cannot be read. */
export function timeOf(text: string | undefined): number {
  const time = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(time) ? 0 : time
}

/** The user metadata of an object. */
export function metadataOf(headers: S3Answer['headers']): ObjectMetadata {
  const prefix = 'x-amz-meta-'
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
    ),
  )
}

/**
 * The stored SHA-256 in hex. Undefined: there is none, or it is the checksum of a multipart upload, which covers only
 * the checksums of the parts.
 */
export function sha256Of(headers: S3Answer['headers']): string | undefined {
  const checksum = headers['x-amz-checksum-sha256']
  if (checksum === undefined || checksum.includes('-') || headers['x-amz-checksum-type'] === 'COMPOSITE')
    return undefined
  const hex = Buffer.from(checksum, 'base64').toString('hex')
  return hex.length === 64 ? hex : undefined
}

/** The number of bytes of the body. Undefined: the store did not say. */
export function lengthOf(headers: S3Answer['headers']): number | undefined {
  const length = headers['content-length']
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined
}

/** The bytes that a range brings, from `start` up to before `end`, of `size`. Undefined: the answer does not say. */
export function contentRangeOf(
  headers: S3Answer['headers'],
): { readonly start: number; readonly end: number; readonly size: number } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '')
  return match === null ? undefined : { start: Number(match[1]), end: Number(match[2]) + 1, size: Number(match[3]) }
}

/** The size of the whole object, also when only a range was asked for. */
export function totalSizeOf(headers: S3Answer['headers']): number | undefined {
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
  return total === undefined ? lengthOf(headers) : Number(total)
}
