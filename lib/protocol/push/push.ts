import pLimit from 'p-limit'
import { makeEntry } from '../../core/log/chart-entry.ts'
import type { Addition, Delta } from '../../core/log/delta.ts'
import { type Entry, type VersionId, versionKey } from '../../core/log/entry.ts'
import { type UrlForm, archiveKey, archiveUrl } from '../../core/keys.ts'
import { HelmS3Error, during, hasCode } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { appendDelta } from '../write/append-delta.ts'
import { keyTaken, otherOwner, refuseSharedKeys } from '../archives/archive-owner.ts'
import { attempts } from '../session/attempts.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { type OrphanArchive, clearOrphans } from '../remove/clear-orphans.ts'
import type { CommittedDelta } from '../session/committed.ts'
import { type ArchiveHead, headArchive } from '../archives/head-archive.ts'
import { CONCURRENCY, ID_LIFETIME, PUSH_RETRIES, SETTLE_PATIENCE } from '../session/limits.ts'
import { overtakenVersions } from '../read/look-behind.ts'
import type { Minted } from '../write/mint.ts'
import { type Placement, placeNewArchive } from './place-archive.ts'
import { PushState, type Waiting } from './push-state.ts'
import { cannotFetchIndex } from '../read/read-base.ts'
import { readView } from '../read/read-view.ts'
import { replaceArchives } from './replace-archive.ts'
import { refuseBelow } from '../write/refuse-below.ts'
import { entryUrlForm, publishedLocation } from '../read/config-defaults.ts'
import { expectConfig } from '../read/read-config.ts'
import { requireRepository } from '../read/require-repository.ts'
import type { Session } from '../session/session.ts'
import { type Claim, settle } from './settle.ts'
import { startLimit } from '../session/stopwatch.ts'
import { putProvenance } from '../write/write-archive.ts'

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

/** A version that is not pushed because it is taken. */
export interface ExistingVersion extends VersionId {
  /** SHA-256 of what stands there, lower-case hex; undefined: the entry has none. */
  readonly digest: string | undefined
  /** No entry names it: an archive that another push left stands in its place, and could not be removed. */
  readonly isOrphan: boolean
}

export interface PushResult {
  /** In the repository from now on (with `dryRun`: would be). */
  readonly pushed: readonly VersionId[]
  /** In the repository already, untouched. Without `ignoreIfExists` this is a failure, and nothing is pushed. */
  readonly existing: readonly ExistingVersion[]
  /** What was committed, for local caches; undefined when no delta was needed. */
  readonly committed: CommittedDelta | undefined
}

/** Of new entries. */
interface EntryUrls {
  readonly urlForm: UrlForm
}

/** An archive and what became of it in this attempt. */
interface Placed {
  readonly upload: ChartUpload
  readonly placement: Placement
}

/** How an archive comes to stand there under the id of the attempt. */
const WRITTEN: readonly Placement['kind'][] = ['created', 'replaced', 'renewed', 'adopted']

/** What became of one attempt. */
type Attempt =
  | { readonly outcome: 'done'; readonly result: PushResult }
  /** Another client is at work on this version. */
  | { readonly outcome: 'wait'; readonly upload: ChartUpload; readonly waiting: Waiting }
  /** Something that it had seen no longer holds. */
  | { readonly outcome: 'again' }

/**
 * Pushes charts: archives first, then one delta, which is the commit point. When it resolves, every version in `pushed`
 * is acknowledged: every later read through the plugin shows it, unless a later mutation removed it. Without
 * `ignoreIfExists` all versions are pushed or none is, also when another client pushes one of them at the same moment.
 *
 * Cost of the common push of n charts: HEAD `index.yaml` beside GET of the repository's defaults and n HEADs, so that
 * nothing is written when one of them exists, whatever the store makes of conditions; LIST, n PUTs, PUT of the delta,
 * LIST. By force without those n HEADs. Where an archive stands already: a view; by force only where its metadata do
 * not name the chart that is pushed.
 *
 * @throws HelmS3Error `missing-index`, `usage` (a version twice, or a key that is another chart's), `conflict`,
 *   `outcome-unknown`, and what the store throws
 */
export async function pushCharts(
  session: Session,
  uploads: readonly ChartUpload[],
  options: PushOptions,
): Promise<PushResult> {
  refuseSharedKeys(uploads, session.location)
  expectConfig(session)
  const looked = options.force && !options.dryRun ? undefined : headArchives(session, uploads, options)
  await requireRepository(session).catch((error: unknown) => {
    throw cannotFetchIndex(error)
  })
  const existing =
    looked === undefined
      ? new Map<ChartUpload, ExistingVersion>()
      : await findExisting(session, uploads, await during(LOOK, () => looked), options)
  const found = [...existing.values()]
  const absent = uploads.filter((upload) => !existing.has(upload))
  if (found.length > 0 && !options.ignoreIfExists) return { pushed: [], existing: found, committed: undefined }
  if (options.dryRun || absent.length === 0) return { pushed: absent, existing: found, committed: undefined }
  const result = await pushAbsent(session, absent, options)
  return {
    ...result,
    existing: uploads.flatMap(
      (upload) => existing.get(upload) ?? result.existing.filter((each) => versionKey(each) === versionKey(upload)),
    ),
  }
}

/** In the words of the Go plugin. */
const LOOK = 'check if chart already exists in the repository: head s3 object'

/** Pushes what a look at the repository has not found there. */
async function pushAbsent(
  session: Session,
  uploads: readonly ChartUpload[],
  options: PushOptions,
): Promise<PushResult> {
  const urlForm = await entryUrlForm(session, options.relative)
  const state = new PushState(options.force ? 'force' : 'push')
  const isPatient = startLimit(session, SETTLE_PATIENCE)
  const tryAgain = (isRestart: boolean): Promise<Attempt> =>
    tryPush(session, uploads, { ...options, urlForm }, state, isRestart)
  for await (const attempt of attempts(session, PUSH_RETRIES)) {
    let tried = await tryAgain(attempt > 1)
    while (tried.outcome === 'wait' && isPatient()) {
      await state.wait(session, tried.upload, tried.waiting)
      tried = await tryAgain(true)
    }
    if (tried.outcome === 'done') return tried.result
    if (tried.outcome === 'wait') break
  }
  throw new HelmS3Error('conflict', 'other clients kept changing the same versions', {
    hint: 'nothing was left half done: push again when they have ended',
  })
}

async function tryPush(
  session: Session,
  uploads: readonly ChartUpload[],
  options: PushOptions & EntryUrls,
  state: PushState,
  isRestart: boolean,
): Promise<Attempt> {
  const { minted, placed } = await placeAll(session, uploads, options, state)
  for (const { upload, placement } of placed) {
    if (WRITTEN.includes(placement.kind)) state.noteWritten(upload, minted)
  }
  const refusal = refusalOf(session, placed)
  if (refusal !== undefined) {
    await takeBack(session, placed, minted)
    throw refusal
  }
  const existing = placed.flatMap(existingVersion)
  if (existing.some(({ isOrphan }) => isOrphan || !options.ignoreIfExists)) {
    await takeBack(session, placed, minted)
    return { outcome: 'done', result: { pushed: [], existing, committed: undefined } }
  }
  for (const { placement, upload } of placed) {
    if (placement.kind === 'wait') return { outcome: 'wait', upload, waiting: placement.waiting }
  }
  if (placed.some(({ placement }) => placement.kind === 'again')) return { outcome: 'again' }

  const ours = placed.filter(({ placement }) => placement.kind !== 'exists' && placement.kind !== 'orphan')
  if (!(await stillStand(session, ours, minted))) return { outcome: 'again' }
  await putProvenances(session, ours, minted)
  const delta = makeDelta(session, ours, options)
  for (const addition of delta.added) state.noteAddition(addition)
  const committed = delta.added.length > 0 ? await commit(session, minted, delta) : NOTHING_TO_COMMIT
  if (committed === 'expired') return { outcome: 'again' }
  const mayHaveMissed = isRestart || committed.mayHaveMissed
  for (const { upload, placement } of ours) {
    if (!mayHaveMissed && placement.kind === 'created' && !committed.overtaken.has(versionKey(upload))) continue
    const settled = await settle(session, claimOf(session, upload), entryOf(session, upload, options), state)
    if (settled === 'again') return { outcome: 'again' }
  }
  const { newerDeltas } = committed
  const noted = delta.added.length > 0 ? { id: minted.id, delta, newerDeltas } : undefined
  return { outcome: 'done', result: { pushed: ours.map(({ upload }) => upload), existing, committed: noted } }
}

/**
 * Whether the archives that were written over the same bytes are still those of this attempt: their ETag is that of
 * what they replaced, so that a PUT which another push has sent before may have met it. Cost: a HEAD for each, seldom
 * any.
 */
async function stillStand(session: Session, ours: readonly Placed[], { id }: Minted): Promise<boolean> {
  const isOverSame = ({ placement: { kind } }: Placed): boolean => kind === 'adopted' || kind === 'renewed'
  const limit = pLimit(CONCURRENCY)
  const look = async ({ upload }: Placed): Promise<boolean> =>
    (await headArchive(session, archiveKey(session.location, upload)))?.delta === id
  const stand = await Promise.all(ours.filter(isOverSame).map((placed) => limit(() => look(placed))))
  return !stand.includes(false)
}

/** A delta that stands, and what the look behind it showed. */
interface CommittedPush {
  /** The versions that deltas above it touch, by version key. */
  readonly overtaken: ReadonlySet<string>
  readonly newerDeltas: number
  /**
   * Whether something may have overtaken it that the look could not see any more, or that its id could not be above.
   */
  readonly mayHaveMissed: boolean
}

const NOTHING_TO_COMMIT: CommittedPush = { overtaken: new Set(), newerDeltas: 0, mayHaveMissed: false }

/**
 * Writes the delta and looks behind it. What overtook it may be folded and collected, and missing from a listing that
 * comes more than the lifetime of the id after its mint: by the clocks of this machine or, where these stood still, by
 * the answers of the store.
 */
async function commit(session: Session, minted: Minted, delta: Delta): Promise<CommittedPush | 'expired'> {
  const appended = await appendDelta(session, minted, delta)
  if (appended.outcome === 'expired') return 'expired'
  const look = await overtakenVersions(
    session,
    minted.id,
    delta.added.map(({ entry }) => entry),
  )
  const isInTime = appended.isTimely && minted.isFresh() && Math.abs(look.date - minted.date) <= ID_LIFETIME
  return {
    overtaken: new Set(look.overtaken.map(versionKey)),
    newerDeltas: look.newerDeltas,
    mayHaveMissed: !isInTime || minted.isBelowBy > 0 || session.storeClock.mayHaveGoneBack,
  }
}

/** Another chart has put its archive under the key of one of these meanwhile. */
function refusalOf({ location }: Session, placed: readonly Placed[]): HelmS3Error | undefined {
  const [refusal] = placed.flatMap(({ placement, upload }) =>
    placement.kind === 'taken' ? [keyTaken(location, upload, placement.owner)] : [],
  )
  return refusal
}

function existingVersion({ placement, upload: { name, version } }: Placed): readonly ExistingVersion[] {
  if (placement.kind === 'exists') return [{ name, version, digest: placement.entry.digest, isOrphan: false }]
  if (placement.kind === 'orphan') return [{ name, version, digest: placement.head.digest, isOrphan: true }]
  return []
}

/**
 * Removes what this push has placed, because another version of it turned out to exist: all or none. What cannot be
 * removed stays without an entry; the next push of the version takes it over, or its place.
 */
async function takeBack(session: Session, placed: readonly Placed[], { id }: Minted): Promise<void> {
  const archives = placed.flatMap(({ placement: { kind }, upload }): OrphanArchive[] => {
    const archive = { key: archiveKey(session.location, upload), digest: upload.digest }
    if (WRITTEN.includes(kind)) return [{ ...archive, writer: { delta: id } }]
    return kind === 'kept' ? [archive] : []
  })
  if (archives.length === 0) return
  try {
    await clearOrphans(session, archives, { isOwn: true })
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
    session.detail(
      `helm-s3: ${formatCount(archives.length, 'archive')} without an entry stay in the bucket: ${error.message}`,
    )
  }
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
  await refuseBelow(session, minted, uploads)
  const limit = pLimit(CONCURRENCY)
  const place = (upload: ChartUpload): Promise<Placement> =>
    placeNewArchive(session, upload, { minted, state, contentType })
  // Nothing of the others is sent again as long as the one that was waited for is not free.
  const first = uploads.find((upload) => state.hasWaitedFor(upload))
  const firstPlacement = first && (await place(first))
  const isInTheWay = firstPlacement?.kind === 'wait' || firstPlacement?.kind === 'again'
  if (first !== undefined && isInTheWay) return { minted, placed: [{ upload: first, placement: firstPlacement }] }
  const placeOther = (upload: ChartUpload): Promise<Placement> | Placement =>
    upload === first && firstPlacement !== undefined ? firstPlacement : place(upload)
  return { minted, placed: pair(await Promise.all(uploads.map((upload) => limit(() => placeOther(upload))))) }
}

async function putProvenances(session: Session, ours: readonly Placed[], minted: Minted): Promise<void> {
  const limit = pLimit(CONCURRENCY)
  const put = ({ upload, placement }: Placed): Promise<void> =>
    putProvenance(session, upload, minted.id, {
      removeOld: placement.kind === 'replaced' || placement.kind === 'renewed',
    })
  await Promise.all(ours.map((placed) => limit(() => put(placed))))
}

/** A refreshed archive has its entry already. */
function makeDelta(session: Session, ours: readonly Placed[], options: EntryUrls): Delta {
  const additions = ours.flatMap(({ upload, placement }): Addition[] => {
    if (placement.kind === 'refreshed') return []
    return [
      { entry: entryOf(session, upload, options), ifAbsent: placement.kind === 'kept' || placement.kind === 'adopted' },
    ]
  })
  return { added: additions, removed: [] }
}

function entryOf({ location, storeClock }: Session, upload: ChartUpload, { urlForm }: EntryUrls): Entry {
  const created = upload.created ?? new Date(storeClock.now()).toISOString()
  return makeEntry(upload.metadata, { digest: upload.digest, url: archiveUrl(location, upload, urlForm), created })
}

function claimOf({ location }: Session, { name, version, digest }: ChartUpload): Claim {
  return { name, version, digest, key: archiveKey(location, { name, version }) }
}

/**
 * The uploads whose version is in the index, as one look tells; none by force. An archive alone says nothing: its push
 * may have died.
 * @throws HelmS3Error `usage` when one that could be pushed would replace the archive of another chart
 */
async function findExisting(
  session: Session,
  uploads: readonly ChartUpload[],
  heads: readonly (ArchiveHead | undefined)[],
  { force }: PushOptions,
): Promise<ReadonlyMap<ChartUpload, ExistingVersion>> {
  const existing = new Map<ChartUpload, ExistingVersion>()
  if (heads.every((head) => head === undefined)) return existing
  const { index } = await during(LOOK, () => readView(session))
  const location = await publishedLocation(session)
  for (const [i, upload] of uploads.entries()) {
    const head = heads[i]
    if (head === undefined) continue
    const { name, version } = upload
    const entry = force ? undefined : index.find(upload)
    const owner = entry === undefined ? otherOwner(location, index, upload, head) : undefined
    if (owner !== undefined) throw keyTaken(location, upload, owner)
    if (entry !== undefined) existing.set(upload, { name, version, digest: entry.digest, isOrphan: false })
  }
  return existing
}

/**
 * What stands in the place of each archive. Never rejects before it is awaited. Who pushes one chart need not be
 * allowed to look: the store decides then.
 */
function headArchives(
  session: Session,
  uploads: readonly ChartUpload[],
  { dryRun }: PushOptions,
): Promise<readonly (ArchiveHead | undefined)[]> {
  const limit = pLimit(CONCURRENCY)
  const look = async (upload: ChartUpload): Promise<ArchiveHead | undefined> => {
    try {
      return await headArchive(session, archiveKey(session.location, upload))
    } catch (error) {
      if (uploads.length === 1 && !dryRun && hasCode(error, 'denied')) return undefined
      throw error
    }
  }
  const heads = Promise.all(uploads.map((upload) => limit(() => look(upload))))
  heads.catch(() => undefined)
  return heads
}
