import { Buffer } from 'node:buffer'
import type { Key } from '../../core/keys.ts'
import { type CopySource, type ETag, asETag } from '../object-store.ts'
import type { S3Answer } from './answer.ts'
import type { S3Bucket } from './bucket.ts'
import { readDocument } from './read-body.ts'
import type { S3Request } from './requests.ts'
import { uriEncodePath } from './uri-encode.ts'
import { elementText } from './xml-text.ts'

// The requests of a multipart upload, one function each. What they fail with is not explained yet.

type Headers = Readonly<Record<string, string | undefined>>

/** An upload that is not completed yet; nothing of it is visible. */
export interface Upload {
  readonly key: Key
  readonly id: string
}

/** A part that the store has. */
export interface Part {
  /** From 1. */
  readonly number: number
  readonly etag: string
}

/** CreateMultipartUpload. Undefined: the answer names no upload. */
export async function createUpload(bucket: S3Bucket, key: Key, headers: Headers): Promise<Upload | undefined> {
  const { text } = await ask(bucket, { method: 'POST', key, query: { uploads: '' }, headers })
  const id = elementText(text, 'UploadId')
  return id === undefined ? undefined : { key, id }
}

/** UploadPartCopy of a whole object, if it has its ETag. Undefined: the answer names no part. */
export async function copyPart(
  bucket: S3Bucket,
  { id, key }: Upload,
  number: number,
  source: CopySource,
): Promise<Part | undefined> {
  const headers = {
    'x-amz-copy-source': uriEncodePath(`${source.bucket}/${source.key}`),
    'x-amz-copy-source-if-match': source.etag,
  }
  const query = { partNumber: String(number), uploadId: id }
  const etag = elementText((await ask(bucket, { method: 'PUT', key, query, headers })).text, 'ETag')
  return etag === undefined ? undefined : { number, etag }
}

/**
 * CompleteMultipartUpload: makes the object of its parts visible. `headers` are those of its condition.
 * @throws Error when the answer names no object: a failure may come after the success status
 *   ("CompleteMultipartUpload" in the Amazon S3 API Reference)
 */
export async function completeUpload(
  bucket: S3Bucket,
  { id, key }: Upload,
  parts: readonly Part[],
  { headers, inTime }: Pick<S3Request, 'headers' | 'inTime'>,
): Promise<{ readonly etag: ETag; readonly headers: S3Answer['headers'] }> {
  const { headers: answered, text } = await ask(bucket, {
    method: 'POST',
    key,
    query: { uploadId: id },
    headers: { 'content-type': 'application/xml', ...headers },
    body: Buffer.from(completionOf(parts)),
    inTime,
  })
  const etag = elementText(text, 'ETag')
  if (etag === undefined) throw new Error('an answer without an ETag: the copy may have failed after it began')
  return { etag: asETag(etag), headers: answered }
}

/**
 * AbortMultipartUpload: frees the space of an upload that will not be completed. It may fail without notice: the
 * lifecycle rules of a bucket may do the same in time.
 */
export async function abortUpload(bucket: S3Bucket, { id, key }: Upload): Promise<void> {
  await bucket.sendOnce({ method: 'DELETE', key, query: { uploadId: id } }).catch(() => undefined)
}

/** Sends a request once whose answer is a document. */
async function ask(
  bucket: S3Bucket,
  request: S3Request,
): Promise<{ readonly headers: S3Answer['headers']; readonly text: string }> {
  const { body, headers } = await bucket.sendOnce({ ...request, readsAnswer: true })
  return { headers, text: await readDocument(body) }
}

/** The document that completes an upload. */
function completionOf(parts: readonly Part[]): string {
  const listed = parts.map(({ etag, number }) => {
    const text = etag.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
    return `<Part><PartNumber>${String(number)}</PartNumber><ETag>${text}</ETag></Part>`
  })
  return (
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    `${listed.join('')}</CompleteMultipartUpload>`
  )
}
