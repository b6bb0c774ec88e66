import type { Key } from '../../core/keys.ts'
import type { ConnectionSettings } from '../../settings/connection.ts'
import type { ObjectSettingsSource } from '../../settings/objects.ts'
import { type Clock, systemClock } from '../../sys/clock.ts'
import type {
  ByteRange,
  CopyOptions,
  CopyOutcome,
  CopySource,
  DeleteOptions,
  DeleteOutcome,
  ETag,
  ETagForm,
  GetOptions,
  ListOptions,
  ListPage,
  MultipartUploads,
  NoRange,
  ObjectHead,
  ObjectStore,
  ObjectTail,
  ObjectVersion,
  PutOptions,
  PutOutcome,
  StoredObject,
  Unchanged,
} from '../object-store.ts'
import { S3Bucket } from './bucket.ts'
import { type S3Clients, createS3Clients } from './connect.ts'
import { copyObject } from './copy-object.ts'
import { deleteObject } from './delete-object.ts'
import { ETagConditions } from './etag-conditions.ts'
import { listObjectVersions, listObjects } from './list-objects.ts'
import type { Writing } from './mutate.ts'
import { putObject } from './put-object.ts'
import { getObject, getObjectUnless, headObject } from './read-object.ts'
import { getObjectRange } from './read-range.ts'
import { TailReader } from './read-tail.ts'
import type { ToldRegions } from './region.ts'
import { S3Uploads } from './s3-uploads.ts'
import { SaidWithObjects } from './said-with-objects.ts'
import { streamObject } from './stream-object.ts'

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
  const clients = await createS3Clients(connection, bucket, { clock, detail, notice, regions })
  const shared = new S3Bucket(clients, connection, bucket, options.signal)
  return new S3Store(clients, {
    bucket: shared,
    conditions: new ETagConditions({ head: (key) => headObject(shared, key), detail }),
    settings: new SaidWithObjects(options.objectSettings),
  })
}

/** The port over S3: each operation has its file. */
class S3Store implements ObjectStore {
  readonly place: string
  readonly endpoint: string | undefined
  readonly uploads: MultipartUploads
  readonly #bucket: S3Bucket
  readonly #tails: TailReader
  readonly #writing: Writing

  constructor({ endpoint, place }: Pick<S3Clients, 'endpoint' | 'place'>, writing: Writing) {
    this.place = place
    this.endpoint = endpoint
    this.uploads = new S3Uploads(writing)
    this.#bucket = writing.bucket
    this.#tails = new TailReader(writing.bucket)
    this.#writing = writing
  }

  etagForm(): ETagForm {
    return this.#writing.conditions.form
  }

  list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    return listObjects(this.#bucket, prefix, options)
  }

  listVersions(key: Key): Promise<readonly ObjectVersion[]> {
    return listObjectVersions(this.#bucket, key)
  }

  head(key: Key): Promise<ObjectHead | undefined> {
    return headObject(this.#bucket, key)
  }

  get(key: Key, options: GetOptions = {}): Promise<StoredObject | undefined> {
    return getObject(this.#bucket, key, options)
  }

  getUnless(key: Key, etag: ETag): Promise<StoredObject | Unchanged | undefined> {
    return getObjectUnless(this.#bucket, key, etag)
  }

  getTail(key: Key, last: number, unless?: ETag): Promise<ObjectTail | Unchanged | undefined> {
    return this.#tails.read(key, last, unless)
  }

  getRange(key: Key, range: ByteRange, match: ETag): Promise<Uint8Array | NoRange> {
    return getObjectRange(this.#bucket, key, range, match)
  }

  stream(key: Key): Promise<AsyncIterable<Uint8Array> | undefined> {
    return streamObject(this.#bucket, key)
  }

  put(key: Key, body: Uint8Array, options: PutOptions): Promise<PutOutcome> {
    return putObject(this.#writing, key, body, options)
  }

  copyFrom(source: CopySource, key: Key, options: CopyOptions): Promise<CopyOutcome> {
    return copyObject(this.#writing, source, key, options)
  }

  delete(key: Key, options: DeleteOptions = {}): Promise<DeleteOutcome> {
    return deleteObject(this.#writing, key, options)
  }
}
