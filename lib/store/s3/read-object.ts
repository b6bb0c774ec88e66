import type { Key } from '../../core/keys.ts'
import { sha256 } from '../../sys/sha256.ts'
import { MAX_INDEX } from '../../text/size-limits.ts'
import {
  type ETag,
  type GetOptions,
  type ObjectHead,
  type StoredObject,
  type Unchanged,
  asETag,
} from '../object-store.ts'
import { tooLarge } from '../too-large.ts'
import { type S3Answer, lengthOf, metadataOf, sha256Of, timeOf, totalSizeOf } from './answer.ts'
import type { S3Bucket } from './bucket.ts'
import { isMissingObject, statusOf } from './error-signs.ts'
import type { S3Action } from './action.ts'
import { WITH_CHECKSUM, type Wanted, sendGet } from './get-request.ts'
import { readBody } from './read-body.ts'

/** See `ObjectStore.head`. Cost: a HEAD; when it is denied, a GET for the reason. */
export async function headObject(bucket: S3Bucket, key: Key): Promise<ObjectHead | undefined> {
  const action = bucket.action('s3:GetObject', key)
  try {
    const { headers } = await bucket.read({ method: 'HEAD', key, headers: WITH_CHECKSUM })
    return headOf(bucket, key, headers, lengthOf(headers) ?? 0, action)
  } catch (error) {
    if (isMissingObject(error)) return undefined
    // The answer to HEAD has no body and so gives no reason; the answer to GET gives one.
    if (statusOf(error) === 403) await explainDenial(bucket, key, action)
    throw await bucket.explained(error, action)
  }
}

async function explainDenial(bucket: S3Bucket, key: Key, action: S3Action): Promise<void> {
  const answer = await sendGet(bucket, key, action, { first: 1 })
  if (typeof answer === 'object' && 'body' in answer) answer.body.destroy()
}

/** See `ObjectStore.get`. Cost: a GET; a HEAD more for the first bytes of an object that has none. */
export async function getObject(
  bucket: S3Bucket,
  key: Key,
  { first, most, version }: GetOptions,
): Promise<StoredObject | undefined> {
  const object = await readObject(bucket, key, { first, version }, most)
  return object !== undefined && 'unchanged' in object ? undefined : object
}

/** See `ObjectStore.getUnless`. Cost: a GET. */
export function getObjectUnless(bucket: S3Bucket, key: Key, etag: ETag): Promise<StoredObject | Unchanged | undefined> {
  return readObject(bucket, key, { unless: etag })
}

/**
 * A body that breaks off, or does not match its checksum, is read again here: the repetition of requests ends with
 * the headers.
 */
async function readObject(
  bucket: S3Bucket,
  key: Key,
  wanted: Wanted,
  most = MAX_INDEX,
): Promise<StoredObject | Unchanged | undefined> {
  const action = bucket.action(wanted.version === undefined ? 's3:GetObject' : 's3:GetObjectVersion', key)
  for (let attempt = 1; ; attempt++) {
    const answer = await sendGet(bucket, key, action, wanted)
    if (answer === undefined) return undefined
    if (answer === 'empty') return emptyObject(bucket, key)
    if ('unchanged' in answer) return answer
    try {
      return await receive(bucket, key, answer, { isWhole: wanted.first === undefined, most })
    } catch (error) {
      await bucket.refuseToRepeat(error, attempt, action)
    }
  }
}

/**
 * Receives the object, or the part of it, that an answer brings. `isWhole`: the checksum is that of these bytes.
 * @throws HelmS3Error `too-large`; and whatever the body fails with
 */
export async function receive(
  bucket: S3Bucket,
  key: Key,
  { body: pieces, headers }: S3Answer,
  { isWhole, most = MAX_INDEX }: { readonly isWhole: boolean; readonly most?: number },
): Promise<StoredObject> {
  const action = bucket.action('s3:GetObject', key)
  const size = lengthOf(headers) ?? 0
  if (size > most) {
    pieces.destroy()
    throw tooLarge(`s3://${action.bucket}/${key}`, size, most)
  }
  const body = await readBody(pieces, size)
  const head = headOf(bucket, key, headers, totalSizeOf(headers) ?? 0, action)
  if (isWhole && head.sha256 !== undefined && sha256(body) !== head.sha256)
    throw new Error('the bytes do not match their checksum')
  return { ...head, body }
}

/** The answer for an object without bytes, of which no range can be read (416). */
async function emptyObject(bucket: S3Bucket, key: Key): Promise<StoredObject | undefined> {
  const head = await headObject(bucket, key)
  return head && { ...head, body: new Uint8Array() }
}

function headOf(bucket: S3Bucket, key: Key, headers: S3Answer['headers'], size: number, action: S3Action): ObjectHead {
  if (headers['etag'] === undefined) throw bucket.explanations.foreignAnswer(action)
  return {
    key,
    etag: asETag(headers['etag']),
    size,
    lastModified: timeOf(headers['last-modified']),
    metadata: metadataOf(headers),
    contentType: headers['content-type'],
    sha256: sha256Of(headers),
    date: bucket.dateIn(headers, action),
  }
}
