import pLimit from 'p-limit'
import { makeEntry } from '../core/chart-entry.ts'
import type { Addition, Delta } from '../core/delta.ts'
import type { DeltaId } from '../core/delta-id.ts'
import { type Entry, type VersionId, versionKey } from '../core/entry.ts'
import { archiveKey, archiveUrl } from '../core/keys.ts'
import { HelmS3Error, during } from '../errors.ts'
import { appendDelta } from './append-delta.ts'
import type { ChartUpload } from './chart-upload.ts'
import { headArchive } from './head-archive.ts'
import { CONCURRENCY, SETTLE_PATIENCE } from './limits.ts'
import { overtakenVersions } from './look-behind.ts'
import type { Minted } from './mint.ts'
import { type Placement, placeNewArchive } from './place-archive.ts'
import { PushState } from './push-state.ts'
import { cannotFetchIndex, requireRepository } from './read-base.ts'
import { readView } from './read-view.ts'
import { replaceArchives } from './replace-archive.ts'
import { entryUrlBase, expectConfig } from './repository-config.ts'
import type { Session } from './session.ts'
import { type Claim, settle, waitForRemoval } from './settle.ts'
import { putProvenance } from './write-archive.ts'

export interface PushOptions {
  /** Replaces archives of the same version. */
  readonly force: boolean
  /** Pushes what is new when some versions exist already, instead of nothing. */
  readonly ignoreIfExists: boolean
  /** Looks, and writes nothing. */
  readonly dryRun: boolean
  /** Writes the file name alone into `urls`, or the whole `s3://` URL; undefined: as the repository says. */
  readonly relative: boolean | undefined
  /** Content-Type of the archives. */
  readonly contentType: string
}

export interface PushResult {
  /** In the repository from now on (with `dryRun`: would be). */
  readonly pushed: readonly VersionId[]
  /** In the repository already, untouched. Without `ignoreIfExists` this is a failure, and `pushed` is what others' pushes at the same moment left. */
  readonly existing: readonly VersionId[]
  /** What was committed, for local caches; undefined when no delta was needed. */
  readonly committed: { readonly id: DeltaId; readonly delta: Delta; readonly newerDeltas: number } | undefined
}

const MAX_ATTEMPTS = 12

/** What stands before the file name in `urls`; see `archiveUrl`. */
interface UrlBase {
  readonly urlBase: string
}

/** An archive and what became of it in this attempt. */
interface Placed {
  readonly upload: ChartUpload
  readonly placement: Placement
}

/**
 * Pushes charts: archives first, then one delta, which is the commit point. When it resolves, every version in `pushed` is
 * acknowledged: every later read through the plugin shows it, unless a later mutation removed it.
 *
 * Cost of the common push of n charts: HEAD `index.yaml` beside GET of the repository's defaults, LIST, n PUTs, PUT of the delta, LIST; of several charts also n
 * HEADs, so that nothing is written when one of them exists, but for `ignoreIfExists`.
 *
 * @throws HelmS3Error `missing-index`, `usage` (a version twice), `conflict`, `outcome-unknown`, and what the store throws
 */
export async function pushCharts(session: Session, uploads: readonly ChartUpload[], options: PushOptions): Promise<PushResult> {
  refuseTwice(uploads)
  expectConfig(session)
  await requireRepository(session).catch((error: unknown) => {
    throw cannotFetchIndex(error)
  })
  if (!options.force && (options.dryRun || (uploads.length > 1 && !options.ignoreIfExists))) {
    const existing = await during('check if chart already exists in the repository: head s3 object', () => findExisting(session, uploads))
    if (existing.size > 0 && !options.ignoreIfExists) return { pushed: [], existing: [...existing], committed: undefined }
    if (options.dryRun) return { pushed: uploads.filter((upload) => !existing.has(upload)), existing: [...existing], committed: undefined }
  }
  if (options.dryRun) return { pushed: uploads, existing: [], committed: undefined }

  const urlBase = await entryUrlBase(session, options.relative)
  const state = new PushState()
  const giveUpAt = session.clock.monotonic() + SETTLE_PATIENCE
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const result = await tryPush(session, uploads, { ...options, urlBase }, state, attempt > 1)
    if (result !== 'again' && 'pushed' in result) return result
    if (result !== 'again') {
      if (session.clock.monotonic() > giveUpAt) break
      await waitForRemoval(session, result)
    }
    await session.clock.sleep(session.random.fraction() * Math.min(50 * 2 ** attempt, 3000))
  }
  throw new HelmS3Error('conflict', 'the push was crossed by others again and again', {
    hint: 'nothing is half done; push again when the others have ended',
  })
}

/** One attempt; `again`: something that it had seen no longer holds; an upload: that version is being deleted. */
async function tryPush(
  session: Session,
  uploads: readonly ChartUpload[],
  options: PushOptions & UrlBase,
  state: PushState,
  isRestart: boolean,
): Promise<PushResult | ChartUpload | 'again'> {
  const { minted, placed } = await placeAll(session, uploads, options, state)
  const beingDeleted = placed.find(({ placement }) => placement === 'being-deleted')
  if (beingDeleted !== undefined) return beingDeleted.upload
  if (placed.some(({ placement }) => placement === 'again')) return 'again'

  for (const { placement, upload } of placed) {
    if (placement === 'created' || placement === 'replaced') state.noteWritten(upload, minted.id)
  }
  const ours = placed.filter(({ placement }) => placement !== 'exists')
  const existing = placed.filter(({ placement }) => placement === 'exists').map(({ upload }) => upload)
  await putProvenances(session, ours, minted)
  const delta = makeDelta(session, ours, options)
  const hasDelta = delta.added.length > 0
  if (hasDelta && (await appendDelta(session, minted, delta)) === 'expired') return 'again'

  const { overtaken, newerDeltas } = hasDelta
    ? await overtakenVersions(session, minted.id, delta.added.map(({ entry }) => entry))
    : { overtaken: [], newerDeltas: 0 }
  const isOvertaken = new Set(overtaken.map(versionKey))
  // What overtook this push may be folded and collected by now, and missing from a listing that comes late.
  const mayHaveMissed = isRestart || !minted.isFresh()
  for (const { upload, placement } of ours) {
    if (!mayHaveMissed && placement === 'created' && !isOvertaken.has(versionKey(upload))) continue
    if ((await settle(session, claimOf(session, upload), entryOf(session, upload, options), state)) === 'archive-gone') return 'again'
  }
  return { pushed: ours.map(({ upload }) => upload), existing, committed: hasDelta ? { id: minted.id, delta, newerDeltas } : undefined }
}

async function placeAll(
  session: Session,
  uploads: readonly ChartUpload[],
  { force, contentType }: PushOptions,
  state: PushState,
): Promise<{ readonly minted: Minted; readonly placed: readonly Placed[] }> {
  const pair = (placements: readonly Placement[]): Placed[] =>
    uploads.flatMap((upload, i) => {
      const placement = placements[i]
      return placement === undefined ? [] : [{ upload, placement }]
    })
  if (force) {
    const { minted, placements } = await replaceArchives(session, uploads, state, contentType)
    return { minted, placed: pair(placements) }
  }
  const minted = await state.mint(session)
  const limit = pLimit(CONCURRENCY)
  const place = (upload: ChartUpload): Promise<Placement> => placeNewArchive(session, upload, minted, state, contentType)
  return { minted, placed: pair(await Promise.all(uploads.map((upload) => limit(() => place(upload))))) }
}

async function putProvenances(session: Session, ours: readonly Placed[], minted: Minted): Promise<void> {
  const limit = pLimit(CONCURRENCY)
  const put = ({ upload, placement }: Placed): Promise<void> =>
    putProvenance(session, upload, minted.id, { removeOld: placement === 'replaced' })
  await Promise.all(ours.map((placed) => limit(() => put(placed))))
}

/** A refreshed archive has its entry already. */
function makeDelta(session: Session, ours: readonly Placed[], options: UrlBase): Delta {
  const additions = ours.flatMap(({ upload, placement }): Addition[] => {
    if (placement === 'refreshed') return []
    return [{ entry: entryOf(session, upload, options), ifAbsent: placement === 'adopted' || placement === 'mine-before' }]
  })
  return { added: additions, removed: [] }
}

function entryOf({ location, storeClock }: Session, upload: ChartUpload, { urlBase }: UrlBase): Entry {
  const created = upload.created ?? new Date(storeClock.now()).toISOString()
  return makeEntry(upload.metadata, { digest: upload.digest, url: archiveUrl(location, upload, urlBase), created })
}

function claimOf({ location }: Session, { name, version, digest }: ChartUpload): Claim {
  return { name, version, digest, key: archiveKey(location, { name, version }) }
}

/** The uploads whose version is taken, as one look tells: by other bytes, or by the same bytes and an entry. */
async function findExisting(session: Session, uploads: readonly ChartUpload[]): Promise<ReadonlySet<ChartUpload>> {
  const limit = pLimit(CONCURRENCY)
  const heads = await Promise.all(uploads.map((upload) => limit(() => headArchive(session, archiveKey(session.location, upload)))))
  const isTaken = heads.map((head, i) => head !== undefined && head.digest !== uploads[i]?.digest)
  if (heads.some((head, i) => head !== undefined && isTaken[i] === false)) {
    const view = await readView(session)
    uploads.forEach((upload, i) => {
      if (heads[i] !== undefined && view.index.find(upload) !== undefined) isTaken[i] = true
    })
  }
  return new Set(uploads.filter((_, i) => isTaken[i]))
}

function refuseTwice(uploads: readonly ChartUpload[]): void {
  const seen = new Map<string, ChartUpload>()
  for (const upload of uploads) {
    const other = seen.get(versionKey(upload))
    if (other !== undefined) {
      throw new HelmS3Error('usage', `${other.source} and ${upload.source} are both ${upload.name} ${upload.version}`, {
        hint: 'push each version once',
      })
    }
    seen.set(versionKey(upload), upload)
  }
}
