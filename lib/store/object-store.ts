import type { Key } from '../core/keys.ts'

/**
 * The storage port: all that the protocol asks of a store. Adapters: S3 (`s3-store.ts`), memory (`memory-store.ts`).
 * One contract suite (`test/contract/object-store.ts`) holds each of them to these comments.
 */

/** Version token of an object's bytes, opaque, with its quotes. Equal bytes may have equal ETags. */
export type ETag = string & { readonly __brand: 'ETag' }

export const asETag = (text: string): ETag => text as ETag

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
  /** In key order (bytes). */
  readonly objects: readonly ObjectInfo[]
  /** Hand it back as `token` for the next page; undefined on the last page. */
  readonly next: string | undefined
}

export interface ListOptions {
  /** Only keys strictly after this one. */
  readonly startAfter?: Key
  /** Continues an earlier page of the same listing. */
  readonly token?: string
  /** Leaves out keys that hold this character after the prefix. */
  readonly delimiter?: '/'
}

export interface ObjectHead extends ObjectInfo, Answer {
  readonly metadata: ObjectMetadata
  readonly contentType: string | undefined
  /** SHA-256 of the bytes in lower-case hex, when the store keeps it. */
  readonly sha256: string | undefined
}

export interface StoredObject extends ObjectHead {
  /** The whole object, or the range that was asked for; never cut short: a short answer is an error. */
  readonly body: Uint8Array
}

/** An object that still has the ETag that a reader knows. */
export interface Unchanged extends Answer {
  readonly unchanged: true
}

export interface GetOptions {
  /** Only the first `first` bytes (fewer if the object is shorter). `size` still tells the size of the whole object. */
  readonly first?: number
  /** Rejects with `too-large` when more bytes would come, before any of them is kept. By default `MAX_INDEX`. */
  readonly most?: number
  /** This version of the object, as {@link ObjectStore.listVersions} names it, instead of the current one. */
  readonly version?: VersionName
}

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

/** An object of the same store, in any bucket that these credentials may read. */
export interface CopySource {
  readonly bucket: string
  readonly key: Key
  /** Only these bytes. */
  readonly etag: ETag
}

/** `absent`: only if there is no such object. `{ match }`: only if the object has this ETag. */
export type PutCondition = 'always' | 'absent' | { readonly match: ETag }

/**
 * How a mutation is sent that could not be sent at first, because no connection came about: nothing has reached the
 * store.
 */
export interface SendOptions {
  /**
   * Asked before it is tried again, for as long as the adapter waits for a store: whether it would still come in time.
   * False, or left out: the mutation fails as `unreachable`.
   */
  readonly inTime?: () => boolean
}

export interface PutOptions extends SendOptions {
  readonly when: PutCondition
  readonly contentType?: string
  readonly metadata?: ObjectMetadata
  /** Name of the metadata that is left out when the store takes less. */
  readonly optionalMetadata?: string
  /** SHA-256 of the body in lower-case hex; the store refuses other bytes. */
  readonly sha256?: string
  /** `no-cache` and the like. */
  readonly cacheControl?: string
  readonly until?: Until
}

/** As a PUT, without a time. */
export type CopyOptions = Omit<PutOptions, 'sha256' | 'until'>

export interface DeleteOptions extends SendOptions {
  /** Only if the object has this ETag. */
  readonly match?: ETag
  /**
   * Rejects with `unsupported-store` where the store takes no condition with a DELETE, instead of looking and deleting
   * without.
   */
  readonly strict?: boolean
  readonly until?: Until
}

/**
 * Store clock, milliseconds since 1970. The store is asked to refuse the request when it arrives later, whatever held
 * it up on the way: a client that stood still, a network. A store that does not know such requests carries it out. It
 * may be refused up to a second too early, and from five minutes after it was sent.
 */
export type Until = number

/**
 * What became of a mutation. `refused`: the condition did not hold (412, 404 on a match, or 409: another request was
 * faster). `expired`: the store has refused it because it came after its `until`; it was not carried out. `unknown`: no
 * answer, or a server error: it may have been carried out, now or later. None is ever sent again by the adapter: look
 * first (docs/decisions/0006).
 */
export type PutOutcome = ({ readonly outcome: 'written'; readonly etag: ETag } & Answer) | NotDone

export type CopyOutcome = PutOutcome | { readonly outcome: 'unsupported' }

/** As {@link PutOutcome}. */
export type DeleteOutcome = ({ readonly outcome: 'deleted' } & Answer) | NotDone

export type NotDone =
  /** `isBusy`: because of another request at the same time (409); nothing is said about the condition. */
  | { readonly outcome: 'refused'; readonly isBusy?: boolean }
  | { readonly outcome: 'expired' }
  /** `isFailure`: the store has answered that it failed (500), and is there. */
  | { readonly outcome: 'unknown'; readonly cause: unknown; readonly isFailure?: boolean }

/**
 * All methods reject with a `HelmS3Error`: `denied`, `missing-bucket`, `unreachable`, `timeout`, `store-failed`,
 * `unsupported-store`, `too-large`. Reads (`list`, `listVersions`, `get`, `getUnless`, `head`, `stream`) are repeated
 * by the adapter for a bounded time, with back-off and jitter. `put` and `delete` are sent once at the most; see {@link
 * SendOptions} for what could not be sent.
 */
export interface ObjectStore {
  /**
   * Tells this bucket from all others, and from the same name at another endpoint or for another account: what was read
   * under one text says nothing about another. Holds no secret. Undefined: not known, so that nothing may be kept from
   * one run to the next.
   */
  readonly place?: string
  /** `http(s)://…` where the store answers; undefined: AWS, or not known. */
  readonly endpoint?: string | undefined
  /** One page (at most 1000 objects) of the keys that begin with `prefix`. */
  list(prefix: string, options?: ListOptions): Promise<ListPage>
  /** The object with its bytes, or undefined when there is none. */
  get(key: Key, options?: GetOptions): Promise<StoredObject | undefined>
  /** As `get`, of the whole object; but no bytes cross the network when it still has this ETag. */
  getUnless(key: Key, etag: ETag): Promise<StoredObject | Unchanged | undefined>
  /** The object without its bytes, or undefined when there is none. */
  head(key: Key): Promise<ObjectHead | undefined>
  /**
   * The versions of the object that the bucket keeps, the newest first, at most 1000, without the marks of deletions. A
   * bucket without versioning keeps the current one alone, a store that knows no versions none, a missing object has
   * none.
   */
  listVersions(key: Key): Promise<readonly ObjectVersion[]>
  /** Writes the whole object at once: readers see the old bytes or the new ones. */
  put(key: Key, body: Uint8Array, options: PutOptions): Promise<PutOutcome>
  /**
   * As `put`, with the bytes of another object, which the store copies by itself. `unsupported`: it cannot, and nothing
   * was written. Whether it holds to the condition is for the caller to find out: some stores know conditions on PUT
   * only.
   */
  copyFrom?(source: CopySource, key: Key, options: CopyOptions): Promise<CopyOutcome>
  /** Removes the object; a missing one counts as deleted. With `match`, only if it has this ETag (missing: refused). */
  delete(key: Key, options?: DeleteOptions): Promise<DeleteOutcome>
  /**
   * The bytes in order, piece by piece; rejects at the end when they are fewer or others than the store announced.
   * Undefined: no such object.
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
