import { createHash } from 'node:crypto'
import { Buffer } from 'node:buffer'
import type { Key } from '../../core/keys.ts'
import { MAX_INDEX } from '../../text/size-limits.ts'
import { HelmS3Error } from '../../errors.ts'
import {
  type CopyOptions,
  type CopyOutcome,
  type CopySource,
  type DeleteOptions,
  type DeleteOutcome,
  type ETag,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type NotDone,
  type ObjectHead,
  type ObjectStore,
  type ObjectVersion,
  type PutOptions,
  type PutOutcome,
  type StoredObject,
  type Unchanged,
  type Until,
  type VersionName,
  asETag,
} from '../object-store.ts'
import type { ConnectionSettings } from '../../settings/connection.ts'
import {
  NO_OBJECT_SETTINGS,
  type ObjectParameters,
  type ObjectSettingsSource,
  type SaidByRepository,
  objectParameters,
} from '../../settings/objects.ts'
import { proxyFor } from '../../settings/proxy.ts'
import { type Clock, systemClock } from '../../sys/clock.ts'
import { sha256 } from '../../sys/sha256.ts'
import { uriEncodePath } from './uri-encode.ts'
import { elementText } from './xml-text.ts'
import { readBody, readDocument } from './read-body.ts'
import {
  type S3Answer,
  dateOf,
  lengthOf,
  metadataOf,
  readListAnswer,
  readVersionsAnswer,
  sha256Of,
  timeOf,
  totalSizeOf,
} from './answer.ts'
import { type S3Clients, createS3Clients } from './connect.ts'
import { ETagConditions, type RefusesCurrent } from './etag-conditions.ts'
import { type S3Action, type S3Surroundings, describeAction, toHelmS3Error, withoutCredentials } from './errors.ts'
import { type ToldRegions, regionTold } from './region.ts'
import type { S3Request } from './requests.ts'
import { tooLarge } from '../too-large.ts'
import { isAmbiguous, isExpired, isMissingObject, signsOf, statusOf } from './error-signs.ts'

const BODY_ATTEMPTS = 3
const WITH_CHECKSUM = { 'x-amz-checksum-mode': 'ENABLED' }

export interface S3StoreOptions {
  /** Aborts all requests. */
  readonly signal?: AbortSignal
  /** Returns the settings for every object. It is called once, before the first PUT. */
  readonly objectSettings?: ObjectSettingsSource
  /** Called with what was found out on the way, one line each. */
  readonly detail?: (line: string) => void
  /** Called, with one line, when the store does not answer and has to be waited for. */
  readonly notice?: (line: string) => void
  readonly clock?: Clock
  /** What the stores of this program have learned about regions so far. Absent: nothing. */
  readonly regions?: ToldRegions
}

/**
 * A bucket that is reached by the S3 API. Nothing is sent yet.
 * @throws HelmS3Error `invalid-config`: a CA bundle that cannot be used
 */
export async function createS3Store(
  connection: ConnectionSettings,
  bucket: string,
  options: S3StoreOptions = {},
): Promise<ObjectStore> {
  const silent = (): void => undefined
  const { clock = systemClock, detail = silent, notice = silent, regions = new Map<string, string>() } = options
  return new S3Store(
    await createS3Clients(connection, bucket, { clock, detail, notice, regions }),
    connection,
    bucket,
    options,
  )
}

/** The settings for every object, and which of them come from the repository. */
interface SaidWithObjects {
  readonly says: ObjectParameters
  readonly saidBy: SaidByRepository | undefined
}

/** What to read of an object: only its first bytes, nothing when it has this ETag, or this version. */
interface Wanted {
  readonly first?: number | undefined
  readonly most?: number | undefined
  readonly unless?: ETag
  readonly version?: VersionName | undefined
}

class S3Store implements ObjectStore {
  readonly #clients: S3Clients
  readonly #connection: ConnectionSettings
  readonly #bucket: string
  readonly #signal: AbortSignal | undefined
  readonly #objectSettings: ObjectSettingsSource
  readonly #detail: (line: string) => void
  #parameters: Promise<SaidWithObjects> | undefined
  readonly #conditions: ETagConditions
  /** The store refuses a DELETE because it has a condition at all. */
  #refusesDeleteConditions = false

  constructor(clients: S3Clients, connection: ConnectionSettings, bucket: string, options: S3StoreOptions) {
    this.#clients = clients
    this.#connection = connection
    this.#bucket = bucket
    this.#signal = options.signal
    this.#detail = options.detail ?? ((): void => undefined)
    this.#conditions = new ETagConditions({ head: (key) => this.head(key), detail: this.#detail })
    this.#objectSettings = options.objectSettings ?? (async () => NO_OBJECT_SETTINGS)
  }

  get place(): string {
    return this.#clients.place
  }

  get endpoint(): string | undefined {
    return this.#clients.endpoint
  }

  async list(prefix: string, { startAfter, token, delimiter }: ListOptions = {}): Promise<ListPage> {
    const action = this.#action('s3:ListBucket', prefix)
    const query = { 'list-type': '2', prefix, 'start-after': startAfter, 'continuation-token': token, delimiter }
    const { date, text } = await this.#readDocument(action, query)
    const page = readListAnswer(text, prefix)
    if (page === undefined || (token !== undefined && page.next === token)) throw this.#unsoundListing(action)
    return { ...page, date }
  }

  async head(key: Key): Promise<ObjectHead | undefined> {
    const action = this.#action('s3:GetObject', key)
    try {
      const { headers } = await this.#clients.requests.read(
        { method: 'HEAD', key, headers: WITH_CHECKSUM },
        this.#signal,
      )
      return this.#headOf(key, headers, lengthOf(headers) ?? 0, action)
    } catch (error) {
      if (isMissingObject(error)) return undefined
      // The answer to HEAD has no body and so gives no reason; the answer to GET gives one.
      if (statusOf(error) === 403) await this.#explainDenial(key, action)
      throw await this.#explained(error, action)
    }
  }

  async #explainDenial(key: Key, action: S3Action): Promise<void> {
    const answer = await this.#sendGet(key, action, { first: 1 })
    if (typeof answer === 'object' && 'body' in answer) answer.body.destroy()
  }

  /** The store lists by prefix. A longer key ends the versions of this one: none of them comes after it. */
  async listVersions(key: Key): Promise<readonly ObjectVersion[]> {
    const action = this.#action('s3:ListBucketVersions', key)
    const document = await this.#readDocument(action, { versions: '', prefix: key }).catch((error: unknown) => {
      if (!keepsNoVersions(error)) throw error
      return undefined
    })
    if (document === undefined) return []
    const versions = readVersionsAnswer(document.text, key)
    if (versions === undefined) throw this.#foreignAnswer(action)
    return versions
  }

  /** Reads a document about the bucket. */
  async #readDocument(
    action: S3Action,
    query: S3Request['query'] & object,
  ): Promise<{ readonly text: string; readonly date: number }> {
    for (let attempt = 1; ; attempt++) {
      const { body, headers } = await this.#attempt(action, () =>
        this.#clients.requests.read({ method: 'GET', query }, this.#signal),
      )
      try {
        return { text: await readDocument(body), date: this.#requireDate(headers, action) }
      } catch (error) {
        await this.#refuseToRepeat(error, attempt, action)
      }
    }
  }

  async get(key: Key, { first, most, version }: GetOptions = {}): Promise<StoredObject | undefined> {
    const object = await this.#read(key, { first, most, version })
    return object !== undefined && 'unchanged' in object ? undefined : object
  }

  async getUnless(key: Key, etag: ETag): Promise<StoredObject | Unchanged | undefined> {
    return this.#read(key, { unless: etag })
  }

  /**
   * A body that breaks off, or does not match its checksum, is read again here: the repetition of requests ends with
   * the headers.
   */
  async #read(key: Key, wanted: Wanted): Promise<StoredObject | Unchanged | undefined> {
    const action = this.#action(wanted.version === undefined ? 's3:GetObject' : 's3:GetObjectVersion', key)
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#sendGet(key, action, wanted)
      if (answer === undefined) return undefined
      if (answer === 'empty') return this.#emptyObject(key)
      if ('unchanged' in answer) return answer
      const { body: pieces, headers } = answer
      const { most = MAX_INDEX } = wanted
      const size = lengthOf(headers) ?? 0
      if (size > most) {
        pieces.destroy()
        throw tooLarge(`s3://${action.bucket}/${key}`, size, most)
      }
      try {
        const body = await readBody(pieces, size)
        const head = this.#headOf(key, headers, totalSizeOf(headers) ?? 0, action)
        if (wanted.first === undefined && head.sha256 !== undefined && sha256(body) !== head.sha256)
          throw new Error('the bytes do not match their checksum')
        return { ...head, body }
      } catch (error) {
        await this.#refuseToRepeat(error, attempt, action)
      }
    }
  }

  async #refuseToRepeat(error: unknown, attempt: number, action: S3Action): Promise<void> {
    if (attempt === BODY_ATTEMPTS || this.#signal?.aborted === true || error instanceof HelmS3Error)
      throw await this.#explained(error, action)
  }

  async put(key: Key, body: Uint8Array, options: PutOptions): Promise<PutOutcome> {
    const { metadata = {}, optionalMetadata: optional } = options
    try {
      return await this.#putOver(key, body, options)
    } catch (error) {
      if (optional === undefined || metadata[optional] === undefined || !isMetadataTooLarge(error)) throw error
      // The store refused the request, so it may be sent again.
      const { [optional]: _, ...others } = metadata
      return this.#putOver(key, body, { ...options, metadata: others })
    }
  }

  /** @throws HelmS3Error `unsupported-store` when nothing can be replaced in this store, see {@link ETagConditions} */
  async #putOver(key: Key, body: Uint8Array, options: PutOptions): Promise<PutOutcome> {
    const { when } = options
    if (typeof when !== 'object') return this.#put(key, body, options)
    const put = await this.#conditions.send('PUT', key, when.match, (isBare) => this.#put(key, body, options, isBare))
    if (put.outcome !== 'refuses-current') return put
    const action = this.#action('s3:PutObject', key)
    throw new HelmS3Error(
      'unsupported-store',
      `${describeAction(action)}: the store refuses If-Match with ${when.match}, the very ETag that it shows`,
      {
        hint:
          `nothing can be replaced at ${this.#clients.endpoint ?? 'AWS'}; \`helm s3 check REPO --probe\` says ` +
          `what it keeps to, see docs/STORES.md`,
      },
    )
  }

  async #put(key: Key, body: Uint8Array, options: PutOptions, isBare?: boolean): Promise<PutOutcome> {
    const { saidBy, says } = await this.#objectParameters()
    const action = {
      ...this.#action('s3:PutObject', key),
      says,
      saidBy,
      hasMetadata: Object.keys(options.metadata ?? {}).length > 0,
    }
    const { when } = options
    const headers = {
      'cache-control': options.cacheControl,
      ...headersSaying(says, options),
      ...this.#conditions.headers(when, isBare),
    }
    const { inTime, sha256, until } = options
    return this.#mutate(action, { isConditional: when !== 'always', until }, async () => {
      const request = { method: 'PUT', key, headers, body, isObject: true, sha256, inTime, until } as const
      const { headers: answered } = await this.#clients.requests.mutate(request, this.#signal)
      if (answered['etag'] === undefined) throw new Error('an answer without an ETag, which no S3 store gives')
      return { outcome: 'written', etag: asETag(answered['etag']), date: this.#requireDate(answered, action) }
    })
  }

  /**
   * Copies by a multipart upload of one part, because MinIO ignores a condition on CopyObject, but not one on the end
   * of an upload.
   */
  async copyFrom(source: CopySource, key: Key, options: CopyOptions): Promise<CopyOutcome> {
    const { saidBy, says } = await this.#objectParameters()
    const action = { ...this.#action('s3:PutObject', key), says, saidBy }
    const upload = await this.#beginCopy(source, key, headersSaying(says, options))
    if (upload === undefined) return { outcome: 'unsupported' }
    const { inTime, when } = options
    const body = Buffer.from(completionOf(upload.part))
    const outcome = await this.#mutate(action, { isConditional: when !== 'always' }, async () => {
      const query = { uploadId: upload.id }
      const sent = { 'content-type': 'application/xml', ...this.#conditions.headers(when) }
      const { headers, text } = await this.#ask({ method: 'POST', key, query, headers: sent, body, inTime })
      // A failure may come after the success status ("CompleteMultipartUpload" in the Amazon S3 API Reference).
      const etag = elementText(text, 'ETag')
      if (etag === undefined) throw new Error('an answer without an ETag: the copy may have failed after it began')
      return { outcome: 'written', etag: asETag(etag), date: this.#requireDate(headers, action) } as const
    })
    if (outcome.outcome === 'refused') await this.#abandon(key, upload.id)
    return outcome
  }

  /**
   * Begins a copy; nothing is visible yet. Undefined: the store does not support such uploads, or cannot read the
   * source.
   */
  async #beginCopy(
    { bucket, etag, key: from }: CopySource,
    key: Key,
    headers: Headers,
  ): Promise<{ readonly id: string; readonly part: string } | undefined> {
    let id: string | undefined
    try {
      id = elementText((await this.#ask({ method: 'POST', key, query: { uploads: '' }, headers })).text, 'UploadId')
      if (id === undefined) return undefined
      const source = { 'x-amz-copy-source': uriEncodePath(`${bucket}/${from}`), 'x-amz-copy-source-if-match': etag }
      const part = elementText(
        (await this.#ask({ method: 'PUT', key, query: { partNumber: '1', uploadId: id }, headers: source })).text,
        'ETag',
      )
      if (part !== undefined) return { id, part }
    } catch (error) {
      if (this.#signal?.aborted === true) throw error
    }
    if (id !== undefined) await this.#abandon(key, id)
    return undefined
  }

  /**
   * Frees the space of an upload that will not be completed. The lifecycle rules of a bucket may do the same in time.
   */
  async #abandon(key: Key, uploadId: string): Promise<void> {
    await this.#clients.requests
      .mutate({ method: 'DELETE', key, query: { uploadId } }, this.#signal)
      .catch(() => undefined)
  }

  /** Sends a request once whose answer is a document. */
  async #ask(request: S3Request): Promise<{ readonly headers: S3Answer['headers']; readonly text: string }> {
    const { body, headers } = await this.#clients.requests.mutate({ ...request, readsAnswer: true }, this.#signal)
    return { headers, text: await readDocument(body) }
  }

  /**
   * Deletes an object. Some stores refuse a condition as such (LocalStack answers 501, whatever the ETag; others answer
   * 412 for the very ETag that they show, in both forms). They are treated like a store that ignores conditions, except
   * that the object is looked at just before. Cost then: a HEAD and another DELETE; the refused requests are sent only
   * once in a process.
   */
  async delete(key: Key, { inTime, match, strict = false, until }: DeleteOptions = {}): Promise<DeleteOutcome> {
    if (match === undefined) return this.#delete(key, { inTime, until }, 'always')
    if (strict || !this.#refusesDeleteConditions) {
      const deletion = await this.#deleteMatching(key, match, { inTime, until }, strict)
      if (deletion.outcome !== 'refuses-current') return deletion
      if (strict) return { outcome: 'refused' }
      this.#detail('helm-s3: the store accepts no condition with a DELETE, so the object is looked at before')
      this.#refusesDeleteConditions = true
    }
    if ((await this.head(key))?.etag !== match) return { outcome: 'refused' }
    if (inTime?.() === false) return { outcome: 'expired' }
    return this.#delete(key, { inTime, until }, 'always')
  }

  async #deleteMatching(
    key: Key,
    match: ETag,
    options: Timely,
    strict: boolean,
  ): Promise<DeleteOutcome | RefusesCurrent> {
    const { inTime } = options
    const send = async (isBare: boolean): Promise<DeleteOutcome> =>
      inTime?.() === false ? { outcome: 'expired' } : this.#delete(key, options, { match }, isBare)
    try {
      return await this.#conditions.send('DELETE', key, match, send)
    } catch (error) {
      if (strict || !refusesCondition(error)) throw error
      return { outcome: 'refuses-current' }
    }
  }

  async #delete(
    key: Key,
    { inTime, until }: Timely,
    when: PutOptions['when'],
    isBare?: boolean,
  ): Promise<DeleteOutcome> {
    const action = this.#action('s3:DeleteObject', key)
    return this.#mutate(action, { isConditional: when !== 'always', until }, async () => {
      const request = { method: 'DELETE', key, headers: this.#conditions.headers(when, isBare), inTime, until } as const
      const { headers } = await this.#clients.requests.mutate(request, this.#signal)
      return { outcome: 'deleted', date: this.#requireDate(headers, action) }
    })
  }

  async stream(key: Key): Promise<AsyncIterable<Uint8Array> | undefined> {
    const action = this.#action('s3:GetObject', key)
    const answer = await this.#sendGet(key, action, {})
    if (answer === undefined) return undefined
    return answer === 'empty' || 'unchanged' in answer ? noPieces() : this.#pieces(key, answer, action)
  }

  async #sendGet(
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
      const answer = await this.#clients.requests.read(
        { method: 'GET', key, query: { versionId: version }, headers },
        this.#signal,
      )
      if (answer.status === 304) return { unchanged: true, date: this.#requireDate(answer.headers, action) }
      if (answer.headers['etag'] === undefined || lengthOf(answer.headers) === undefined)
        throw this.#foreignAnswer(action)
      return answer
    } catch (error) {
      if (isMissingObject(error)) return undefined
      if (first !== undefined && statusOf(error) === 416) return 'empty'
      throw await this.#explained(error, action)
    }
  }

  /** The answer for an object without bytes, of which no range can be read (416). */
  async #emptyObject(key: Key): Promise<StoredObject | undefined> {
    const head = await this.head(key)
    return head && { ...head, body: new Uint8Array() }
  }

  /**
   * Yields the pieces of a body. When the body breaks off, the rest is requested, because pieces that were yielded
   * cannot be taken back.
   */
  async *#pieces(key: Key, { body, headers }: S3Answer, action: S3Action): AsyncIterable<Uint8Array> {
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
        await this.#refuseToRepeat(error, attempt, action)
        pieces = await this.#restOf(key, headers['etag'], length, action)
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

  /**
   * The bytes of an object from this position on. Undefined: the object is a different one by now, or all of it has
   * arrived.
   */
  async #restOf(
    key: Key,
    etag: string | undefined,
    from: number,
    action: S3Action,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const request = { method: 'GET', key, headers: { range: `bytes=${String(from)}-`, 'if-match': etag } } as const
    try {
      const answer = await this.#clients.requests.read(request, this.#signal)
      if (answer.status === 206 && answer.headers['etag'] === etag) return answer.body
      answer.body.destroy()
      return undefined
    } catch (error) {
      if ([404, 412, 416].includes(statusOf(error) ?? 0)) return undefined
      throw await this.#explained(error, action)
    }
  }

  /**
   * Sends a mutation and distinguishes three outcomes: done, refused because of its condition or its time, and unknown.
   * Rejects when the mutation was not carried out for any other reason.
   */
  async #mutate<T extends { readonly outcome: string }>(
    action: S3Action,
    { isConditional, until }: { readonly isConditional: boolean; readonly until?: Until | undefined },
    send: () => Promise<T>,
  ): Promise<T | NotDone> {
    if (this.#signal?.aborted === true) throw await this.#explained(this.#signal.reason, action)
    if ((await this.#clients.credentials()).load === undefined)
      throw withoutCredentials(action, await this.#surroundings())
    try {
      return await send()
    } catch (error) {
      const status = statusOf(error)
      if (isConditional && status === 409) return { outcome: 'refused', isBusy: true }
      if (isConditional && (status === 412 || isMissingObject(error))) return { outcome: 'refused' }
      if (until !== undefined && isExpired(error, until)) return { outcome: 'expired' }
      if (isAmbiguous(error))
        return { outcome: 'unknown', cause: await this.#explained(error, action), isFailure: status === 500 }
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

  #objectParameters(): Promise<SaidWithObjects> {
    return (this.#parameters ??= this.#objectSettings().then(({ saidBy, ...settings }) => ({
      says: objectParameters(settings),
      saidBy,
    })))
  }

  async #explained(error: unknown, action: S3Action): Promise<HelmS3Error> {
    return error instanceof HelmS3Error
      ? error
      : toHelmS3Error(error, action, { ...(await this.#surroundings()), told: regionTold(error) })
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
      proxy: this.#proxy(),
    }
  }

  /** The proxy, without the name and the password that may stand in its URL. */
  #proxy(): string | undefined {
    const { proxies } = this.#connection
    if (proxies === undefined) return undefined
    const proxy = proxyFor(
      this.#clients.endpoint ?? `https://${this.#bucket}.s3.${this.#clients.region.current}.amazonaws.com`,
      proxies,
    )
    return proxy === '' ? undefined : new URL(proxy).host
  }

  #headOf(key: Key, headers: S3Answer['headers'], size: number, action: S3Action): ObjectHead {
    if (headers['etag'] === undefined) throw this.#foreignAnswer(action)
    return {
      key,
      etag: asETag(headers['etag']),
      size,
      lastModified: timeOf(headers['last-modified']),
      metadata: metadataOf(headers),
      contentType: headers['content-type'],
      sha256: sha256Of(headers),
      date: this.#requireDate(headers, action),
    }
  }

  #requireDate(headers: S3Answer['headers'], action: S3Action): number {
    const date = dateOf(headers)
    if (date === undefined) throw this.#foreignAnswer(action)
    return date
  }

  /**
   * The error for an inconsistent listing. Nothing continues from it, because existing charts would seem to be gone.
   */
  #unsoundListing(action: S3Action): HelmS3Error {
    return new HelmS3Error('store-failed', `${describeAction(action)}: the listing is not consistent`, {
      hint:
        `it is cut off, or not that of an S3 store: look at what stands between here and ` +
        `${this.#clients.endpoint ?? 'AWS'}; nothing was concluded from it`,
    })
  }

  /** The error for an answer that does not come from the store, such as the login page of a proxy with status 200. */
  #foreignAnswer({ bucket, key }: S3Action): HelmS3Error {
    return new HelmS3Error('store-failed', `s3://${bucket}/${key}: the answer is not that of an S3 store`, {
      hint:
        `look at what stands between here and ${this.#clients.endpoint ?? 'AWS'}: a proxy, a login page, a ` +
        `wrong endpoint`,
    })
  }
}

type Timely = { readonly [Name in 'inTime' | 'until']: DeleteOptions[Name] | undefined }

type Headers = Readonly<Record<string, string | undefined>>

/** The headers for the settings of an object that is written. */
function headersSaying(
  says: ObjectParameters,
  { contentType = 'application/octet-stream', metadata = {} }: Pick<PutOptions, 'contentType' | 'metadata'>,
): Headers {
  return {
    'content-type': contentType,
    'x-amz-acl': says.ACL,
    'x-amz-server-side-encryption': says.ServerSideEncryption,
    'x-amz-server-side-encryption-aws-kms-key-id': says.SSEKMSKeyId,
    'x-amz-tagging': says.Tagging,
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
  }
}

async function* noPieces(): AsyncIterable<Uint8Array> {}

/** Whether the store says that it does not support versions of objects: 501, or 405 for the request as such. */
function keepsNoVersions(error: unknown): boolean {
  const status = statusOf(error instanceof HelmS3Error ? error.cause : error)
  return status === 405 || status === 501
}

function isMetadataTooLarge(error: unknown): boolean {
  return signsOf(error instanceof HelmS3Error ? error.cause : error).name === 'MetadataTooLarge'
}

/** Whether the store says that it does not support the condition of a request. The request was not carried out. */
function refusesCondition(error: unknown): boolean {
  const { name, status } = signsOf(error instanceof HelmS3Error ? error.cause : error)
  return status === 501 || (status === 400 && name === 'NotImplemented')
}

/** The document that completes an upload of one part. */
function completionOf(etag: string): string {
  const text = etag.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  const part = `<Part><PartNumber>1</PartNumber><ETag>${text}</ETag></Part>`
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${part}</CompleteMultipartUpload>`
}
