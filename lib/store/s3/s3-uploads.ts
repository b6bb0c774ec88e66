import type { Key } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type {
  ByteRange,
  CopyOutcome,
  CopySource,
  MultipartUploads,
  NotDone,
  OpenUpload,
  PutCondition,
  PutOutcome,
  SendOptions,
  Upload,
  UploadOptions,
  UploadedPart,
} from '../object-store.ts'
import { isMissingObject, isNotConnected, isUntrusted, signsOf, statusOf } from './error-signs.ts'
import { listUploads } from './list-objects.ts'
import { abortUpload, completeUpload, copyPart, createUpload, sendPart } from './multipart.ts'
import { type Writing, mutate } from './mutate.ts'
import { isStill } from './read-range.ts'
import { headersSaying } from './said-with-objects.ts'

type Completion = SendOptions & { readonly when: PutCondition }

/** The multipart uploads of a bucket, see the port. Each request is sent once, except for the listing. */
export class S3Uploads implements MultipartUploads {
  readonly #writing: Writing

  constructor(writing: Writing) {
    this.#writing = writing
  }

  /** Cost: a POST. */
  async begin(key: Key, options: UploadOptions): Promise<Upload | 'unsupported'> {
    const { bucket, settings } = this.#writing
    const { says } = await settings.find()
    const headers = { 'cache-control': options.cacheControl, ...headersSaying(says, options) }
    return this.#try(key, () => createUpload(bucket, key, headers))
  }

  /** Cost: a PUT without bytes; when its condition is refused, also a HEAD. */
  async copyPart(
    upload: Upload,
    number: number,
    source: CopySource & { readonly range: ByteRange },
  ): Promise<UploadedPart | 'refused' | 'unsupported'> {
    const { bucket } = this.#writing
    const part = await this.#try(upload.key, () =>
      copyPart(bucket, upload, number, source).catch((error: unknown) => {
        if (isRefusal(error)) return 'refused' as const
        throw error
      }),
    )
    const { bucket: here } = bucket.action('s3:GetObject', source.key)
    const isWrong = part === 'refused' && source.bucket === here && (await isStill(bucket, source.key, source.etag))
    return isWrong ? 'unsupported' : part
  }

  /** Cost: a PUT. */
  async sendPart(upload: Upload, number: number, body: Uint8Array): Promise<UploadedPart | 'unsupported'> {
    return this.#try(upload.key, () => sendPart(this.#writing.bucket, upload, number, body))
  }

  /** Cost: a POST, and what {@link ETagConditions} says for a condition on an ETag. */
  async complete(upload: Upload, parts: readonly UploadedPart[], options: Completion): Promise<CopyOutcome> {
    const { conditions } = this.#writing
    const { when } = options
    const send = (isBare?: boolean): Promise<PutOutcome> => this.#sendCompletion(upload, parts, options, isBare)
    try {
      const completed = await (typeof when === 'object'
        ? conditions.send('POST', upload.key, when.match, send)
        : send())
      return completed.outcome === 'refuses-current' ? { outcome: 'unsupported' } : completed
    } catch (error) {
      const status = statusOf(error instanceof HelmS3Error ? error.cause : error)
      if (this.#isAborted() || status === undefined) throw error
      return { outcome: 'unsupported' }
    }
  }

  abort(upload: Upload): Promise<void> {
    return abortUpload(this.#writing.bucket, upload)
  }

  list(prefix: string): Promise<readonly OpenUpload[]> {
    return listUploads(this.#writing.bucket, prefix)
  }

  async #sendCompletion(
    upload: Upload,
    parts: readonly UploadedPart[],
    { inTime, when }: Completion,
    isBare?: boolean,
  ): Promise<PutOutcome> {
    const { bucket, conditions, settings } = this.#writing
    const { saidBy, says } = await settings.find()
    const action = { ...bucket.action('s3:PutObject', upload.key), says, saidBy }
    return mutate(bucket, action, { isConditional: when !== 'always' }, async (): Promise<PutOutcome> => {
      try {
        const condition = { headers: conditions.headers(when, isBare), inTime }
        const { etag, headers } = await completeUpload(bucket, upload, parts, condition)
        return { outcome: 'written', etag, date: bucket.dateIn(headers, action) }
      } catch (error) {
        const outcome = outcomeSaid(error)
        if (outcome === undefined) throw error
        return outcome === 'unknown' ? { outcome, cause: await bucket.explained(error, action) } : outcome
      }
    })
  }

  /**
   * Sends a request of which nothing becomes visible. Whatever it fails with, the object can be written as a whole.
   * @throws HelmS3Error `unreachable`, `denied` without credentials; and what ends the command
   */
  async #try<T>(key: Key, send: () => Promise<T | undefined>): Promise<T | 'unsupported'> {
    const { bucket } = this.#writing
    const action = bucket.action('s3:PutObject', key)
    if (this.#isAborted()) throw await bucket.explained(bucket.signal?.reason, action)
    if (!(await bucket.isSigned())) throw await bucket.explanations.withoutCredentials(action)
    try {
      return (await send()) ?? 'unsupported'
    } catch (error) {
      const signs = signsOf(error)
      const isFinal = error instanceof HelmS3Error || isNotConnected(signs) || isUntrusted(signs)
      if (isFinal || this.#isAborted()) throw await bucket.explained(error, action)
      return 'unsupported'
    }
  }

  #isAborted(): boolean {
    return this.#writing.bucket.signal?.aborted === true
  }
}

/** Whether the source of a part is another one by now, or gone. Some stores say it after the success status. */
function isRefusal(error: unknown): boolean {
  const { name, status } = signsOf(error)
  return (
    status === 412 ||
    name === 'PreconditionFailed' ||
    name === 'NoSuchKey' ||
    (isMissingObject(error) && name !== 'NoSuchUpload')
  )
}

/**
 * What an error says about a completion that its status does not: an error in the body of a success; and an upload that
 * is gone, because it was completed (a proxy has repeated the request) or aborted.
 */
function outcomeSaid(error: unknown): NotDone | 'unknown' | undefined {
  const { name, status } = signsOf(error)
  if (name === 'NoSuchUpload') return 'unknown'
  if (status !== 200) return undefined
  if (name === 'PreconditionFailed') return { outcome: 'refused' }
  return name === 'ConditionalRequestConflict' ? { outcome: 'refused', isBusy: true } : undefined
}
