import { archiveKey } from '../core/keys.ts'
import type { ChartUpload } from './chart-upload.ts'
import { type ArchiveHead, headArchive } from './head-archive.ts'
import type { Minted } from './mint.ts'
import type { PushState } from './push-state.ts'
import { type View, readView } from './read-view.ts'
import { findRemovals, isUnsettled } from './removals.ts'
import type { Session } from './session.ts'
import { putArchive } from './write-archive.ts'

/**
 * How an archive of a push came to stand in the store.
 * - `created`: written under the id of this attempt, where there was none.
 * - `replaced`: written by force over another one.
 * - `mine-before`: an earlier attempt of this push wrote it.
 * - `adopted`: another push wrote the same bytes and died before its delta.
 * - `refreshed`: by force, the same bytes that the index has already: no delta is needed.
 * - `exists`: somebody else's; this push has lost.
 * - `being-deleted`: a deletion of this version may be about to remove it; the push waits and starts again.
 * - `again`: what was seen no longer holds; the push starts again from its first look.
 */
export type Placement = 'created' | 'replaced' | 'mine-before' | 'adopted' | 'refreshed' | 'exists' | 'being-deleted' | 'again'

const MAX_SENDS = 12

/**
 * Puts an archive where there is none: of several pushers of one version the store lets exactly one win. A push that has
 * started again looks first: a large archive may take longer to send than an id lives.
 * Cost: one PUT; when the key is taken also a HEAD, and a view when it is taken by the same bytes.
 */
export async function placeNewArchive(
  session: Session,
  upload: ChartUpload,
  minted: Minted,
  state: PushState,
  contentType: string,
): Promise<Placement> {
  if (state.isRestart) {
    const head = await headArchive(session, archiveKey(session.location, upload))
    if (head !== undefined && state.isMine(head)) return 'mine-before'
  }
  for (let send = 0; send < MAX_SENDS; send++) {
    if (!minted.isFresh()) return 'again'
    const put = await putArchive(session, upload, minted.id, { when: 'absent', contentType })
    if (put.outcome === 'written') return 'created'
    const head = await headArchive(session, archiveKey(session.location, upload))
    if (head === undefined) {
      if (put.outcome === 'refused' || put.outcome === 'expired') return 'again'
      await session.clock.sleep(100 + session.random.fraction() * 400)
      continue
    }
    if (state.isMine(head)) return head.delta === minted.id ? 'created' : 'mine-before'
    if (head.digest !== upload.digest) return 'exists'
    return adoptArchive(session, upload, head, await readView(session), state)
  }
  return 'again'
}

/**
 * Takes over an archive with the same bytes that no entry names: its push died before the delta. But not while a deletion
 * may be about to remove it, and not when yet another push has written it meanwhile (the HEAD comes after the view).
 */
export async function adoptArchive(
  session: Session,
  upload: ChartUpload,
  head: ArchiveHead,
  view: View,
  state: PushState,
): Promise<Placement> {
  if (view.index.find(upload) !== undefined) return 'exists'
  const removals = await findRemovals(session, view, upload, new Set())
  if (removals.some((removal) => isUnsettled(removal, view))) return 'being-deleted'
  const now = await headArchive(session, archiveKey(session.location, upload))
  if (now === undefined || now.delta !== head.delta) return 'again'
  state.adopt(upload, now)
  return 'adopted'
}
