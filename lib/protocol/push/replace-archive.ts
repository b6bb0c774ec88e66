import pLimit from 'p-limit'
import { skippedBecause } from '../../core/check/check-base.ts'
import { removedForGood } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { versionKey } from '../../core/log/entry.ts'
import { archiveKey, provenanceKey } from '../../core/keys.ts'
import { isArchiveOf, keyTaken, otherOwner } from '../archives/archive-owner.ts'
import { NO_ID } from '../../core/object-metadata.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { leadsNowhere } from '../archives/dead-urls.ts'
import { type ArchiveHead, deltaIn, headArchive } from '../archives/head-archive.ts'
import { CONCURRENCY, PUSH_MAY_LIVE } from '../session/limits.ts'
import type { Minted } from '../write/mint.ts'
import { type Placement, type Placing, putOver } from './place-archive.ts'
import type { PushState } from './push-state.ts'
import { readDelta } from '../read/read-delta.ts'
import { entriesAndOwnersOf, entriesOf } from '../read/wanted-charts.ts'
import { type View, readView } from '../read/read-view.ts'
import { refuseBelow } from '../write/refuse-below.ts'
import { findAllRemovals, timeToSettle } from '../read/removals.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'
import { hasItsEntry, timeToBeFirm } from './settle.ts'
import { putArchive } from '../write/write-archive.ts'

const AGAIN: Placement = { kind: 'again' }

/** One archive of a forced push, what HEAD showed under its key, and what to do with it. */
interface Target {
  readonly upload: ChartUpload
  readonly head: ArchiveHead | undefined
  readonly plan: 'replace' | 'refresh' | 'keep'
}

/**
 * Puts the archives of a forced push over whatever is there: HEAD, then an id above the one that HEAD showed, then PUT
 * with the ETag that HEAD showed. Equal bytes with a firm entry are written again with the metadata that they have, and
 * need no delta.
 *
 * Cost: a HEAD and a PUT for each archive, and one LIST. A view as well, when the same bytes are there already or an
 * archive there does not say that it belongs to this chart. See also `waitForRemovals`.
 * @throws HelmS3Error `usage` when an archive that is there belongs to another chart
 */
export async function replaceArchives(
  session: Session,
  uploads: readonly ChartUpload[],
  state: PushState,
  contentType: string,
): Promise<{ readonly minted: Minted; readonly placements: readonly Placement[] }> {
  const limit = pLimit(CONCURRENCY)
  const heads = await Promise.all(
    uploads.map((upload) => limit(() => headArchive(session, archiveKey(session.location, upload)))),
  )
  const isSame = (upload: ChartUpload, head: ArchiveHead | undefined): boolean =>
    head !== undefined && head.digest === upload.digest && !state.isMine(head)
  const isDoubtful = (upload: ChartUpload, head: ArchiveHead | undefined): boolean =>
    head !== undefined && !isArchiveOf(upload, head) && !state.isMine(head)
  const view = uploads.some((upload, i) => isSame(upload, heads[i]) || isDoubtful(upload, heads[i]))
    ? await readView(session, { wanted: entriesAndOwnersOf(uploads) })
    : undefined
  const others =
    view === undefined
      ? undefined
      : await waitForOthers(
          session,
          view,
          uploads.flatMap((upload, i) => {
            const head = heads[i]
            return head !== undefined && isDoubtful(upload, head) ? [{ upload, head }] : []
          }),
        )
  const planFor = async (upload: ChartUpload, head: ArchiveHead | undefined): Promise<Target> => {
    if (head === undefined) return { upload, head, plan: 'replace' }
    if (state.isMine(head)) return { upload, head, plan: state.isSlow(upload) ? 'keep' : 'replace' }
    if (view === undefined || head.digest !== upload.digest) return { upload, head, plan: 'replace' }
    return { upload, head, plan: await planForSameBytes(session, { upload, head, view, state }) }
  }
  const targets = await Promise.all(uploads.map((upload, i) => limit(() => planFor(upload, heads[i]))))
  const signed = await Promise.all(targets.map((target) => limit(() => provenanceWriter(session, target))))
  const minted = await state.mint(session, [...heads.map((head) => head?.delta), ...signed])
  await refuseBelow(session, minted, uploads)
  const written = targets.filter(({ plan }) => plan !== 'refresh').map(({ upload }) => upload)
  const waiting = others ?? (await waitForRemovals(session, minted, written))
  if (waiting !== undefined) return { minted, placements: targets.map(() => waiting) }
  const place = (target: Target): Promise<Placement> => placeByForce(session, target, { minted, state, contentType })
  return { minted, placements: await Promise.all(targets.map((target) => limit(() => place(target)))) }
}

/**
 * The id under which the present provenance file was written, where the archive stays and its provenance file is to be
 * replaced. A push of the same bytes leaves no delta, so the log does not show which id the new one must be above.
 *
 * Cost: a HEAD, when the same bytes are there and the push has a provenance file.
 */
async function provenanceWriter(session: Session, { plan, upload }: Target): Promise<DeltaId | undefined> {
  if (plan === 'replace' || upload.provenance === undefined) return undefined
  const head = await session.store.head(provenanceKey(archiveKey(session.location, upload)))
  return head && deltaIn(head.metadata)
}

/**
 * What to wait for because of archives that do not say that they belong to the charts to be pushed. When no entry names
 * such an archive, a push of another chart may have written it and be about to write its delta, unless it carries no
 * metadata at all. Undefined: there is nothing to wait for, and they may be replaced.
 * @throws HelmS3Error `usage` when an entry of another chart names one of them
 */
async function waitForOthers(
  session: Session,
  { base, index }: View,
  doubtful: readonly { readonly upload: ChartUpload; readonly head: ArchiveHead }[],
): Promise<Placement | undefined> {
  const location = await publishedLocation(session)
  for (const { head, upload } of doubtful) {
    const owner = otherOwner(location, index, upload, head)
    if (owner !== undefined) throw keyTaken(location, upload, owner)
  }
  const mayBeUnderWay = ({ delta, holds }: ArchiveHead): boolean => delta !== undefined || holds !== undefined
  const unnamed = doubtful.filter(({ head, upload }) => mayBeUnderWay(head) && index.find(upload) === undefined)
  const left = Math.max(...unnamed.map(({ head }) => head.lastModified + PUSH_MAY_LIVE - base.date), 0)
  return left > 0 ? { kind: 'wait', waiting: { on: 'push', left } } : undefined
}

/**
 * A deletion of one of these versions that may still be under way. Its DELETE could hit the archive that is written
 * now, where equal bytes come back or the store ignores the condition. Undefined: there is none.
 *
 * Cost: a GET of each delta of the last minutes, usually none; a view when one of them removes one of these versions.
 */
async function waitForRemovals(
  session: Session,
  { recent }: Minted,
  versions: readonly ChartUpload[],
): Promise<Placement | undefined> {
  if (versions.length === 0 || recent.length === 0) return undefined
  const wanted = new Set(versions.map(versionKey))
  const limit = pLimit(CONCURRENCY)
  const read = await Promise.all(recent.map((listed) => limit(() => readDelta(session, listed))))
  const isRemoved = read.some(
    (each) => each.outcome === 'delta' && removedForGood(each.delta).some((removal) => wanted.has(versionKey(removal))),
  )
  if (!isRemoved) return undefined
  const now = await readView(session, { wanted: entriesOf(versions) })
  const removals = await findAllRemovals(session, now, versions, new Set())
  const left = Math.max(...[...removals.values()].map((each) => timeToSettle(each, now)), 0)
  return left > 0 ? { kind: 'wait', waiting: { on: 'removal', left } } : undefined
}

/**
 * Whether an archive with the same bytes needs a new entry (`replace`) or not (`refresh`). A new entry is needed where
 * a pending delta is about to change the present one; where it may yet give way to a slower delta; where Helm leaves it
 * out, for instance because it has no name; and where its url leads nowhere.
 *
 * Cost: a HEAD, for an entry whose url leads into a folder.
 */
async function planForSameBytes(
  session: Session,
  { head, state, upload, view }: { upload: ChartUpload; head: ArchiveHead; view: View; state: PushState },
): Promise<Target['plan']> {
  const entry = view.index.find(upload)
  if (entry === undefined || skippedBecause(entry) !== undefined || (entry.urls ?? []).length === 0) return 'replace'
  if (!hasItsEntry(view, upload, state) || timeToBeFirm(view, upload, head) > 0) return 'replace'
  return (await leadsNowhere(session, await publishedLocation(session), entry)) ? 'replace' : 'refresh'
}

async function placeByForce(session: Session, { upload, head, plan }: Target, placing: Placing): Promise<Placement> {
  const { contentType, minted, state } = placing
  if (plan === 'keep' && head !== undefined) {
    state.adopt(upload, head, minted.date)
    return { kind: 'kept' }
  }
  if (!minted.isFresh()) return AGAIN
  if (head === undefined) return putOver(session, upload, head, { ...placing, replaced: undefined })
  state.forgetAdopted(upload)
  if (plan === 'replace') return putOver(session, upload, head, { ...placing, replaced: head.delta ?? NO_ID })
  const put = await putArchive(session, upload, head, { when: { match: head.etag }, contentType })
  if (put.outcome !== 'written') return AGAIN
  state.speakFor(upload, head)
  return { kind: 'refreshed' }
}
