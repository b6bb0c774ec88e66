import type { Key } from '../core/keys.ts'
import { sha256 } from '../sys/sha256.ts'
import {
  type ByteRange,
  type CopyOutcome,
  type CopySource,
  type ETag,
  type MultipartUploads,
  type ObjectMetadata,
  type OpenUpload,
  type PutCondition,
  type PutOutcome,
  type Upload,
  type UploadOptions,
  type UploadedPart,
  asETag,
} from './object-store.ts'

/** An object that is about to be written. */
export interface NewObject {
  readonly key: Key
  readonly body: Uint8Array
  readonly etag: ETag
  readonly metadata: ObjectMetadata
  readonly contentType: string | undefined
  readonly sha256: string | undefined
}

/** The bucket whose objects are composed. */
interface Bucket {
  readonly find: (key: Key) => { readonly body: Uint8Array; readonly etag: ETag } | undefined
  readonly write: (object: NewObject) => PutOutcome
}

/** See `MemoryStoreOptions`. */
interface Limits {
  readonly now: () => number
  readonly conditionalComplete: boolean
  readonly conditionalPartCopy: boolean
  readonly minPartSize: number
}

interface Part {
  readonly body: Uint8Array
  readonly etag: ETag
}

interface Begun {
  readonly key: Key
  readonly options: UploadOptions
  readonly startedAt: number
  readonly parts: Map<number, Part>
}

/** The multipart uploads of a bucket in memory, with the semantics of S3. Each call takes effect at one instant. */
export class MemoryUploads implements MultipartUploads {
  readonly #bucket: Bucket
  readonly #limits: Limits
  readonly #open = new Map<string, Begun>()
  #count = 0

  constructor(bucket: Bucket, limits: Limits) {
    this.#bucket = bucket
    this.#limits = limits
  }

  async begin(key: Key, options: UploadOptions): Promise<Upload> {
    const id = String(++this.#count)
    this.#open.set(id, { key, options, startedAt: this.#limits.now(), parts: new Map() })
    return { key, id }
  }

  /** The source is looked for in this bucket, whatever bucket it names. S3 copies ranges only of large objects. */
  async copyPart(
    upload: Upload,
    number: number,
    { etag, key, range: { end, start } }: CopySource & { readonly range: ByteRange },
  ): Promise<UploadedPart | 'refused' | 'unsupported'> {
    const source = this.#bucket.find(key)
    if (source === undefined || (this.#limits.conditionalPartCopy && source.etag !== etag)) return 'refused'
    const { length } = source.body
    if (length <= this.#limits.minPartSize || start >= end || end > length) return 'unsupported'
    // What stands in the bucket is never changed, so the part need not be a copy.
    return this.#keep(upload, number, source.body.subarray(start, end))
  }

  async sendPart(upload: Upload, number: number, bytes: Uint8Array): Promise<UploadedPart | 'unsupported'> {
    return this.#keep(upload, number, new Uint8Array(bytes))
  }

  async complete(
    upload: Upload,
    named: readonly UploadedPart[],
    { when }: { readonly when: PutCondition },
  ): Promise<CopyOutcome> {
    const begun = this.#find(upload)
    if (begun === undefined) return { outcome: 'unknown', cause: new Error('there is no such upload') }
    const { key, options } = begun
    if (this.#limits.conditionalComplete && isRefused(when, this.#bucket.find(key))) return { outcome: 'refused' }
    const parts = named.flatMap(({ etag, number }) => {
      const part = begun.parts.get(number)
      return part?.etag === etag ? [part] : []
    })
    const isInOrder = named.every(({ number }, i) => number > (named[i - 1]?.number ?? 0))
    const isLarge = parts.slice(0, -1).every(({ body }) => body.length >= this.#limits.minPartSize)
    if (parts.length === 0 || parts.length < named.length || !isInOrder || !isLarge) return { outcome: 'unsupported' }
    this.#open.delete(upload.id)
    const { contentType, metadata = {} } = options
    return this.#bucket.write({ key, ...composed(parts), metadata, contentType, sha256: undefined })
  }

  async abort({ id }: Upload): Promise<void> {
    this.#open.delete(id)
  }

  async list(prefix: string): Promise<readonly OpenUpload[]> {
    return [...this.#open]
      .filter(([, { key }]) => key.startsWith(prefix))
      .map(([id, { key, startedAt }]) => ({ id, key, startedAt }))
  }

  #keep(upload: Upload, number: number, body: Uint8Array): UploadedPart | 'unsupported' {
    const begun = this.#find(upload)
    if (begun === undefined) return 'unsupported'
    const etag = etagOf(body)
    begun.parts.set(number, { body, etag })
    return { number, etag }
  }

  #find({ id, key }: Upload): Begun | undefined {
    const begun = this.#open.get(id)
    return begun?.key === key ? begun : undefined
  }
}

/** Whether a write on this condition is refused where this object stands. */
export function isRefused(when: PutCondition, present: { readonly etag: ETag } | undefined): boolean {
  return when === 'absent' ? present !== undefined : typeof when === 'object' && present?.etag !== when.match
}

/** The object that these parts are, with the ETag that S3 gives it: of its parts, not of its bytes. */
function composed(parts: readonly Part[]): Pick<NewObject, 'body' | 'etag'> {
  const ofParts = etagOf(Buffer.from(parts.map(({ etag }) => etag).join()))
  return {
    body: new Uint8Array(Buffer.concat(parts.map(({ body }) => body))),
    etag: asETag(`${ofParts.slice(0, -1)}-${String(parts.length)}"`),
  }
}

/**
 * The ETag of these bytes, as long as those of S3. Not their MD5, which takes three times as long: nobody may take an
 * ETag for that, because on AWS, too, it is something else where objects are encrypted by a key of KMS.
 */
export function etagOf(bytes: Uint8Array): ETag {
  return asETag(`"${sha256(bytes).slice(0, 32)}"`)
}
