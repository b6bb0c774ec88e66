import pLimit from 'p-limit'
import { makeEntry } from '../../core/log/chart-entry.ts'
import type { Addition, Delta } from '../../core/log/delta.ts'
import { type Entry, type VersionId, versionKey } from '../../core/log/entry.ts'
import { type Key, type UrlForm, archiveKey, archiveUrl } from '../../core/keys.ts'
import { HelmS3Error, during, hasCode } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { appendDelta } from '../write/append-delta.ts'
import { absentArchives } from '../archives/absent-archives.ts'
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
  /** Whether an archive of the same version that is there already is replaced. */
  readonly force: boolean
  /** When some of the versions exist already: push the other ones, instead of none. */
  readonly ignoreIfExists: boolean
  /** Only look what would be pushed, and write nothing. */
  readonly dryRun: boolean
  /**
   * The form of the new entries' `urls`: true for the file name alone, false for the whole `s3://` URL, undefined for
   * what the repository's defaults say.
   */
  readonly relative: boolean | undefined
  /** The Content-Type that the archives are stored with. */
  readonly contentType: string
}

/** A version that is not pushed because it exists already. */
export interface ExistingVersion extends VersionId {
  /** SHA-256 of the existing archive, lower-case hex; undefined when the entry has no digest. */
  readonly digest: string | undefined
  /** True when no entry names the version, but an archive that another push left under its key could not be removed. */
  readonly isOrphan: boolean
}

export interface PushResult {
  /** The versions that are in the repository from now on; with `dryRun`, those that would be. */
  readonly pushed: readonly VersionId[]
  /**
   * The versions that were in the repository already and stay untouched. Without `ignoreIfExists` any of them makes the
   * push a failure, and nothing is pushed.
   */
  readonly existing: readonly ExistingVersion[]
  /** The delta that was committed, so that local caches can be updated; undefined when no delta was needed. */
  readonly committed: CommittedDelta | undefined
}

/** How the urls of new entries are written. */
interface EntryUrls {
  readonly urlForm: UrlForm
}

/** An archive of this push, and what became of it in this attempt. */
interface Placed {
  readonly upload: ChartUpload
  readonly placement: Placement
}

/** The placements after which the archive in the store carries the id of this attempt. */
const WRITTEN: readonly Placement['kind'][] = ['created', 'replaced', 'renewed', 'adopted']

/** The outcome of one attempt. */
type Attempt =
  | { readonly outcome: 'done'; readonly result: PushResult }
  /** Another client is working on this version: wait, then try again. */
  | { readonly outcome: 'wait'; readonly upload: ChartUpload; readonly waiting: Waiting }
  /** Something that this attempt had seen no longer holds: try again at once. */
  | { readonly outcome: 'again' }

/**
 * Pushes charts. A push writes the archives first and then one delta, which adds their entries to the index; the
 * conditional PUT of that delta is the commit point. The steps, in order:
 *
 * 1. Look: HEAD `index.yaml` and the archives, so that nothing is written when one of the versions exists, even on a
 *    store that ignores conditions. Of many archives a LIST says first which are there. A push by force looks at the
 *    archives here only in a dry run.
 * 2. Mint: LIST `index.d/` and make a delta id above every id that was seen.
 * 3. Place: PUT each archive under that id, only where there is none; by force, over the one that HEAD showed.
 * 4. Write the provenance files.
 * 5. Commit: PUT the delta.
 * 6. Look behind: LIST the deltas above the id.
 * 7. Settle: where another client may have crossed this push, bring entry and archive into agreement; see
 *    {@link settle}.
 *
 * When a step finds that what an earlier step saw no longer holds, the push starts again from step 2 under a new id.
 *
 * When the promise resolves, every version in `pushed` is acknowledged: every later read through the plugin shows it,
 * unless a later mutation removed it. Without `ignoreIfExists` either all versions are pushed or none is, even when
 * another client pushes one of them at the same moment.
 *
 * Cost of the common push of n charts: HEAD `index.yaml`, GET of the repository's defaults and n HEADs, all at the same
 * time (for many charts a LIST, and HEADs only of what it shows; see {@link absentArchives}); then LIST, n PUTs, PUT of
 * the delta, LIST. A push by force goes without those n HEADs. When an archive is there already, a view is read as
 * well; by force only when its metadata do not name the chart that is pushed.
 *
 * @throws HelmS3Error `missing-index`, `usage` (a version twice, or a key that belongs to another chart), `conflict`,
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

/** The Go plugin's words for this step. */
const LOOK = 'check if chart already exists in the repository: head s3 object'

/** Pushes the versions that the first look has not found in the repository. */
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
    hint: 'nothing was left half done: push again when they have finished',
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
 * Whether the archives that this attempt wrote over equal bytes are still its own. Such a write leaves the ETag as it
 * was, so a PUT that another push sent earlier, with that ETag as its condition, may have succeeded afterwards.
 *
 * Cost: one HEAD for each such archive; usually there is none.
 */
async function stillStand(session: Session, ours: readonly Placed[], { id }: Minted): Promise<boolean> {
  const isOverSame = ({ placement: { kind } }: Placed): boolean => kind === 'adopted' || kind === 'renewed'
  const limit = pLimit(CONCURRENCY)
  const look = async ({ upload }: Placed): Promise<boolean> =>
    (await headArchive(session, archiveKey(session.location, upload)))?.delta === id
  const stand = await Promise.all(ours.filter(isOverSame).map((placed) => limit(() => look(placed))))
  return !stand.includes(false)
}

/** A delta that is committed, and what the look behind it showed. */
interface CommittedPush {
  /** The versions that deltas of higher ids touch, by version key. */
  readonly overtaken: ReadonlySet<string>
  readonly newerDeltas: number
  /**
   * Whether the look behind may have missed a delta that overtook this one, or this id could not be made higher than
   * everything that was seen.
   */
  readonly mayHaveMissed: boolean
}

const NOTHING_TO_COMMIT: CommittedPush = { overtaken: new Set(), newerDeltas: 0, mayHaveMissed: false }

/**
 * Writes the delta, then looks behind it for deltas that have overtaken it. A delta that overtook it may be folded and
 * collected by the time of the look, and then the listing does not show it. That is possible only when more time than
 * the lifetime of the id has passed since it was minted. That time is taken from the clocks of this machine and,
 * because those may have stood still, from the dates of the store's answers.
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

/** The error when another chart has put its archive under the key of one of these charts in the meantime. */
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
 * Removes the archives that this push has placed. Called when one of the versions turned out to exist, because then
 * none of them may be pushed. An archive that cannot be removed stays without an entry; the next push of that version
 * adopts it, or replaces it.
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
  // As long as the version that this push has waited for is not free, the other archives are not sent again.
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

/** The delta of this attempt. A refreshed archive needs no addition: its entry is there already. */
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
 * The uploads whose version is in the index, as one view shows it. By force there are none. An archive alone does not
 * prove that its version exists: the push that wrote it may have died.
 * @throws HelmS3Error `usage` when one of the other uploads would replace the archive of another chart
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
 * HEADs the key of each archive, but for those under which nothing is, as a listing has shown. The promise may be left
 * alone for a while: a rejection does not count as unhandled before it is awaited. A client that pushes one chart need
 * not have permission to look: then the store decides, by the condition of the PUT.
 */
function headArchives(
  session: Session,
  uploads: readonly ChartUpload[],
  { dryRun }: PushOptions,
): Promise<readonly (ArchiveHead | undefined)[]> {
  const limit = pLimit(CONCURRENCY)
  const keyOf = (upload: ChartUpload): Key => archiveKey(session.location, upload)
  const look = async (upload: ChartUpload, absent: ReadonlySet<Key>): Promise<ArchiveHead | undefined> => {
    const key = keyOf(upload)
    try {
      return absent.has(key) ? undefined : await headArchive(session, key)
    } catch (error) {
      if (uploads.length === 1 && !dryRun && hasCode(error, 'denied')) return undefined
      throw error
    }
  }
  const lookAtAll = async (): Promise<readonly (ArchiveHead | undefined)[]> => {
    const absent = await absentArchives(session, uploads.map(keyOf))
    return Promise.all(uploads.map((upload) => limit(() => look(upload, absent))))
  }
  const heads = lookAtAll()
  heads.catch(() => undefined)
  return heads
}
