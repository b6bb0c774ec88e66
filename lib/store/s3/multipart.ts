import { Buffer } from 'node:buffer'
import type { Key } from '../../core/keys.ts'
import { type ByteRange, type CopySource, type ETag, type Upload, type UploadedPart, asETag } from '../object-store.ts'
import { type S3Answer, S3AnswerError } from './answer.ts'
import type { S3Bucket } from './bucket.ts'
import { readDocument } from './read-body.ts'
import type { S3Request } from './requests.ts'
import { uriEncodePath } from './uri-encode.ts'
import { elementText } from './xml-text.ts'

// The requests of a multipart upload, one function each. What they fail with is not explained yet.

type Headers = Readonly<Record<string, string | undefined>>

/** CreateMultipartUpload. Undefined: the answer names no upload. */
export async function createUpload(bucket: S3Bucket, key: Key, headers: Headers): Promise<Upload | undefined> {
  const { text } = await ask(bucket, { method: 'POST', key, query: { uploads: '' }, headers })
  const id = elementText(text, 'UploadId')
  return id === undefined ? undefined : { key, id }
}

/** UploadPartCopy of an object or a range of it, if it has its ETag. Undefined: the answer names no part. */
export async function copyPart(
  bucket: S3Bucket,
  { id, key }: Upload,
  number: number,
  source: CopySource & { readonly range?: ByteRange },
): Promise<UploadedPart | undefined> {
  const { range } = source
  const headers = {
    'x-amz-copy-source': uriEncodePath(`${source.bucket}/${source.key}`),
    'x-amz-copy-source-if-match': source.etag,
    'x-amz-copy-source-range': range && `bytes=${String(range.start)}-${String(range.end - 1)}`,
  }
  const query = { partNumber: String(number), uploadId: id }
  const etag = elementText((await ask(bucket, { method: 'PUT', key, query, headers })).text, 'ETag')
  return etag === undefined ? undefined : { number, etag }
}

/**
 * UploadPart. The store compares the bytes with their SHA-256 in the signature. (S3 refuses the checksum that objects
 * are sent with, unless the upload was begun with one.) Undefined: the answer names no part.
 */
export async function sendPart(
  bucket: S3Bucket,
  { id, key }: Upload,
  number: number,
  body: Uint8Array,
): Promise<UploadedPart | undefined> {
  const query = { partNumber: String(number), uploadId: id }
  const { etag } = (await bucket.sendOnce({ method: 'PUT', key, query, body })).headers
  return etag === undefined ? undefined : { number, etag }
}

/**
 * CompleteMultipartUpload: makes the object of its parts visible. `headers` are those of its condition.
 * @throws Error when the answer names no object; S3AnswerError with status 200 for a failure that comes after the
 *   success status ("CompleteMultipartUpload" in the Amazon S3 API Reference)
 */
export async function completeUpload(
  bucket: S3Bucket,
  { id, key }: Upload,
  parts: readonly UploadedPart[],
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
  if (etag === undefined) throw new Error('an answer without an ETag: the write may have failed after it began')
  return { etag: asETag(etag), headers: answered }
}

/**
 * AbortMultipartUpload: frees the space of an upload that will not be completed. It may fail without notice: the
 * lifecycle rules of a bucket may do the same in time.
 */
export async function abortUpload(bucket: S3Bucket, { id, key }: Upload): Promise<void> {
  await bucket.sendOnce({ method: 'DELETE', key, query: { uploadId: id } }).catch(() => undefined)
}

/**
 * Sends a request once whose answer is a document.
 * @throws S3AnswerError also for an error that comes after the success status (then with that status)
 */
async function ask(
  bucket: S3Bucket,
  request: S3Request,
): Promise<{ readonly headers: S3Answer['headers']; readonly text: string }> {
  const { body, headers, status } = await bucket.sendOnce({ ...request, readsAnswer: true })
  const text = await readDocument(body)
  if (/<Error[\s>]/.test(text)) throw new S3AnswerError({ headers, status }, text)
  return { headers, text }
}

/** The document that completes an upload. */
function completionOf(parts: readonly UploadedPart[]): string {
  const listed = parts.map(({ etag, number }) => {
    const text = etag.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
    return `<Part><PartNumber>${String(number)}</PartNumber><ETag>${text}</ETag></Part>`
  })
  return (
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
    `${listed.join('')}</CompleteMultipartUpload>`
  )
}
