import type { Entry } from '../../core/log/entry.ts'
import { archiveKey } from '../../core/keys.ts'
import { otherOwner } from '../archives/archive-owner.ts'
import { attempts } from '../session/attempts.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { clearOrphans } from '../remove/clear-orphans.ts'
import { type ArchiveHead, headArchive } from '../archives/head-archive.ts'
import { ARCHIVE_RETRIES, PUSH_MAY_LIVE } from '../session/limits.ts'
import type { Minted } from '../write/mint.ts'
import type { PushState, Waiting } from './push-state.ts'
import { entriesAndOwnersOf } from '../read/wanted-charts.ts'
import { type View, readView } from '../read/read-view.ts'
import { findRemovals, timeToSettle } from '../read/removals.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'
import { putArchive } from '../write/write-archive.ts'

/** The outcome of placing one archive of a push in the store. */
export type Placement =
  /** Written under the id of this attempt; there was no archive. */
  | { readonly kind: 'created' }
  /** Written by force under the id of this attempt, over an archive with other bytes. */
  | { readonly kind: 'replaced' }
  /** Written by force under the id of this attempt, over an archive with the same bytes. */
  | { readonly kind: 'renewed' }
  /**
   * Written under the id of this attempt over the same bytes, which a push that died or an earlier attempt had left.
   */
  | { readonly kind: 'adopted' }
  /** An earlier attempt wrote it, and sending it takes longer than an id lives: it stays as it is. */
  | { readonly kind: 'kept' }
  /** Written by force over the same bytes, which the index names already: no delta is needed. */
  | { readonly kind: 'refreshed' }
  /** The version is in the index already: this push has lost. */
  | { readonly kind: 'exists'; readonly entry: Entry }
  /** No entry names the version, but the archive of another push is there and could not be removed. */
  | { readonly kind: 'orphan'; readonly head: ArchiveHead }
  /** The archive under this key belongs to another chart: this one cannot be pushed. */
  | { readonly kind: 'taken'; readonly owner: Entry }
  /** Another client is working on the version: the push waits and starts again. */
  | { readonly kind: 'wait'; readonly waiting: Waiting }
  /** What was seen no longer holds: the push starts again from its first look. */
  | { readonly kind: 'again' }

const AGAIN: Placement = { kind: 'again' }

/** What one attempt needs to put its archives. */
export interface Placing {
  readonly minted: Minted
  readonly state: PushState
  readonly contentType: string
}

/**
 * Puts an archive where there is none. Of several pushes of one version the store lets exactly one win. A push that has
 * started again looks first, because the archive that is there is usually its own. For an archive that a dead push has
 * left with other bytes see {@link clearOrphans}.
 *
 * Cost: one PUT; when the key is taken also a HEAD and a view, and when the same bytes are there another PUT.
 */
export async function placeNewArchive(session: Session, upload: ChartUpload, placing: Placing): Promise<Placement> {
  const { contentType, minted, state } = placing
  const key = archiveKey(session.location, upload)
  if (state.isRestart) {
    const head = await headArchive(session, key)
    if (head !== undefined && state.isMine(head)) return adoptArchive(session, upload, head, placing)
  }
  for await (const _ of attempts(session, ARCHIVE_RETRIES)) {
    if (!minted.isFresh()) return AGAIN
    const put = await putArchive(
      session,
      upload,
      { delta: minted.id, replaced: undefined },
      { when: 'absent', contentType },
    )
    if (put.outcome === 'written') return { kind: 'created' }
    const head = await headArchive(session, key)
    if (head === undefined) {
      if (put.outcome === 'refused' || put.outcome === 'expired') return AGAIN
      continue
    }
    if (head.delta === minted.id) return { kind: 'created' }
    return head.digest === upload.digest
      ? adoptArchive(session, upload, head, placing)
      : giveWayOrClear(session, upload, head, state)
  }
  return AGAIN
}

/**
 * Takes over an archive with the same bytes that no entry of another push names. The push that wrote it died before its
 * delta, or it was an earlier attempt of this push. The archive is written again under the id of this attempt, so that
 * every client that replaces or deletes it afterwards takes a higher id. This is not done while a deletion may be about
 * to remove the archive, and only over the bytes that were seen.
 *
 * An archive of this push itself that takes longer to send than an id lives stays as it is: written again each time, it
 * would never get its delta.
 */
async function adoptArchive(
  session: Session,
  upload: ChartUpload,
  head: ArchiveHead,
  placing: Placing,
): Promise<Placement> {
  const { minted, state } = placing
  const view = await readView(session, { wanted: entriesAndOwnersOf([upload]) })
  const obstacle = await obstacleTo(session, upload, view, state)
  if (obstacle !== undefined) return obstacle
  // When no higher id can be made, the store's clock was set back, and nothing written under this id would count.
  if (head.delta !== undefined && head.delta >= minted.id && state.mintAbove(head.delta)) return AGAIN
  state.adopt(upload, head, view.listing.date)
  if (state.isMine(head) && state.isSlow(upload)) return { kind: 'kept' }
  const placement = await putOver(session, upload, head, { ...placing, replaced: head.replaced })
  return placement.kind === 'renewed' ? { kind: 'adopted' } : placement
}

/**
 * Writes an archive under the id of this attempt: over the one that `head` shows or, without `head`, where there is
 * none. `replaced` is what its metadata say about the archive that it replaced.
 *
 * Cost: one PUT; when no answer came, also a HEAD.
 */
export async function putOver(
  session: Session,
  upload: ChartUpload,
  head: ArchiveHead | undefined,
  { contentType, minted, replaced }: Placing & Pick<ArchiveHead, 'replaced'>,
): Promise<Placement> {
  if (!minted.isFresh()) return AGAIN
  const when = head === undefined ? 'absent' : { match: head.etag }
  const put = await putArchive(session, upload, { delta: minted.id, replaced }, { when, contentType })
  const kind = head === undefined ? 'created' : head.digest === upload.digest ? 'renewed' : 'replaced'
  if (kind === 'replaced' && put.outcome !== 'refused') session.changes.replaced(upload)
  const done: Placement = { kind }
  if (put.outcome === 'written') return done
  if (put.outcome === 'refused' || put.outcome === 'expired') return AGAIN
  const now = await headArchive(session, archiveKey(session.location, upload))
  return now?.delta === minted.id ? done : AGAIN
}

/**
 * Decides what to do about an archive with other bytes. Only the index tells whether the version exists. When no entry
 * names it, its push may still be about to write one. After some time that push must have died; then the archive is
 * removed as `prune --orphans` removes it.
 */
async function giveWayOrClear(
  session: Session,
  upload: ChartUpload,
  head: ArchiveHead,
  state: PushState,
): Promise<Placement> {
  const view = await readView(session, { wanted: entriesAndOwnersOf([upload]) })
  const obstacle = await obstacleTo(session, upload, view, state)
  if (obstacle !== undefined) return obstacle
  const owner = otherOwner(await publishedLocation(session), view.index, upload, head)
  if (owner !== undefined) return { kind: 'taken', owner }
  const left = head.lastModified + PUSH_MAY_LIVE - view.base.date
  if (left > 0) return { kind: 'wait', waiting: { on: 'push', left } }
  const key = archiveKey(session.location, upload)
  await clearOrphans(session, [{ key, digest: head.digest, writer: head }], { isOwn: false })
  const now = await headArchive(session, key)
  const stays = now?.delta === head.delta && now?.digest === head.digest
  return stays && state.noteNotCleared(upload) ? { kind: 'orphan', head } : AGAIN
}

/**
 * Why a version cannot be pushed now: it is in the index through another push, or a deletion of it may be under way.
 */
async function obstacleTo(
  session: Session,
  upload: ChartUpload,
  view: View,
  state: PushState,
): Promise<Placement | undefined> {
  const entry = view.index.find(upload)
  if (entry !== undefined && !state.isMyEntry(entry)) return { kind: 'exists', entry }
  const left = timeToSettle(await findRemovals(session, view, upload, new Set()), view)
  return left > 0 ? { kind: 'wait', waiting: { on: 'removal', left } } : undefined
}
