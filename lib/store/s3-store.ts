import { createHash } from 'node:crypto'
import { Buffer } from 'node:buffer'
import type { GetObjectCommandOutput, HeadObjectCommandOutput, PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import type { Key } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import {
  type CopySource,
  type DeleteOutcome,
  type ETag,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type ObjectHead,
  type ObjectStore,
  type ObjectVersion,
  type PutOptions,
  type PutOutcome,
  type StoredObject,
  type Unchanged,
  type VersionName,
  asETag,
} from './object-store.ts'
import type { ConnectionSettings } from '../settings/connection.ts'
import { NO_OBJECT_SETTINGS, type ObjectParameters, type ObjectSettingsSource, objectParameters } from '../settings/objects.ts'
import { readBody } from './read-body.ts'
import { type S3Clients, createS3Clients, dateOf } from './s3-client.ts'
import { type S3Action, type S3Surroundings, toHelmS3Error, withoutCredentials } from './s3-errors.ts'
import { regionTold } from './s3-region.ts'
import { isAmbiguous, isMissingObject, statusOf } from './s3-signs.ts'

const BODY_ATTEMPTS = 3

export interface S3StoreOptions {
  /** Ends all requests. */
  readonly signal?: AbortSignal
  /** What is said with every object; asked for before the first PUT, and once. */
  readonly objectSettings?: ObjectSettingsSource
  /** Told what was found out on the way: one line each. */
  readonly detail?: (line: string) => void
}

/**
 * A bucket behind the S3 API. Nothing is sent yet.
 * @throws HelmS3Error `invalid-config`: a CA bundle that cannot be used
 */
export async function createS3Store(connection: ConnectionSettings, bucket: string, options: S3StoreOptions = {}): Promise<ObjectStore> {
  const detail = options.detail ?? ((): void => undefined)
  return new S3Store(await createS3Clients(connection, bucket, detail), connection, bucket, options)
}

/** The first bytes only, or none where the object has this ETag, or those of this version. */
interface Wanted {
  readonly first?: number | undefined
  readonly unless?: ETag
  readonly version?: VersionName | undefined
}

class S3Store implements ObjectStore {
  readonly #clients: S3Clients
  readonly #connection: ConnectionSettings
  readonly #bucket: string
  readonly #signal: AbortSignal | undefined
  readonly #objectSettings: ObjectSettingsSource
  #parameters: Promise<ObjectParameters> | undefined

  constructor(clients: S3Clients, connection: ConnectionSettings, bucket: string, options: S3StoreOptions) {
    this.#clients = clients
    this.#connection = connection
    this.#bucket = bucket
    this.#signal = options.signal
    this.#objectSettings = options.objectSettings ?? (async () => NO_OBJECT_SETTINGS)
  }

  async list(prefix: string, { startAfter, token, delimiter }: ListOptions = {}): Promise<ListPage> {
    const action = this.#action('s3:ListBucket', prefix)
    const { sdk, reading } = this.#clients
    const command = new sdk.ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: prefix,
      StartAfter: startAfter,
      ContinuationToken: token,
      Delimiter: delimiter,
    })
    const page = await this.#attempt(action, () => reading.send(command, this.#options()))
    if (page.KeyCount === undefined && page.Contents === undefined) throw this.#foreignAnswer(action)
    return {
      objects: (page.Contents ?? []).map(({ ETag: etag = '', Key: key = '', LastModified, Size }) => ({
        key: key as Key,
        etag: asETag(etag),
        size: Size ?? 0,
        lastModified: LastModified?.getTime() ?? 0,
      })),
      next: page.IsTruncated === true ? page.NextContinuationToken : undefined,
      date: this.#requireDate(page, action),
    }
  }

  async head(key: Key): Promise<ObjectHead | undefined> {
    const action = this.#action('s3:GetObject', key)
    const { sdk, reading } = this.#clients
    const command = new sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: key, ChecksumMode: 'ENABLED' })
    try {
      const output = await reading.send(command, this.#options())
      return this.#headOf(key, output, output.ContentLength ?? 0, action)
    } catch (error) {
      if (isMissingObject(error)) return undefined
      // The answer to HEAD has no body and so no reason; the answer to GET has one.
      if (statusOf(error) === 403) await this.#explainDenial(key, action)
      throw await this.#explained(error, action)
    }
  }

  async #explainDenial(key: Key, action: S3Action): Promise<void> {
    const output = await this.#sendGet(key, action, { first: 1 })
    if (typeof output === 'object' && 'Body' in output) await output.Body?.transformToByteArray()
  }

  /** The listing is by prefix: a longer key follows, and no version of this one behind it. */
  async listVersions(key: Key): Promise<readonly ObjectVersion[]> {
    const action = this.#action('s3:ListBucketVersions', key)
    const { sdk, reading } = this.#clients
    const command = new sdk.ListObjectVersionsCommand({ Bucket: this.#bucket, Prefix: key })
    const { Versions: versions = [] } = await this.#attempt(action, () => reading.send(command, this.#options()))
    return versions
      .filter((each) => each.Key === key && each.VersionId !== undefined)
      .map(({ LastModified, Size, VersionId = '' }) => ({ version: VersionId as VersionName, size: Size ?? 0, lastModified: LastModified?.getTime() ?? 0 }))
  }

  /** A body that breaks off, or does not fit its checksum, is read again: the SDK's own repetition ends with the headers. */
  async get(key: Key, { first, version }: GetOptions = {}): Promise<StoredObject | undefined> {
    const object = await this.#read(key, { first, version })
    return object !== undefined && 'unchanged' in object ? undefined : object
  }

  async getUnless(key: Key, etag: ETag): Promise<StoredObject | Unchanged | undefined> {
    return this.#read(key, { unless: etag })
  }

  async #read(key: Key, wanted: Wanted): Promise<StoredObject | Unchanged | undefined> {
    const action = this.#action(wanted.version === undefined ? 's3:GetObject' : 's3:GetObjectVersion', key)
    for (let attempt = 1; ; attempt++) {
      const output = await this.#sendGet(key, action, wanted)
      if (output === undefined) return undefined
      if (output === 'empty') return this.#emptyObject(key)
      if ('unchanged' in output) return output
      try {
        const body = await readBody(output.Body as AsyncIterable<Uint8Array>, output.ContentLength ?? 0)
        return { ...this.#headOf(key, output, totalSize(output), action), body }
      } catch (error) {
        if (attempt === BODY_ATTEMPTS || this.#signal?.aborted === true) throw await this.#explained(error, action)
      }
    }
  }

  async put(key: Key, body: Uint8Array, options: PutOptions): Promise<PutOutcome> {
    const says = await this.#objectParameters()
    const action = { ...this.#action('s3:PutObject', key), says }
    const { sdk, mutating } = this.#clients
    const { when, sha256 } = options
    const command = new sdk.PutObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Body: body,
      ContentLength: body.length,
      ContentType: options.contentType,
      CacheControl: options.cacheControl,
      Metadata: options.metadata === undefined ? undefined : { ...options.metadata },
      ChecksumSHA256: sha256 === undefined ? undefined : Buffer.from(sha256, 'hex').toString('base64'),
      ...(says as Pick<PutObjectCommandInput, keyof ObjectParameters>),
      ...(when === 'absent' ? { IfNoneMatch: '*' } : {}),
      ...(typeof when === 'object' ? { IfMatch: when.match } : {}),
    })
    return this.#mutate(action, when !== 'always', async () => {
      const output = await mutating.send(command, this.#options())
      if (output.ETag === undefined) throw new Error('an answer without an ETag, which no S3 store gives')
      return { outcome: 'written', etag: asETag(output.ETag), date: this.#requireDate(output, action) }
    })
  }

  /** A multipart upload of one part, because a condition on CopyObject is ignored by MinIO, and one on its end is not. */
  async copyFrom(source: CopySource, key: Key, options: Omit<PutOptions, 'sha256'>): Promise<PutOutcome | { readonly outcome: 'unsupported' }> {
    const says = await this.#objectParameters()
    const action = { ...this.#action('s3:PutObject', key), says }
    const { sdk, mutating } = this.#clients
    const target = { Bucket: this.#bucket, Key: key }
    const upload = await this.#beginCopy(source, { ...target, ...says }, options)
    if (upload === undefined) return { outcome: 'unsupported' }
    const { when } = options
    const command = new sdk.CompleteMultipartUploadCommand({
      ...target,
      UploadId: upload.id,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: upload.part }] },
      ...(when === 'absent' ? { IfNoneMatch: '*' } : {}),
      ...(typeof when === 'object' ? { IfMatch: when.match } : {}),
    })
    const outcome = await this.#mutate(action, when !== 'always', async () => {
      const output = await mutating.send(command, this.#options())
      if (output.ETag === undefined) throw new Error('an answer without an ETag, which no S3 store gives')
      return { outcome: 'written', etag: asETag(output.ETag), date: this.#requireDate(output, action) } as const
    })
    if (outcome.outcome === 'refused') await this.#abandon({ ...target, UploadId: upload.id })
    return outcome
  }

  /** Nothing is visible yet. Undefined: the store does not know such uploads, or may not read the source. */
  async #beginCopy(
    { bucket, etag, key }: CopySource,
    target: { readonly Bucket: string; readonly Key: string },
    { contentType, metadata }: Omit<PutOptions, 'sha256'>,
  ): Promise<{ readonly id: string; readonly part: string } | undefined> {
    const { sdk, mutating } = this.#clients
    const { Bucket, Key } = target
    let id: string | undefined
    try {
      const begin = new sdk.CreateMultipartUploadCommand({ ...target, ContentType: contentType, Metadata: metadata === undefined ? undefined : { ...metadata } })
      id = (await mutating.send(begin, this.#options())).UploadId
      const copySource = [bucket, ...key.split('/')].map(encodeURIComponent).join('/')
      const copy = new sdk.UploadPartCopyCommand({ Bucket, Key, UploadId: id, PartNumber: 1, CopySource: copySource, CopySourceIfMatch: etag })
      const part = (await mutating.send(copy, this.#options())).CopyPartResult?.ETag
      if (id !== undefined && part !== undefined) return { id, part }
    } catch (error) {
      if (this.#signal?.aborted === true) throw error
    }
    if (id !== undefined) await this.#abandon({ Bucket, Key, UploadId: id })
    return undefined
  }

  /** Frees what an upload that will not be completed takes up; the lifecycle rules of a bucket do the same in time. */
  async #abandon(upload: { readonly Bucket: string; readonly Key: string; readonly UploadId: string }): Promise<void> {
    const { sdk, mutating } = this.#clients
    await mutating.send(new sdk.AbortMultipartUploadCommand(upload), this.#options()).catch(() => undefined)
  }

  async delete(key: Key, { match }: { readonly match?: ETag } = {}): Promise<DeleteOutcome> {
    const { sdk, mutating } = this.#clients
    const command = new sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key: key, IfMatch: match })
    return this.#mutate(this.#action('s3:DeleteObject', key), match !== undefined, async () => {
      await mutating.send(command, this.#options())
      return { outcome: 'deleted' }
    })
  }

  async stream(key: Key): Promise<AsyncIterable<Uint8Array> | undefined> {
    const action = this.#action('s3:GetObject', key)
    const output = await this.#sendGet(key, action, {})
    if (output === undefined) return undefined
    return output === 'empty' || 'unchanged' in output ? noPieces() : this.#pieces(output, action)
  }

  async #sendGet(key: Key, action: S3Action, { first, unless, version }: Wanted): Promise<GetObjectCommandOutput | Unchanged | 'empty' | undefined> {
    const { sdk, reading } = this.#clients
    // Stores return the checksum of the whole object with a range, too; the SDK would compare it with the part.
    const part = first === undefined ? { ChecksumMode: 'ENABLED' as const } : { Range: `bytes=0-${String(first - 1)}` }
    const command = new sdk.GetObjectCommand({ Bucket: this.#bucket, Key: key, IfNoneMatch: unless, VersionId: version, ...part })
    try {
      const output = await reading.send(command, this.#options())
      if (output.ETag === undefined || output.ContentLength === undefined) throw this.#foreignAnswer(action)
      return output
    } catch (error) {
      if (isMissingObject(error)) return undefined
      if (first !== undefined && statusOf(error) === 416) return 'empty'
      if (unless !== undefined && statusOf(error) === 304) return { unchanged: true, date: this.#requireDate(error as { $metadata: object }, action) }
      throw await this.#explained(error, action)
    }
  }

  /** No range of an object without bytes can be read (416). */
  async #emptyObject(key: Key): Promise<StoredObject | undefined> {
    const head = await this.head(key)
    return head && { ...head, body: new Uint8Array() }
  }

  async *#pieces(output: GetObjectCommandOutput, action: S3Action): AsyncIterable<Uint8Array> {
    const hash = createHash('sha256')
    let length = 0
    try {
      for await (const piece of output.Body as AsyncIterable<Uint8Array>) {
        hash.update(piece)
        length += piece.length
        yield piece
      }
    } catch (error) {
      throw await this.#explained(error, action)
    }
    const expected = fullSha256(output)
    if (length !== output.ContentLength || (expected !== undefined && expected !== hash.digest('hex'))) {
      throw new HelmS3Error('corrupt-download', `read s3://${action.bucket}/${action.key}: the bytes are not those that were announced`, {
        hint: 'try again; if it lasts, look at proxies on the way to the store',
      })
    }
  }

  /** Sends a mutation once, and tells apart: done, refused by its condition, not done for another reason, and unknown. */
  async #mutate<T extends { readonly outcome: string }>(
    action: S3Action,
    isConditional: boolean,
    send: () => Promise<T>,
  ): Promise<T | { readonly outcome: 'refused' } | { readonly outcome: 'unknown'; readonly cause: unknown }> {
    if (this.#signal?.aborted === true) throw await this.#explained(this.#signal.reason, action)
    if ((await this.#clients.credentials()).load === undefined) throw withoutCredentials(action, await this.#surroundings())
    try {
      return await send()
    } catch (error) {
      const status = statusOf(error)
      if (isConditional && (status === 412 || status === 409 || isMissingObject(error))) return { outcome: 'refused' }
      if (isAmbiguous(error)) return { outcome: 'unknown', cause: await this.#explained(error, action) }
      throw await this.#explained(error, action)
    }
  }

  async #attempt<T>(action: S3Action, send: () => Promise<T>): Promise<T> {
    try {
      return await send()
    } catch (error) {
      throw await this.#explained(error, action)
    }
  }

  #action(permission: S3Action['permission'], key: string): S3Action {
    return { permission, bucket: this.#bucket, key }
  }

  #objectParameters(): Promise<ObjectParameters> {
    return (this.#parameters ??= this.#objectSettings().then(objectParameters))
  }

  async #explained(error: unknown, action: S3Action): Promise<HelmS3Error> {
    return error instanceof HelmS3Error ? error : toHelmS3Error(error, action, { ...(await this.#surroundings()), told: regionTold(error) })
  }

  async #surroundings(): Promise<S3Surroundings> {
    const { endpoint, profile, region } = this.#clients
    const { load, tried, who } = await this.#clients.credentials()
    return {
      endpoint,
      region: region.current,
      identity: who,
      unsigned: load === undefined ? tried : undefined,
      profile,
      expectedBucketOwner: this.#connection.expectedBucketOwner,
    }
  }

  #options(): Parameters<S3Client['send']>[1] {
    return this.#signal === undefined ? {} : { abortSignal: this.#signal }
  }

  #headOf(key: Key, output: HeadObjectCommandOutput | GetObjectCommandOutput, size: number, action: S3Action): ObjectHead {
    if (output.ETag === undefined) throw this.#foreignAnswer(action)
    return {
      key,
      etag: asETag(output.ETag),
      size,
      lastModified: output.LastModified?.getTime() ?? 0,
      metadata: output.Metadata ?? {},
      contentType: output.ContentType,
      sha256: fullSha256(output),
      date: this.#requireDate(output, action),
    }
  }

  #requireDate(output: { readonly $metadata: object }, action: S3Action): number {
    const date = dateOf(output)
    if (date === undefined) throw this.#foreignAnswer(action)
    return date
  }

  /** A proxy's login page, say, that came with status 200. */
  #foreignAnswer({ bucket, key }: S3Action): HelmS3Error {
    return new HelmS3Error('store-failed', `s3://${bucket}/${key}: the answer is not that of an S3 store`, {
      hint: `look at what stands between here and ${this.#clients.endpoint ?? 'AWS'}: a proxy, a login page, a wrong endpoint`,
    })
  }
}

/** Size of the whole object, of which a range may have been asked for. */
function totalSize({ ContentLength, ContentRange }: GetObjectCommandOutput): number {
  const total = ContentRange === undefined ? undefined : /\/(\d+)$/.exec(ContentRange)?.[1]
  return total === undefined ? (ContentLength ?? 0) : Number(total)
}

/** The stored checksum in hex; undefined for none and for one of the parts of a multipart upload. */
function fullSha256({ ChecksumSHA256, ChecksumType }: Pick<HeadObjectCommandOutput, 'ChecksumSHA256' | 'ChecksumType'>): string | undefined {
  if (ChecksumSHA256 === undefined || ChecksumSHA256.includes('-') || ChecksumType === 'COMPOSITE') return undefined
  const hex = Buffer.from(ChecksumSHA256, 'base64').toString('hex')
  return hex.length === 64 ? hex : undefined
}

async function* noPieces(): AsyncIterable<Uint8Array> {}
