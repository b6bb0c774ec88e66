import { type Key, asKey, probeFolder } from '../../core/keys.ts'
import {
  type ByteRange,
  type CopySource,
  type DeleteOutcome,
  type ETag,
  type ETagForm,
  type ListOptions,
  type MultipartUploads,
  type NoRange,
  type ObjectHead,
  type ObjectInfo,
  type PutOptions,
  type PutOutcome,
  type StoredObject,
  type Upload,
  asETag,
  listAll,
} from '../../store/object-store.ts'
import type { Session } from '../session/session.ts'

/** An ETag that no object has. */
export const OTHER_ETAG = asETag('"00000000000000000000000000000000"')

const RANDOM_BYTES = 8

/**
 * The objects of an earlier probe are removed only when they are older than this, because a younger probe may still be
 * running. Milliseconds.
 */
export const ABANDONED = 60 * 60_000

/** Listings by which everything that a race has left is found. */
const LOOKS = 4

export interface ProbeUploads extends Pick<MultipartUploads, 'sendPart' | 'complete' | 'abort'> {
  begin(name: string): ReturnType<MultipartUploads['begin']>
  copyPart(upload: Upload, number: number, etag: ETag, range: ByteRange): ReturnType<MultipartUploads['copyPart']>
}

/** The objects of one probe, in a folder that no client reads. The only place that writes and deletes there. */
export class ProbeObjects {
  readonly #session: Session
  readonly #folder: string

  constructor(session: Session) {
    this.#session = session
    this.#folder = `${probeFolder(session.location)}${Buffer.from(session.random.bytes(RANDOM_BYTES)).toString('hex')}/`
  }

  /** The least size of a part of an upload but the last one, bytes. */
  get leastPart(): number {
    return this.#session.paging.parts.least
  }

  put(name: string, text: string | Uint8Array, options: PutOptions): Promise<PutOutcome> {
    return this.#session.store.put(this.#key(name), Buffer.from(text), options)
  }

  async copyFrom(
    source: CopySource,
    name: string,
    options: PutOptions,
  ): Promise<PutOutcome | { readonly outcome: 'unsupported' }> {
    return (await this.#session.store.copyFrom?.(source, this.#key(name), options)) ?? { outcome: 'unsupported' }
  }

  get hasUploads(): boolean {
    return this.#session.store.uploads !== undefined
  }

  /** The uploads of the store, for objects of this probe. */
  get uploads(): ProbeUploads {
    const { location, store } = this.#session
    const { uploads } = store
    if (uploads === undefined) throw new Error('this store has no uploads')
    return {
      begin: (name) => uploads.begin(this.#key(name), {}),
      copyPart: (upload, number, etag, range) =>
        uploads.copyPart(upload, number, { bucket: location.bucket, key: upload.key, etag, range }),
      sendPart: (...part) => uploads.sendPart(...part),
      complete: (...upload) => uploads.complete(...upload),
      abort: (upload) => uploads.abort(upload),
    }
  }

  delete(name: string, match?: ETag): Promise<DeleteOutcome> {
    return this.#session.store.delete(this.#key(name), match === undefined ? {} : { match, strict: true })
  }

  head(name: string): Promise<ObjectHead | undefined> {
    return this.#session.store.head(this.#key(name))
  }

  get(name: string): Promise<StoredObject | undefined> {
    return this.#session.store.get(this.#key(name))
  }

  async text(name: string): Promise<string | undefined> {
    const object = await this.get(name)
    return object && Buffer.from(object.body).toString()
  }

  /** Whether the object is sent again although it still has this ETag. */
  async isSentAgain(name: string, etag: ETag): Promise<boolean> {
    const answer = await this.#session.store.getUnless(this.#key(name), etag)
    return answer !== undefined && 'body' in answer
  }

  range(name: string, range: ByteRange, match: ETag): Promise<Uint8Array | NoRange> {
    return this.#session.store.getRange(this.#key(name), range, match)
  }

  /** What is sent where the last `last` bytes are asked for. */
  async end(name: string, last: number): Promise<Uint8Array | undefined> {
    const tail = await this.#session.store.getTail(this.#key(name), last)
    return tail !== undefined && 'body' in tail ? tail.body : undefined
  }

  /** One page of the names that begin with `prefix`; a key outside the folder of this probe stands as it is. */
  async list(
    prefix: string,
    { after, ...options }: Omit<ListOptions, 'startAfter' | 'delimiter'> & { readonly after?: string } = {},
  ): Promise<{ readonly names: readonly string[]; readonly next: string | undefined }> {
    const startAfter = after === undefined ? {} : { startAfter: this.#key(after) }
    const { next, objects } = await this.#session.store.list(this.#folder + prefix, { ...options, ...startAfter })
    const names = objects.map(({ key }) => (key.startsWith(this.#folder) ? key.slice(this.#folder.length) : key))
    return { names, next }
  }

  /** What a listing shows of the object. */
  async listed(name: string): Promise<ObjectInfo | undefined> {
    const { objects } = await this.#session.store.list(this.#folder)
    return objects.find(({ key }) => key === this.#key(name))
  }

  /** How the store recognises ETags in conditions, as far as the requests of this process have shown. */
  get etagForm(): ETagForm {
    return this.#session.store.etagForm?.() ?? 'quoted'
  }

  /**
   * Removes the objects that this probe wrote, and what interrupted probes left. Cost: one LIST, one DELETE for each
   * object.
   */
  async removeAll(): Promise<void> {
    await this.#removeListed()
  }

  /**
   * As {@link removeAll}, and looks again whether something is left: what a race has kept out of sight of one listing,
   * and the folders of a store that keeps folders, which show when they are empty (rclone). Cost: a LIST more, and at
   * most {@link LOOKS} in all.
   */
  async removeAllOfRaces(): Promise<void> {
    for (let look = 1; look <= LOOKS; look++) {
      if ((await this.#removeListed()) === 0) return
    }
  }

  /** @returns how many objects were listed, and are removed now */
  async #removeListed(): Promise<number> {
    const { objects, date } = await listAll(this.#session.store, probeFolder(this.#session.location))
    const isOurs = ({ key, lastModified }: ObjectInfo): boolean =>
      key.startsWith(this.#folder) || date - lastModified > ABANDONED
    const ours = objects.filter(isOurs)
    for (const { key } of ours) await this.#session.store.delete(key)
    return ours.length
  }

  #key(name: string): Key {
    return asKey(this.#folder + name)
  }
}
