import { archiveKey } from '../../core/keys.ts'
import { type VersionId, versionKey } from '../../core/log/entry.ts'
import { HelmS3Error } from '../../errors.ts'
import { keyTaken, refuseSharedKeys } from '../archives/archive-owner.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { entryUrlForm } from '../read/config-defaults.ts'
import { cannotFetchIndex } from '../read/read-base.ts'
import { expectConfig } from '../read/read-config.ts'
import { requireRepository } from '../read/require-repository.ts'
import { attempts } from '../session/attempts.ts'
import type { CommittedDelta } from '../session/committed.ts'
import { PUSH_RETRIES, SETTLE_PATIENCE } from '../session/limits.ts'
import type { Session } from '../session/session.ts'
import { startLimit } from '../session/stopwatch.ts'
import { type EntryUrls, NOTHING_TO_COMMIT, commitPush, entryOf, makeDelta } from './commit-push.ts'
import { type ExistingVersion, findExisting, headArchives } from './find-existing.ts'
import { type Placed, isWritten, placeAll, putProvenances, stillStand, takeBack } from './place-all.ts'
import { PushState, type Waiting } from './push-state.ts'
import { type Claim, settle } from './settle.ts'

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
 * time (for many charts a LIST, and HEADs only of what it shows; see `absentArchives`); then LIST, n PUTs, PUT of the
 * delta, LIST. A push by force goes without those n HEADs. When an archive is there already, a view is read as well; by
 * force only when its metadata do not name the chart that is pushed.
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
      : await findExisting(session, uploads, looked, options)
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
    if (isWritten(placement)) state.noteWritten(upload, minted)
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
  const committed = delta.added.length > 0 ? await commitPush(session, minted, delta) : NOTHING_TO_COMMIT
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

function claimOf({ location }: Session, { name, version, digest }: ChartUpload): Claim {
  return { name, version, digest, key: archiveKey(location, { name, version }) }
}
