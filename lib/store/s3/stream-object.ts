import { createHash } from 'node:crypto'
import type { Key } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import { type S3Answer, lengthOf, sha256Of } from './answer.ts'
import type { S3Bucket } from './bucket.ts'
import type { S3Action } from './action.ts'
import { sendGet, sendGetRest } from './get-request.ts'

/** See `ObjectStore.stream`. Cost: a GET, and one for the rest each time that the body breaks off. */
export async function streamObject(bucket: S3Bucket, key: Key): Promise<AsyncIterable<Uint8Array> | undefined> {
  const action = bucket.action('s3:GetObject', key)
  const answer = await sendGet(bucket, key, action, {})
  if (answer === undefined) return undefined
  return answer === 'empty' || 'unchanged' in answer ? noPieces() : piecesOf(bucket, key, answer, action)
}

/**
 * Yields the pieces of a body. When the body breaks off, the rest is requested, because pieces that were yielded
 * cannot be taken back.
 */
async function* piecesOf(
  bucket: S3Bucket,
  key: Key,
  { body, headers }: S3Answer,
  action: S3Action,
): AsyncIterable<Uint8Array> {
  const expected = sha256Of(headers)
  const hash = createHash('sha256')
  let length = 0
  for (let attempt = 1, pieces: AsyncIterable<Uint8Array> | undefined = body; pieces !== undefined; attempt++) {
    try {
      for await (const piece of pieces) {
        if (expected !== undefined) hash.update(piece)
        length += piece.length
        yield piece
      }
      pieces = undefined
    } catch (error) {
      await bucket.refuseToRepeat(error, attempt, action)
      pieces = await sendGetRest(bucket, key, headers['etag'], length, action)
    }
  }
  if (length !== lengthOf(headers) || (expected !== undefined && expected !== hash.digest('hex'))) {
    throw new HelmS3Error(
      'corrupt-download',
      `read s3://${action.bucket}/${action.key}: the bytes are not those that were announced`,
      {
        hint: 'try again; if it lasts, look at proxies on the way to the store',
      },
    )
  }
}

async function* noPieces(): AsyncIterable<Uint8Array> {}
