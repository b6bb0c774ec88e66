import type { Key } from '../../core/keys.ts'
import type { ByteRange, ETag, NoRange } from '../object-store.ts'
import { type S3Answer, contentRangeOf, lengthOf } from './answer.ts'
import type { S3Bucket } from './bucket.ts'
import { isMissingObject, statusOf } from './error-signs.ts'
import { readBody } from './read-body.ts'
import { headObject } from './read-object.ts'

/**
 * See `ObjectStore.getRange`. Some stores ignore `If-Match` here (s3rver, gofakes3), so the answer itself has to say
 * that it is this range of this object. Cost: a GET; when its condition is refused, also a HEAD.
 */
export async function getObjectRange(
  bucket: S3Bucket,
  key: Key,
  range: ByteRange,
  match: ETag,
): Promise<Uint8Array | NoRange> {
  const action = bucket.action('s3:GetObject', key)
  for (let attempt = 1; ; attempt++) {
    const answer = await sendGetRange(bucket, key, range, match)
    if (typeof answer === 'string') return answer
    if (!isRange(answer, range, match)) {
      answer.body.destroy()
      return 'unsupported'
    }
    try {
      return await readBody(answer.body, range.end - range.start)
    } catch (error) {
      await bucket.refuseToRepeat(error, attempt, action)
    }
  }
}

async function sendGetRange(
  bucket: S3Bucket,
  key: Key,
  { end, start }: ByteRange,
  match: ETag,
): Promise<S3Answer | NoRange> {
  const headers = { range: `bytes=${String(start)}-${String(end - 1)}`, 'if-match': match }
  try {
    return await bucket.read({ method: 'GET', key, headers })
  } catch (error) {
    if (isMissingObject(error)) return 'changed'
    const status = statusOf(error) ?? 0
    if (status === 412) return (await isStill(bucket, key, match)) ? 'unsupported' : 'changed'
    if ([400, 405, 416, 501].includes(status)) return 'unsupported'
    throw await bucket.explained(error, bucket.action('s3:GetObject', key))
  }
}

/** Whether an answer says that it is this range of the object with this ETag. */
function isRange({ headers, status }: S3Answer, { end, start }: ByteRange, match: ETag): boolean {
  const range = status === 206 ? contentRangeOf(headers) : undefined
  return range?.start === start && range.end === end && headers['etag'] === match && lengthOf(headers) === end - start
}

/** Whether a store that has refused this ETag shows it still, as some releases of Ceph do with writes. */
export async function isStill(bucket: S3Bucket, key: Key, etag: ETag): Promise<boolean> {
  return (await headObject(bucket, key))?.etag === etag
}
