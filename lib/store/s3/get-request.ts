import type { Key } from '../../core/keys.ts'
import type { ETag, Unchanged, VersionName } from '../object-store.ts'
import { type S3Answer, lengthOf } from './answer.ts'
import type { S3Bucket } from './bucket.ts'
import { isMissingObject, statusOf } from './error-signs.ts'
import type { S3Action } from './action.ts'

export const WITH_CHECKSUM = { 'x-amz-checksum-mode': 'ENABLED' }

/** What to ask of an object: only its first bytes, nothing when it has this ETag, or this version. */
export interface Wanted {
  readonly first?: number | undefined
  readonly unless?: ETag
  readonly version?: VersionName | undefined
}

/** The name of what a bucket without versioning holds, in listings of versions. */
const ONLY_VERSION = 'null'

/**
 * Asks for an object. The caller reads the body of the answer. Undefined: there is no such object. `empty`: the range
 * that was asked for begins where the object ends. A store that lists the version of a bucket without versioning, and
 * does not give it by that name, is asked for the object: it has no other.
 */
export async function sendGet(
  bucket: S3Bucket,
  key: Key,
  action: S3Action,
  { first, unless, version }: Wanted,
): Promise<S3Answer | Unchanged | 'empty' | undefined> {
  const headers = {
    // Stores return the checksum of the whole object also with a range.
    ...(first === undefined ? WITH_CHECKSUM : { range: `bytes=0-${String(first - 1)}` }),
    'if-none-match': unless,
  }
  try {
    const answer = await bucket.read({ method: 'GET', key, query: { versionId: version }, headers })
    if (answer.status === 304) return { unchanged: true, date: bucket.dateIn(answer.headers, action) }
    if (answer.headers['etag'] === undefined || lengthOf(answer.headers) === undefined)
      throw bucket.explanations.foreignAnswer(action)
    return answer
  } catch (error) {
    if (isMissingObject(error)) return undefined
    if (version === ONLY_VERSION && [400, 405, 501].includes(statusOf(error) ?? 0))
      return sendGet(bucket, key, bucket.action('s3:GetObject', key), { ...(first === undefined ? {} : { first }) })
    if (first !== undefined && statusOf(error) === 416) return 'empty'
    throw await bucket.explained(error, action)
  }
}

/**
 * Asks for the bytes of an object from this position on. Undefined: the object is a different one by now, or all of it
 * has arrived.
 */
export async function sendGetRest(
  bucket: S3Bucket,
  key: Key,
  etag: string | undefined,
  from: number,
  action: S3Action,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  try {
    const headers = { range: `bytes=${String(from)}-`, 'if-match': etag }
    const answer = await bucket.read({ method: 'GET', key, headers })
    if (answer.status === 206 && answer.headers['etag'] === etag) return answer.body
    answer.body.destroy()
    return undefined
  } catch (error) {
    if ([404, 412, 416].includes(statusOf(error) ?? 0)) return undefined
    throw await bucket.explained(error, action)
  }
}
