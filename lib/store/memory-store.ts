import type { Key } from '../core/keys.ts'
import { compareBytes } from '../text/byte-order.ts'
import { MAX_INDEX } from '../text/size-limits.ts'
import { HelmS3Error } from '../errors.ts'
import { sha256 } from '../sys/sha256.ts'
import { tooLarge } from './too-large.ts'
import { MemoryUploads, type NewObject, etagOf, isRefused } from './memory-uploads.ts'
import {
  type ByteRange,
  type DeleteOptions,
  type DeleteOutcome,
  type ETag,
  type GetOptions,
  type ListOptions,
  type ListPage,
  type MultipartUploads,
  type NoRange,
  type ObjectMetadata,
  type ObjectHead,
  type ObjectInfo,
  type ObjectStore,
  type ObjectTail,
  type ObjectVersion,
  type PutOptions,
  type PutOutcome,
  type StoredObject,
  type Unchanged,
  type VersionName,
} from './object-store.ts'

export interface MemoryStoreOptions {
  /** The store's clock, milliseconds since 1970. */
  readonly now: () => number
  /** The number of objects on one page of a listing. */
  readonly pageSize?: number
  /** False: PUT ignores its condition (Backblaze B2, GCS interop). */
  readonly conditionalPut?: boolean
  /** False: DELETE ignores its condition (MinIO). */
  readonly conditionalDelete?: boolean
  /** False: a request that arrives after its `until` is carried out (as by stores that do not check signatures). */
  readonly refusesLate?: boolean
  /** True: an object that is overwritten or deleted is kept as a version. */
  readonly versioned?: boolean
  /** False: objects are written only as a whole. */
  readonly composes?: boolean
  /** False: the completion of an upload ignores its condition (Ceph, gofakes3). */
  readonly conditionalComplete?: boolean
  /** False: the copy of a part ignores the ETag of its source (Ceph, moto). */
  readonly conditionalPartCopy?: boolean
  /** Bytes: the least that each part of an upload but the last must have. The default is that of S3. */
  readonly minPartSize?: number
}

const MIB = 1024 * 1024

interface Item {
  readonly body: Uint8Array
  readonly etag: ETag
  readonly storedAt: number
  readonly metadata: ObjectMetadata
  readonly contentType: string | undefined
  readonly sha256: string | undefined
}

/** A bucket in memory with the semantics of S3. Each call takes effect at one instant. */
export class MemoryStore implements ObjectStore {
  readonly place = 'memory'
  readonly #items = new Map<string, Item>()
  /** For a versioned bucket: everything that was ever written, the oldest first. */
  readonly #written = new Map<string, readonly Item[]>()
  readonly #options: Required<MemoryStoreOptions>
  readonly uploads?: MultipartUploads

  constructor(options: MemoryStoreOptions) {
    const exact = { conditionalPut: true, conditionalDelete: true, refusesLate: true }
    const composes = { composes: true, conditionalComplete: true, conditionalPartCopy: true, minPartSize: 5 * MIB }
    this.#options = { pageSize: 1000, ...exact, versioned: false, ...composes, ...options }
    if (!this.#options.composes) return
    const find = (key: Key): Item | undefined => this.#items.get(key)
    const write = ({ key, ...item }: NewObject): PutOutcome => this.#write(key, item)
    this.uploads = new MemoryUploads({ find, write }, this.#options)
  }

  async list(prefix: string, { startAfter, token, delimiter, most = 1000 }: ListOptions = {}): Promise<ListPage> {
    const after = token ?? startAfter ?? ''
    const isWanted = (key: string): boolean =>
      key.startsWith(prefix) &&
      compareBytes(key, after) > 0 &&
      (delimiter === undefined || !key.slice(prefix.length).includes(delimiter))
    const keys = [...this.#items.keys()].filter(isWanted).sort(compareBytes)
    const page = keys.slice(0, Math.min(this.#options.pageSize, most))
    return {
      objects: page.flatMap((key) => {
        const item = this.#items.get(key)
        return item === undefined ? [] : [this.#infoOf(key as Key, item)]
      }),
      next: keys.length > page.length ? page.at(-1) : undefined,
      date: this.#date(),
    }
  }

  async get(key: Key, { first, most = MAX_INDEX, version }: GetOptions = {}): Promise<StoredObject | undefined> {
    const item = version === undefined ? this.#items.get(key) : this.#versionsOf(key)[Number(version)]
    if (item !== undefined && Math.min(item.body.length, first ?? Infinity) > most)
      throw tooLarge(key, item.body.length, most)
    return item && { ...this.#headOf(key, item), body: item.body.slice(0, first) }
  }

  async getUnless(key: Key, etag: ETag): Promise<StoredObject | Unchanged | undefined> {
    const object = await this.get(key)
    return object?.etag === etag ? { unchanged: true, date: object.date } : object
  }

  async getTail(key: Key, last: number, unless?: ETag): Promise<ObjectTail | Unchanged | undefined> {
    const item = this.#items.get(key)
    if (item === undefined) return undefined
    if (item.etag === unless) return { unchanged: true, date: this.#date() }
    return { ...this.#headOf(key, item), body: item.body.slice(Math.max(0, item.body.length - last)) }
  }

  async getRange(key: Key, { end, start }: ByteRange, match: ETag): Promise<Uint8Array | NoRange> {
    const item = this.#items.get(key)
    if (item?.etag !== match) return 'changed'
    return start < end && end <= item.body.length ? item.body.slice(start, end) : 'unsupported'
  }

  async head(key: Key): Promise<ObjectHead | undefined> {
    const item = this.#items.get(key)
    return item && this.#headOf(key, item)
  }

  async listVersions(key: Key): Promise<readonly ObjectVersion[]> {
    return this.#versionsOf(key)
      .map(({ body, storedAt }, i) => ({
        version: String(i) as VersionName,
        size: body.length,
        lastModified: wholeSeconds(storedAt),
      }))
      .reverse()
  }

  async put(key: Key, body: Uint8Array, options: PutOptions): Promise<PutOutcome> {
    if (this.#isLate(options)) return { outcome: 'expired' }
    if (options.sha256 !== undefined && options.sha256 !== sha256(body)) {
      throw new HelmS3Error('store-failed', `the bytes of ${key} do not match its checksum`)
    }
    if (this.#options.conditionalPut && isRefused(options.when, this.#items.get(key))) return { outcome: 'refused' }
    const { contentType, metadata = {}, sha256: digest } = options
    const copy = new Uint8Array(body)
    return this.#write(key, { body: copy, etag: etagOf(copy), metadata, contentType, sha256: digest })
  }

  async delete(key: Key, options: DeleteOptions = {}): Promise<DeleteOutcome> {
    if (this.#isLate(options)) return { outcome: 'expired' }
    const { match } = options
    if (this.#options.conditionalDelete && match !== undefined && this.#items.get(key)?.etag !== match)
      return { outcome: 'refused' }
    this.#items.delete(key)
    return { outcome: 'deleted', date: this.#date() }
  }

  async stream(key: Key): Promise<AsyncIterable<Uint8Array> | undefined> {
    const item = this.#items.get(key)
    return item && pieces(item.body)
  }

  #write(key: Key, written: Omit<Item, 'storedAt'>): PutOutcome {
    const item = { ...written, storedAt: this.#options.now() }
    this.#items.set(key, item)
    if (this.#options.versioned) this.#written.set(key, [...(this.#written.get(key) ?? []), item])
    return { outcome: 'written', etag: item.etag, date: this.#date() }
  }

  #infoOf(key: Key, { body, etag, storedAt }: Item): ObjectInfo {
    return { key, etag, size: body.length, lastModified: wholeSeconds(storedAt) }
  }

  #headOf(key: Key, item: Item): ObjectHead {
    const { contentType, metadata, sha256: digest } = item
    return { ...this.#infoOf(key, item), metadata, contentType, sha256: digest, date: this.#date() }
  }

  #versionsOf(key: Key): readonly Item[] {
    const current = this.#items.get(key)
    return this.#options.versioned ? (this.#written.get(key) ?? []) : current === undefined ? [] : [current]
  }

  #isLate({ until }: Pick<PutOptions, 'until'>): boolean {
    return this.#options.refusesLate && until !== undefined && until < this.#options.now()
  }

  #date(): number {
    return wholeSeconds(this.#options.now())
  }
}

async function* pieces(body: Uint8Array): AsyncIterable<Uint8Array> {
  const size = 64 * 1024
  for (let start = 0; start < body.length; start += size) yield body.slice(start, start + size)
}

function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000
}
