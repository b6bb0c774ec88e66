import { addressOf, isArchiveKey, repositoryAt } from '../../core/keys.ts'
import { type ReadPath, readIndexText } from '../../core/index/index-text.ts'
import { HelmS3Error, hasCode, inStep } from '../../errors.ts'
import type { StoredObject } from '../../store/object-store.ts'
import type { Base } from '../session/base.ts'
import { WORTH_KEEPING } from '../session/base-cache.ts'
import type { Session } from '../session/session.ts'
import { shellWord } from '../../text/terminal-text.ts'

const PATHS: Readonly<Record<ReadPath, string>> = {
  slices: 'whose charts are copied as they stand',
  relaid: 'put into another layout because its own is not a usual one',
  'full-parse': 'parsed in full because its layout is not a usual one',
}

/**
 * Reads `index.yaml`.
 *
 * Cost: one GET. It transfers nothing when the object is the one that this session, or this machine, has read before.
 * @throws HelmS3Error `missing-index` when there is none, `invalid-index` when Helm would not load it
 */
export async function readBase(session: Session): Promise<Base> {
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

type BaseText = Pick<StoredObject, 'body' | 'date' | 'etag' | 'lastModified'>

function noteBase(session: Session, text: BaseText | KeptText): Base {
  const { body, date, etag, lastModified } = text
  const isFromCache = 'isFromCache' in text
  const base: Base = {
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
  for (const id of base.index.bookkeeping.folded.keys()) session.knownIds.note(id)
  return base
}

type KeptText = BaseText & { readonly isFromCache: true }

/** Undefined when no usable base is kept on this machine, or when there is no `index.yaml`. */
async function readKeptBase({ baseCache, location, store }: Session): Promise<BaseText | KeptText | undefined> {
  const kept = await baseCache?.find()
  if (kept === undefined) return undefined
  const answer = await store.getUnless(location.indexKey, kept.etag)
  if (answer === undefined || 'body' in answer) return answer
  const body = await kept.read()
  return body && { body, etag: kept.etag, lastModified: kept.lastModified, date: answer.date, isFromCache: true }
}

/** Keeps the base on this machine for the next read, when that saves more than it costs. */
export async function keepBase(
  { baseCache }: Session,
  { bytes, etag, isFromCache, lastModified }: Base,
): Promise<void> {
  if (!isFromCache && bytes.length >= WORTH_KEEPING) await baseCache?.keep({ etag, lastModified, body: bytes })
}

/** Forgets the base that was read, which may be large. To be called when the store is known to hold another one. */
export function forgetBase(session: Session): void {
  session.memory.base = undefined
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
