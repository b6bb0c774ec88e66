import { type Key, asKey, probeFolder } from '../../core/keys.ts'
import {
  type ByteRange,
  type CopySource,
  type DeleteOutcome,
  type ETag,
  type MultipartUploads,
  type ObjectHead,
  type ObjectInfo,
  type PutOptions,
  type PutOutcome,
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

  async text(name: string): Promise<string | undefined> {
    const object = await this.#session.store.get(this.#key(name))
    return object && Buffer.from(object.body).toString()
  }

  async isListed(name: string): Promise<boolean> {
    const { objects } = await this.#session.store.list(this.#folder)
    return objects.some(({ key }) => key === this.#key(name))
  }

  /**
   * Removes the objects that this probe wrote, and what interrupted probes left. Cost: one LIST, one DELETE for each
   * object.
   */
  async removeAll(): Promise<void> {
    const { objects, date } = await listAll(this.#session.store, probeFolder(this.#session.location))
    const isOurs = ({ key, lastModified }: ObjectInfo): boolean =>
      key.startsWith(this.#folder) || date - lastModified > ABANDONED
    for (const object of objects.filter(isOurs)) await this.#session.store.delete(object.key)
  }

  #key(name: string): Key {
    return asKey(this.#folder + name)
  }
}
