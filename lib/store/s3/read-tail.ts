import type { Key } from '../../core/keys.ts'
import type { ETag, ObjectTail, Unchanged } from '../object-store.ts'
import { type S3Answer, contentRangeOf, lengthOf } from './answer.ts'
import type { S3Bucket } from './bucket.ts'
import { isMissingObject, statusOf } from './error-signs.ts'
import { WITH_CHECKSUM } from './get-request.ts'
import { getObject, getObjectUnless, receive } from './read-object.ts'
import type { S3Request } from './requests.ts'

/** Why the end of an object was not given. `refused`: perhaps because the object is shorter. */
type NoTail = 'odd' | 'refused'

/** The statuses with which stores refuse the request for the end of an object: rclone 416, s3s-fs 500. */
const REFUSALS = [400, 416, 500, 501]

/**
 * Reads ends of objects, with a suffix range (`bytes=-N`). Stores answer it in several ways when the object is shorter:
 * with all of it, 416, or 500. s3rver sends the first bytes instead of the last. So whatever does not say exactly what
 * was asked for counts as no answer, and the whole object is read.
 */
export class TailReader {
  readonly #bucket: S3Bucket
  /** The store was found to give something else than the end of an object. */
  #givesNone = false

  constructor(bucket: S3Bucket) {
    this.#bucket = bucket
  }

  /** See `ObjectStore.getTail`. Cost: a GET; one more when the store gives no end, also of a short object. */
  async read(key: Key, last: number, unless: ETag | undefined): Promise<ObjectTail | Unchanged | undefined> {
    const tail = this.#givesNone ? 'odd' : await this.#readEnd(key, last, unless)
    if (typeof tail !== 'string') return tail
    const object = await (unless === undefined
      ? getObject(this.#bucket, key, {})
      : getObjectUnless(this.#bucket, key, unless))
    const isLonger = object !== undefined && 'size' in object && object.size > last
    if (tail === 'odd' || isLonger) this.#givesNone = true
    return object
  }

  async #readEnd(
    key: Key,
    last: number,
    unless: ETag | undefined,
  ): Promise<ObjectTail | Unchanged | NoTail | undefined> {
    const action = this.#bucket.action('s3:GetObject', key)
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#ask(key, last, unless)
      if (answer === undefined || typeof answer === 'string') return answer
      const { body: pieces, headers } = answer
      if (answer.status === 304 || (unless !== undefined && headers['etag'] === unless)) {
        pieces.destroy()
        return { unchanged: true, date: this.#bucket.dateIn(headers, action) }
      }
      if (!isEnd(answer, last)) {
        pieces.destroy()
        return 'odd'
      }
      try {
        const isWhole = answer.status === 200
        const object = await receive(this.#bucket, key, answer, { isWhole })
        return isWhole ? object : { ...object, sha256: undefined }
      } catch (error) {
        await this.#bucket.refuseToRepeat(error, attempt, action)
      }
    }
  }

  /** The first attempt is not repeated where the store may mean with its failure that it gives no ends. */
  async #ask(key: Key, last: number, unless: ETag | undefined): Promise<S3Answer | NoTail | undefined> {
    // The checksum is for the whole object, which may come. With a range it may be that of a part of an upload.
    const headers = { ...WITH_CHECKSUM, range: `bytes=-${String(last)}`, 'if-none-match': unless }
    const request: S3Request = { method: 'GET', key, headers }
    try {
      return await this.#bucket.sendOnce(request).catch((error: unknown) => {
        if (isAnswered(error)) throw error
        return this.#bucket.read(request)
      })
    } catch (error) {
      if (isMissingObject(error)) return undefined
      if (REFUSALS.includes(statusOf(error) ?? 0)) return 'refused'
      throw await this.#bucket.explained(error, this.#bucket.action('s3:GetObject', key))
    }
  }
}

/** Whether the store has given its answer, so that the same request would get the same one. */
function isAnswered(error: unknown): boolean {
  const status = statusOf(error)
  return status !== undefined && (status < 500 || REFUSALS.includes(status)) && status !== 408 && status !== 429
}

/** Whether an answer brings an object with at least its last `last` bytes, and says so without contradiction. */
function isEnd({ headers, status }: S3Answer, last: number): boolean {
  const length = lengthOf(headers)
  if (length === undefined || headers['etag'] === undefined) return false
  if (status === 200) return headers['content-range'] === undefined
  const range = status === 206 ? contentRangeOf(headers) : undefined
  if (range === undefined) return false
  const { end, size, start } = range
  return end === size && start <= Math.max(0, size - last) && length === end - start
}
