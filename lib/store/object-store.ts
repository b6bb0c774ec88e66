import type { Key } from '../core/keys.ts'

/**
 * The storage port: everything that the protocol needs from a store. Adapters: S3 (`s3/store.ts`), memory
 * (`memory-store.ts`). One contract suite (`test/contract/object-store.ts`) checks each adapter against these comments.
 */

/** The version token of an object's bytes, opaque, with its quotes. Equal bytes may have equal ETags. */
export type ETag = string & { readonly __brand: 'ETag' }

export const asETag = (text: string): ETag => text as ETag

/** `quoted`: as the store shows it. `bare`: only without its quotes (some releases of Ceph). */
export type ETagForm = 'quoted' | 'bare'

/** User metadata: lower-case ASCII names, ASCII values. */
export type ObjectMetadata = Readonly<Record<string, string>>

export interface ObjectInfo {
  readonly key: Key
  readonly etag: ETag
  /** Bytes. */
  readonly size: number
  /** Store clock, milliseconds since 1970, whole seconds. */
  readonly lastModified: number
}

/** Every answer carries the store's clock: its `Date` header in milliseconds since 1970, whole seconds. */
export interface Answer {
  readonly date: number
}

export interface ListPage extends Answer {
  /** In key order (by bytes). */
  readonly objects: readonly ObjectInfo[]
  /** Pass it as `token` to get the next page. Undefined on the last page. */
  readonly next: string | undefined
}

export interface ListOptions {
  /** Only keys strictly after this one are listed. */
  readonly startAfter?: Key
  /** Continues an earlier page of the same listing. */
  readonly token?: string
  /** Keys that contain this character after the prefix are left out. */
  readonly delimiter?: '/'
  /** At most so many objects on the page, 1 to 1000. Some stores give more. */
  readonly most?: number
}

export interface ObjectHead extends ObjectInfo, Answer {
  readonly metadata: ObjectMetadata
  readonly contentType: string | undefined
  /** The SHA-256 of the bytes in lower-case hex. Undefined: the store does not keep it. */
  readonly sha256: string | undefined
}

export interface StoredObject extends ObjectHead {
  /** The whole object, or the range that was asked for. It is never cut short: a short answer is an error. */
  readonly body: Uint8Array
}

/** The object still has the ETag that the reader knows. */
export interface Unchanged extends Answer {
  readonly unchanged: true
}

export interface GetOptions {
  /**
   * Read only the first `first` bytes (fewer if the object is shorter). `size` is still the size of the whole object.
   */
  readonly first?: number
  /**
   * Rejects with `too-large` when the object has more bytes, before any of them is kept. The default is `MAX_INDEX`.
   */
  readonly most?: number
  /** Read this version of the object, as {@link ObjectStore.listVersions} names it, instead of the current one. */
  readonly version?: VersionName
}

/** Bytes `start` (inclusive) to `end` (exclusive) of an object. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** The end of an object. */
export interface ObjectTail extends ObjectHead {
  /** The last bytes of the object: as many as were asked for, or more, or all. Its first byte is at `size - length`. */
  readonly body: Uint8Array
}

/**
 * A range that was not given. `changed`: the object is another one by now, or is gone. `unsupported`: the store gave
 * something else than these bytes of this object, as some stores do; read the whole object instead.
 */
export type NoRange = 'changed' | 'unsupported'

/** Names a version of an object in its bucket; opaque. */
export type VersionName = string & { readonly __brand: 'VersionName' }

/** A version of an object that the bucket keeps. */
export interface ObjectVersion {
  readonly version: VersionName
  /** Bytes. */
  readonly size: number
  /** When it was written: store clock, milliseconds since 1970, whole seconds. */
  readonly lastModified: number
}

/** A multipart upload that was begun: nothing of it is visible before it is completed. */
export interface Upload {
  readonly key: Key
  /** Opaque. */
  readonly id: string
}

/** A part of an upload that the store holds; what the completion names it by. */
export interface UploadedPart {
  readonly number: number
  readonly etag: string
}

/** An upload that was begun and neither completed nor aborted. */
export interface OpenUpload extends Upload {
  /** When it was begun: store clock, milliseconds since 1970. */
  readonly startedAt: number
}

/** The options of an object that is composed of parts. Its condition belongs to the completion. */
export type UploadOptions = Pick<PutOptions, 'contentType' | 'metadata' | 'cacheControl'>

/**
 * Writes an object that is composed of ranges of another one, which the store copies itself, and of new bytes. Every
 * part but the last has at least 5 MiB. `unsupported`, here: the store did not do what was asked, for whatever reason;
 * the upload is to be aborted, and the object to be written as a whole. The reads among these are repeated, the others
 * are sent once.
 */
export interface MultipartUploads {
  begin(key: Key, options: UploadOptions): Promise<Upload | 'unsupported'>
  /** `refused`: the source has another ETag, or is gone. Some stores ignore that, and copy what they have. */
  copyPart(
    upload: Upload,
    number: number,
    source: CopySource & { readonly range: ByteRange },
  ): Promise<UploadedPart | 'refused' | 'unsupported'>
  sendPart(upload: Upload, number: number, body: Uint8Array): Promise<UploadedPart | 'unsupported'>
  /**
   * Makes the object of all parts at once. `parts` in the order of their numbers. Some stores ignore the condition.
   * After `unknown` the upload may have been completed or not; also when the store no longer knows the upload.
   * `unsupported`: it was not completed, for another reason than the condition.
   */
  complete(
    upload: Upload,
    parts: readonly UploadedPart[],
    options: SendOptions & { readonly when: PutCondition },
  ): Promise<CopyOutcome>
  /** Frees the space of an upload that will not be completed. A failure is silent: the upload stays. */
  abort(upload: Upload): Promise<void>
  /** The uploads that are open for keys with this prefix, at most 1000. A store that cannot list them has none. */
  list(prefix: string): Promise<readonly OpenUpload[]>
}

/** An object of the same store, in any bucket that these credentials can read. */
export interface CopySource {
  readonly bucket: string
  readonly key: Key
  /** Copy only if the object has this ETag. */
  readonly etag: ETag
}

/** `absent`: only if there is no such object. `{ match }`: only if the object has this ETag. */
export type PutCondition = 'always' | 'absent' | { readonly match: ETag }

/**
 * What to do with a mutation that could not be sent at first because there was no connection. In that case nothing has
 * reached the store.
 */
export interface SendOptions {
  /**
   * Called before each further attempt, for as long as the adapter waits for the store: whether the mutation would
   * still be in time. When it returns false or is absent, the mutation fails as `unreachable`.
   */
  readonly inTime?: () => boolean
}

export interface PutOptions extends SendOptions {
  readonly when: PutCondition
  readonly contentType?: string
  readonly metadata?: ObjectMetadata
  /** The name of the metadata that is left out when the store cannot take all of it. */
  readonly optionalMetadata?: string
  /** The SHA-256 of the body in lower-case hex. The store refuses a body with other bytes. */
  readonly sha256?: string
  /** `no-cache` and the like. */
  readonly cacheControl?: string
  readonly until?: Until
}

/** The options of a PUT, except for those about time and digest. */
export type CopyOptions = Omit<PutOptions, 'sha256' | 'until'>

export interface DeleteOptions extends SendOptions {
  /** Delete only if the object has this ETag. */
  readonly match?: ETag
  /**
   * Rejects with `unsupported-store` when the store takes no condition with a DELETE. Without `strict`, the adapter
   * would then look at the object and delete it unconditionally.
   */
  readonly strict?: boolean
  readonly until?: Until
}

/**
 * Store clock, milliseconds since 1970. The store is asked to refuse the request when it arrives later than this,
 * whether the client or the network delayed it. A store that does not support such requests carries it out. A request
 * may be refused up to a second too early, and is refused in any case when it arrives more than five minutes after it
 * was sent.
 */
export type Until = number

/**
 * What became of a mutation. `refused`: the condition did not hold (412, 404 on a match, or 409: another request was
 * faster). `expired`: the store has refused the request because it came after its `until`; it was not carried out.
 * `unknown`: there was no answer, or a server error; the mutation may have been carried out, or may still be. The
 * adapter never sends a mutation again after any of these: look at the store first (docs/decisions/0006).
 */
export type PutOutcome = ({ readonly outcome: 'written'; readonly etag: ETag } & Answer) | NotDone

export type CopyOutcome = PutOutcome | { readonly outcome: 'unsupported' }

/** Like {@link PutOutcome}. */
export type DeleteOutcome = ({ readonly outcome: 'deleted' } & Answer) | NotDone

export type NotDone =
  /** `isBusy`: another request was at work at the same time (409), so that nothing is known about the condition. */
  | { readonly outcome: 'refused'; readonly isBusy?: boolean }
  | { readonly outcome: 'expired' }
  /** `isFailure`: the store has answered that it failed (500), so it can be reached. */
  | { readonly outcome: 'unknown'; readonly cause: unknown; readonly isFailure?: boolean }

/**
 * All methods reject with a `HelmS3Error`: `denied`, `missing-bucket`, `unreachable`, `timeout`, `store-failed`,
 * `unsupported-store`, `too-large`. The adapter repeats reads (`list`, `listVersions`, `get`, `getUnless`, `getTail`,
 * `getRange`, `head`, `stream`) for a limited time, with back-off and jitter. `put` and `delete` reach the store at
 * most once; see {@link SendOptions} for requests that could not be sent.
 */
export interface ObjectStore {
  /**
   * Distinguishes this bucket from all others, also from a bucket of the same name at another endpoint or in another
   * account. What was read under one text says nothing about a bucket with another text. It holds no secret. Undefined:
   * not known, so that nothing may be kept from one run to the next.
   */
  readonly place?: string
  /** The `http(s)://…` URL of the store. Undefined: AWS, or not known. */
  readonly endpoint?: string | undefined
  /** How the store recognises its ETags in conditions, as far as was found out. Absent: as it shows them. */
  etagForm?(): ETagForm
  /** One page (at most 1000 objects) of the keys that begin with `prefix`. */
  list(prefix: string, options?: ListOptions): Promise<ListPage>
  /** The object with its bytes, or undefined when there is none. */
  get(key: Key, options?: GetOptions): Promise<StoredObject | undefined>
  /** Like `get` for the whole object, except that no bytes are transferred when the object still has this ETag. */
  getUnless(key: Key, etag: ETag): Promise<StoredObject | Unchanged | undefined>
  /**
   * The end of the object, at least its last `last` bytes (one or more) if it has so many; `Unchanged` when it still
   * has the ETag `unless`. A store that does not give ends of objects gives all of it.
   */
  getTail(key: Key, last: number, unless?: ETag): Promise<ObjectTail | Unchanged | undefined>
  /** Exactly these bytes, at least one, of the object with this ETag. */
  getRange(key: Key, range: ByteRange, match: ETag): Promise<Uint8Array | NoRange>
  /** The object without its bytes, or undefined when there is none. */
  head(key: Key): Promise<ObjectHead | undefined>
  /**
   * The versions of the object that the bucket keeps, the newest first, at most 1000, without delete markers. A bucket
   * without versioning has only the current version. A store that does not support versions, and a missing object, have
   * none.
   */
  listVersions(key: Key): Promise<readonly ObjectVersion[]>
  /** Writes the whole object at once: readers see either the old bytes or the new ones. */
  put(key: Key, body: Uint8Array, options: PutOptions): Promise<PutOutcome>
  /**
   * Like `put`, with the bytes of another object, which the store copies itself. `unsupported`: the store cannot copy,
   * and nothing was written. The caller must find out whether the store honours the condition: some stores support
   * conditions on PUT only.
   */
  copyFrom?(source: CopySource, key: Key, options: CopyOptions): Promise<CopyOutcome>
  /** Undefined: this store writes objects only as a whole. */
  readonly uploads?: MultipartUploads
  /** Removes the object; a missing one counts as deleted. With `match`, only if it has this ETag (missing: refused). */
  delete(key: Key, options?: DeleteOptions): Promise<DeleteOutcome>
  /**
   * The bytes in order, piece by piece. The stream fails at its end when the bytes are fewer than the store announced,
   * or different ones. Undefined: there is no such object.
   */
  stream(key: Key): Promise<AsyncIterable<Uint8Array> | undefined>
}

/** Every object under `prefix`, over all pages, with the clock of the first page. */
export async function listAll(
  store: ObjectStore,
  prefix: string,
  options: Omit<ListOptions, 'token'> = {},
): Promise<{ readonly objects: readonly ObjectInfo[]; readonly date: number }> {
  const first = await store.list(prefix, options)
  const objects = [...first.objects]
  for (let token = first.next; token !== undefined;) {
    const page = await store.list(prefix, { ...options, token })
    objects.push(...page.objects)
    token = page.next
  }
  return { objects, date: first.date }
}
