import type { Bookkeeping } from '../../core/log/bookkeeping.ts'
import type { WantedCharts } from '../../core/index/paging.ts'
import { addressOf, isArchiveKey, repositoryAt } from '../../core/keys.ts'
import { type ReadPath, readIndexText } from '../../core/index/index-text.ts'
import { HelmS3Error, hasCode, inStep } from '../../errors.ts'
import type { ETag, StoredObject } from '../../store/object-store.ts'
import type { Base, WholeBase } from '../session/base.ts'
import { updateText } from './update-kept-base.ts'
import { openPages, readWanted } from './read-pages.ts'
import { WORTH_KEEPING } from '../session/base-cache.ts'
import type { Session } from '../session/session.ts'
import { shellWord } from '../../text/terminal-text.ts'

const PATHS: Readonly<Record<ReadPath, string>> = {
  slices: 'whose charts are copied as they stand',
  relaid: 'put into another layout because its own is not a usual one',
  'full-parse': 'parsed in full because its layout is not a usual one',
}

/**
 * Reads `index.yaml`, all of it.
 *
 * Cost: one GET. It transfers nothing when the object is the one that this session, or this machine, has read before.
 * @throws HelmS3Error `missing-index` when there is none, `invalid-index` when Helm would not load it
 */
export async function readBase(session: Session): Promise<WholeBase> {
  const { location, memory, store } = session
  const before = memory.base
  if (before !== undefined) {
    const answer = await store.getUnless(location.indexKey, before.etag)
    if (answer === undefined) throw await missingIndex(session)
    return 'unchanged' in answer ? { ...before, date: answer.date } : noteBase(session, answer)
  }
  const object = (await readKeptBase(session)) ?? (await store.get(location.indexKey))
  if (object === undefined) throw await missingIndex(session)
  return noteBase(session, object)
}

/** `index.yaml` as far as its bookkeeping is known: the charts are read as they are wanted. */
export interface OpenBase {
  readonly bookkeeping: Bookkeeping
  readonly etag: ETag
  /** Size of the text in bytes. */
  readonly size: number
  /** Store clock when it was read, milliseconds since 1970. */
  readonly date: number
  /**
   * The base with the charts that are wanted, and perhaps others. `changed`: `index.yaml` is another one by now.
   *
   * Cost: nothing, or a ranged GET for each run of pages; a GET of all of `index.yaml` when a page is in doubt.
   */
  readonly read: (wanted: WantedCharts) => Promise<Base | 'changed'>
  /** The base with all charts. Cost: nothing, or a GET of all of `index.yaml`. */
  readonly readAll: () => Promise<Base | 'changed'>
}

/**
 * Opens `index.yaml`: reads its end only, where its pages can be used.
 *
 * Cost: one ranged GET of its end; one GET of all of it where it has no pages, or `isWhole` says that all is wanted.
 * @throws HelmS3Error as {@link readBase}
 */
export async function openBase(session: Session, { isWhole }: { readonly isWhole: boolean }): Promise<OpenBase> {
  const opened = isWhole || session.memory.base !== undefined ? 'whole' : await openPages(session)
  if (opened === 'missing') throw await missingIndex(session)
  if (opened === 'whole' || 'body' in opened) {
    const base = opened === 'whole' ? await readBase(session) : noteBase(session, opened)
    const { date, etag, index, size } = base
    const read = async (): Promise<Base> => base
    return { bookkeeping: index.bookkeeping, etag, size, date, read, readAll: read }
  }
  const { bookkeeping } = opened.paging.header.annotations
  noteIds(session, bookkeeping)
  const { date, etag, size } = opened
  const readAll = async (): Promise<Base | 'changed'> => {
    const whole = await readBase(session)
    return whole.etag === etag ? whole : 'changed'
  }
  const read = async (wanted: WantedCharts): Promise<Base | 'changed'> => {
    const base = await readWanted(session, opened, wanted)
    return base === 'whole' ? readAll() : base
  }
  return { bookkeeping, etag, size, date, read, readAll }
}

type BaseText = Pick<StoredObject, 'body' | 'date' | 'etag' | 'lastModified'>

function noteBase(session: Session, text: BaseText | KeptText): WholeBase {
  const { body, date, etag, lastModified } = text
  const isFromCache = 'isFromCache' in text
  const base: WholeBase = {
    index: readIndexText(body),
    bytes: body,
    etag,
    size: body.length,
    isFromCache,
    lastModified,
    date,
  }
  const { form, path } = base.index
  const origin = isFromCache ? ' kept on this machine' : ''
  session.detail(
    `helm-s3: read ${session.location.indexKey}, ${String(body.length)} bytes of ${form}${origin}, ${PATHS[path]}`,
  )
  session.memory.base = base
  noteIds(session, base.index.bookkeeping)
  return base
}

function noteIds({ knownIds }: Session, { folded }: Bookkeeping): void {
  for (const id of folded.keys()) knownIds.note(id)
}

type KeptText = BaseText & { readonly isFromCache: true }

/**
 * Undefined when no usable base is kept on this machine, or when there is no `index.yaml`. Of one that has changed
 * since, only the pages that are not kept are read.
 */
async function readKeptBase({ baseCache, ...session }: Session): Promise<BaseText | KeptText | undefined> {
  const { location, memory, paging, store } = session
  const kept = await baseCache?.find()
  if (kept === undefined) return undefined
  const tail = memory.distrustsPages
    ? await store.getUnless(location.indexKey, kept.etag)
    : await store.getTail(location.indexKey, paging.tail, kept.etag)
  if (tail === undefined || ('body' in tail && tail.body.length === tail.size)) return tail
  if ('unchanged' in tail) {
    const body = await kept.read()
    const { etag, lastModified } = kept
    return body && { body, etag, lastModified, date: tail.date, isFromCache: true }
  }
  const { date, etag, lastModified } = tail
  const updated = await updateText(session, kept, tail)
  return updated && { body: updated, date, etag, lastModified }
}

/** Keeps the base on this machine for the next read, when that saves more than it costs. */
export async function keepBase(
  { baseCache }: Session,
  { bytes, etag, isFromCache, lastModified }: Base,
): Promise<void> {
  if (!isFromCache && bytes !== undefined && bytes.length >= WORTH_KEEPING)
    await baseCache?.keep({ etag, lastModified, body: bytes })
}

/**
 * Who wrote the `index.yaml` that is there now.
 * Cost: as {@link openBase}, when nothing of it is wanted.
 * @throws HelmS3Error as {@link readBase}
 */
export async function readLastWrite(session: Session): Promise<{ readonly etag: ETag; readonly writeId: string }> {
  const { bookkeeping, etag } = await openBase(session, { isWhole: false })
  return { etag, writeId: bookkeeping.writeId }
}

/** Forgets the base that was read, which may be large. To be called when the store is known to hold another one. */
export function forgetBase(session: Session): void {
  session.memory.base = undefined
  session.memory.paged = undefined
}

/**
 * The error when there is no `index.yaml`. Its hint says how to get one: a new one, or one rebuilt from the charts that
 * are there. Cost: one LIST page.
 */
export async function missingIndex(session: Session): Promise<HelmS3Error> {
  const { location } = session
  const { below, isOwn } = await findRemains(session)
  const others = below.length > MOST_NAMED ? ` and ${String(below.length - MOST_NAMED)} more` : ''
  const named = below
    .slice(0, MOST_NAMED)
    .map((prefix) => shellWord(repositoryAt(location.bucket, prefix, location.query).address))
  return new HelmS3Error('missing-index', `there is no index.yaml at ${location.url}`, {
    hint: isOwn
      ? `there are charts: \`helm s3 reindex ${shellWord(location.address)}\` makes an index of them`
      : below.length > 0
        ? `there are repositories below it: ${named.join(', ')}${others}`
        : `for a new repository, try running \`helm s3 init ${shellWord(addressOf(location))}\``,
  })
}

/** Whether there are archives or deltas in a place without an index. Cost: one LIST page. */
export async function hasRemains(session: Session): Promise<boolean> {
  return (await findRemains(session)).isOwn
}

/** At most this many repositories below a place are named. */
const MOST_NAMED = 5

/**
 * What there is in a place without an index: whether it has archives or deltas of its own, and the prefixes of
 * repositories in folders below it. Of more than a thousand objects only the first page is looked at. Cost: one LIST
 * page.
 */
async function findRemains({
  location,
  store,
}: Session): Promise<{ readonly isOwn: boolean; readonly below: readonly string[] }> {
  const { objects } = await store.list(location.prefix)
  const isOwn = objects.some(
    ({ key }) => (key.startsWith(location.deltaFolder) && key !== location.configKey) || isArchiveKey(location, key),
  )
  const below = objects.flatMap(({ key }) => /^(.*\/)(?:index\.yaml|index\.d\/[^/]*)$/s.exec(key)?.[1] ?? [])
  return { isOwn, below: [...new Set(below)].filter((prefix) => prefix !== location.prefix) }
}

/**
 * The error of a mutation that could not read the index, in the words of the Go plugin (cmd/helm-s3/push.go,
 * delete.go).
 */
export function cannotFetchIndex(error: unknown): unknown {
  if (hasCode(error, 'invalid-index')) return inStep('load index from downloaded file', error)
  if (hasCode(error, 'missing-index')) return inStep('fetch current repo index: object not found', error)
  if (hasCode(error, 'missing-bucket')) return inStep('fetch current repo index: bucket not found', error)
  return inStep('fetch current repo index: fetch object from s3', error)
}
