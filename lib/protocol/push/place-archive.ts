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
import { type View, readView } from '../read/read-view.ts'
import { findRemovals, timeToSettle } from '../read/removals.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'
import { putArchive } from '../write/write-archive.ts'

/** How an archive of a push came to stand in the store. */
export type Placement =
  /** Written under the id of this attempt, where there was none. */
  | { readonly kind: 'created' }
  /** Written by force under the id of this attempt over another one. */
  | { readonly kind: 'replaced' }
  /** The same, over the same bytes. */
  | { readonly kind: 'renewed' }
  /** Written under the id of this attempt over the same bytes, of a push that died or of an earlier attempt. */
  | { readonly kind: 'adopted' }
  /** An earlier attempt wrote it, and it takes longer to send than an id lives: it stays as it is. */
  | { readonly kind: 'kept' }
  /** By force, the same bytes that the index has already: no delta is needed. */
  | { readonly kind: 'refreshed' }
  /** The version is in the index: this push has lost. */
  | { readonly kind: 'exists'; readonly entry: Entry }
  /** No entry names the version, but the archive of another push stands there, and could not be removed. */
  | { readonly kind: 'orphan'; readonly head: ArchiveHead }
  /** The archive that stands there is that of another chart: this one cannot be pushed. */
  | { readonly kind: 'taken'; readonly owner: Entry }
  /** Another client is at work on the version: the push waits and starts again. */
  | { readonly kind: 'wait'; readonly waiting: Waiting }
  /** What was seen no longer holds: the push starts again from its first look. */
  | { readonly kind: 'again' }

const AGAIN: Placement = { kind: 'again' }

/** What one attempt of a push puts its archives with. */
export interface Placing {
  readonly minted: Minted
  readonly state: PushState
  readonly contentType: string
}

/**
 * Puts an archive where there is none: of several pushers of one version the store lets exactly one win. A push that
 * has started again looks first, because its own archive stands there, as a rule. Cost: one PUT; when the key is taken
 * also a HEAD and a view, and where the same bytes stand there another PUT. An archive of a push that died with other
 * bytes: see {@link clearOrphans}.
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
 * Takes over an archive with the same bytes that no entry of another push names: its push died before the delta, or was
 * an earlier attempt of this one. It is written again under the id of this attempt: whoever replaces or deletes it
 * afterwards takes an id above. Not while a deletion may be about to remove it, and only over the bytes that were seen.
 *
 * An own one that takes longer to send than an id lives would never get its delta: it stays as it is.
 */
async function adoptArchive(
  session: Session,
  upload: ChartUpload,
  head: ArchiveHead,
  placing: Placing,
): Promise<Placement> {
  const { minted, state } = placing
  const view = await readView(session)
  const obstacle = await obstacleTo(session, upload, view, state)
  if (obstacle !== undefined) return obstacle
  // Where no id can be above, the clock of the store was set back, and nothing under that one would count.
  if (head.delta !== undefined && head.delta >= minted.id && state.mintAbove(head.delta)) return AGAIN
  state.adopt(upload, head, view.listing.date)
  if (state.isMine(head) && state.isSlow(upload)) return { kind: 'kept' }
  const placement = await putOver(session, upload, head, { ...placing, replaced: head.replaced })
  return placement.kind === 'renewed' ? { kind: 'adopted' } : placement
}

/**
 * Writes an archive under the id of this attempt, over the one that `head` shows, or where there is none. `replaced`:
 * what it is to say of that one. Cost: one PUT; without an answer a HEAD.
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
 * The archive that stands there has other bytes. Only the index tells whether the version exists. Where no entry names
 * it, its push may be about to write one; after that it must have died, and the archive goes as `prune --orphans`
 * removes it.
 */
async function giveWayOrClear(
  session: Session,
  upload: ChartUpload,
  head: ArchiveHead,
  state: PushState,
): Promise<Placement> {
  const view = await readView(session)
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

/** Why a version cannot be pushed now: another push has it in the index, or a deletion of it may be under way. */
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
