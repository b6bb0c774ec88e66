import type { Readable } from 'node:stream'
import type { Key } from '../core/keys.ts'
import { elementText, elements } from '../sys/xml-text.ts'
import { type Metadata, type ObjectInfo, type ObjectVersion, type VersionName, asETag } from './object-store.ts'

/** What an S3 store answers. */
export interface S3Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readable
}

/** An answer that is a refusal or a failure, in the form of the errors of the SDK. */
export class S3AnswerError extends Error {
  readonly $metadata: { readonly httpStatusCode: number }
  readonly $response: { readonly headers: Readonly<Record<string, string>> }
  /** The region of the bucket, where the store names it in the body. */
  readonly Region: string | undefined

  /** @param text the body, an XML document with the root `Error` as a rule ("Error responses" in the Amazon S3 API Reference) */
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
 * @returns undefined when the document is no such page ("ListObjectsV2" in the Amazon S3 API Reference), or one that says that
 * more follows and not how to get it: a listing must not end early
 */
export function readListAnswer(xml: string): ListAnswer | undefined {
  if (!isDocument(xml, 'ListBucketResult')) return undefined
  const objects = elements(xml, 'Contents').map((each) => ({
    key: (elementText(each, 'Key') ?? '') as Key,
    etag: asETag(elementText(each, 'ETag') ?? ''),
    size: Number(elementText(each, 'Size') ?? 0),
    lastModified: timeOf(elementText(each, 'LastModified')),
  }))
  if (elementText(xml, 'IsTruncated') !== 'true') return { objects, next: undefined }
  const next = elementText(xml, 'NextContinuationToken')
  return next === undefined ? undefined : { objects, next }
}

/** @returns undefined when the document is no such page ("ListObjectVersions" in the Amazon S3 API Reference) */
export function readVersionsAnswer(xml: string, key: Key): readonly ObjectVersion[] | undefined {
  if (!isDocument(xml, 'ListVersionsResult')) return undefined
  return elements(xml, 'Version').flatMap((each) => {
    const version = elementText(each, 'VersionId')
    if (elementText(each, 'Key') !== key || version === undefined) return []
    return [{ version: version as VersionName, size: Number(elementText(each, 'Size') ?? 0), lastModified: timeOf(elementText(each, 'LastModified')) }]
  })
}

function isDocument(xml: string, root: string): boolean {
  return new RegExp(`<${root}[\\s>]`).test(xml.slice(0, 1000))
}

/** The store's clock in an answer, milliseconds since 1970; undefined when it sent none. */
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
export function metadataOf(headers: S3Answer['headers']): Metadata {
  const prefix = 'x-amz-meta-'
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])))
}

/** The stored checksum in hex; undefined for none and for one of the parts of a multipart upload. */
export function sha256Of(headers: S3Answer['headers']): string | undefined {
  const checksum = headers['x-amz-checksum-sha256']
  if (checksum === undefined || checksum.includes('-') || headers['x-amz-checksum-type'] === 'COMPOSITE') return undefined
  const hex = Buffer.from(checksum, 'base64').toString('hex')
  return hex.length === 64 ? hex : undefined
}

/** Bytes of the body; undefined where the store did not say. */
export function lengthOf(headers: S3Answer['headers']): number | undefined {
  const length = headers['content-length']
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined
}

/** Size of the whole object, of which a range may have been asked for. */
export function totalSizeOf(headers: S3Answer['headers']): number | undefined {
  const total = /\/(\d+)$/.exec(headers['content-range'] ?? '')?.[1]
  return total === undefined ? lengthOf(headers) : Number(total)
}
