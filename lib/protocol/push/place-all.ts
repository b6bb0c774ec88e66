import pLimit from 'p-limit'
import { archiveKey } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { headArchive } from '../archives/head-archive.ts'
import { type OrphanArchive, clearOrphans } from '../remove/clear-orphans.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Session } from '../session/session.ts'
import type { Minted } from '../write/mint.ts'
import { refuseBelow } from '../write/refuse-below.ts'
import { putProvenance } from '../write/write-archive.ts'
import { type Placement, placeNewArchive } from './place-archive.ts'
import type { PushState } from './push-state.ts'
import { replaceArchives } from './replace-archive.ts'

/** An archive of this push, and what became of it in this attempt. */
export interface Placed {
  readonly upload: ChartUpload
  readonly placement: Placement
}

const WRITTEN: readonly Placement['kind'][] = ['created', 'replaced', 'renewed', 'adopted']

/** Whether the archive in the store carries the id of this attempt after this placement. */
export function isWritten({ kind }: Placement): boolean {
  return WRITTEN.includes(kind)
}

/**
 * Places the archives of all uploads under one new id.
 *
 * Cost: that of minting the id, and of each placement; while the push waits for a version, that of its placement alone.
 * @throws HelmS3Error what minting, placing and replacing throw
 */
export async function placeAll(
  session: Session,
  uploads: readonly ChartUpload[],
  { contentType, force }: { readonly contentType: string; readonly force: boolean },
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

/**
 * Whether the archives that this attempt wrote over equal bytes are still its own. Such a write leaves the ETag as it
 * was, so a PUT that another push sent earlier, with that ETag as its condition, may have succeeded afterwards.
 *
 * Cost: one HEAD for each such archive; usually there is none.
 */
export async function stillStand(session: Session, ours: readonly Placed[], { id }: Minted): Promise<boolean> {
  const isOverSame = ({ placement: { kind } }: Placed): boolean => kind === 'adopted' || kind === 'renewed'
  const limit = pLimit(CONCURRENCY)
  const look = async ({ upload }: Placed): Promise<boolean> =>
    (await headArchive(session, archiveKey(session.location, upload)))?.delta === id
  const stand = await Promise.all(ours.filter(isOverSame).map((placed) => limit(() => look(placed))))
  return !stand.includes(false)
}

/** Writes the provenance files of archives that were placed, and removes those of archives that were replaced. */
export async function putProvenances(session: Session, ours: readonly Placed[], minted: Minted): Promise<void> {
  const limit = pLimit(CONCURRENCY)
  const put = ({ upload, placement }: Placed): Promise<void> =>
    putProvenance(session, upload, minted.id, {
      removeOld: placement.kind === 'replaced' || placement.kind === 'renewed',
    })
  await Promise.all(ours.map((placed) => limit(() => put(placed))))
}

/**
 * Removes the archives that this push has placed. Called when one of the versions turned out to exist, because then
 * none of them may be pushed. An archive that cannot be removed stays without an entry; the next push of that version
 * adopts it, or replaces it.
 */
export async function takeBack(session: Session, placed: readonly Placed[], { id }: Minted): Promise<void> {
  const archives = placed.flatMap(({ placement, upload }): OrphanArchive[] => {
    const archive = { key: archiveKey(session.location, upload), digest: upload.digest }
    if (isWritten(placement)) return [{ ...archive, writer: { delta: id } }]
    return placement.kind === 'kept' ? [archive] : []
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
