import { lastWords } from '../core/delta.ts'
import { type Entry, type Removal, type VersionId, promisedDigest, underName, versionKey } from '../core/entry.ts'
import type { Key } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { appendDelta } from './append-delta.ts'
import { headArchive } from './head-archive.ts'
import { ID_LIFETIME, LONGEST_FLIGHT, SETTLE_PATIENCE } from './limits.ts'
import { clockWentBack } from './mint.ts'
import type { PushState } from './push-state.ts'
import { type View, readView } from './read-view.ts'
import { findRemovals, timeToSettle } from './removals.ts'
import type { Session } from './session.ts'
import { startLimit } from './stopwatch.ts'

const MAX_DELTAS = 30

/** The archive of a version that a client speaks for: it has written it, or adopted it. */
export interface Claim extends VersionId {
  readonly key: Key
  /** SHA-256 of the archive, lower-case hex. */
  readonly digest: string
}

/**
 * Brings index and archive of one version into agreement, after a push that others may have crossed. Only then may that
 * push be acknowledged. The view is read before the HEAD: an archive that changes in between is seen.
 *
 * An archive that another push has put there since is that push's to speak for: this one is done as soon as the index names
 * it. When the other must have died before its delta, this one is not acknowledged. But a push that had adopted the archive of
 * another, and is to replace nothing, starts again: it was taken for dead, too, and has lost.
 *
 * @returns `settled`: the version is as the log says, by this push or by a later one; `archive-gone`: a deletion removed
 *   the archive although its entry stays or no later removal is known, or a slower push of a lower id has overwritten it:
 *   the push starts again
 * @throws HelmS3Error `conflict` when deletions of the version do not cease, a forced push replaced the archive and died, or the
 *   store's clock has been set back below the newest change of the version
 * Cost: one view and one HEAD; again after each wait and each delta of its own.
 */
export async function settle(
  session: Session,
  claim: Claim,
  entry: Entry,
  state: PushState,
): Promise<'settled' | 'archive-gone'> {
  const isPatient = startLimit(session, SETTLE_PATIENCE)
  const mayOtherLive = startLimit(session, ID_LIFETIME + LONGEST_FLIGHT)
  for (let written = 0; written < MAX_DELTAS; ) {
    const view = await readView(session)
    const head = await headArchive(session, claim.key)
    if (head === undefined) return (await wasDeletedAfterMe(session, view, claim, state)) ? 'settled' : 'archive-gone'
    if (!state.isMine(head) && !state.isAdopted(claim, head)) {
      if (state.isOverwrittenFromBelow(claim, head)) return 'archive-gone'
      if (state.kind === 'push' && state.hasAdopted(claim)) return 'archive-gone'
      if (promisedDigest(view.index.find(claim)?.digest) === head.digest) return 'settled'
      if (!mayOtherLive()) throw replacedByTheDead(claim)
      await state.wait(session, claim, { on: 'push', left: ID_LIFETIME + LONGEST_FLIGHT })
      continue
    }

    const left = timeToSettle(await findRemovals(session, view, claim, new Set()), view)
    if (left > 0) {
      if (!isPatient()) break
      await state.wait(session, claim, { on: 'removal', left })
      continue
    }
    const present = view.index.find(claim)
    if (hasItsEntry(view, claim, state)) return 'settled'

    const minted = await state.mint(session, [head.delta])
    if (minted.isBelowBy > 0) throw clockWentBack(claim, minted.isBelowBy)
    const removed = present === undefined ? [] : [removalOf(underName(claim.name, present))]
    state.noteEntry(entry)
    await appendDelta(session, minted, { added: [{ entry, ifAbsent: true }], removed })
    written++
  }
  throw new HelmS3Error('conflict', `other clients keep pushing and deleting ${claim.name} ${claim.version}`, {
    hint: 'the archive is in the repository; push it again when the others have ended',
  })
}

function replacedByTheDead({ name, version }: VersionId): HelmS3Error {
  return new HelmS3Error('conflict', `an interrupted \`push --force\` left another archive of ${name} ${version} in its place`, {
    hint: 'look which archive you want there, and push it with --force',
  })
}

/**
 * Whether a later removal explains that entry and archive are gone. One of other bytes does not: it has taken another archive, or this
 * one by mistake. Where only the folded set remembers it, its bytes are not known: then it counts when a delta of mine was folded
 * before it or with it, and so was in the index until then.
 */
async function wasDeletedAfterMe(session: Session, view: View, claim: Claim, state: PushState): Promise<boolean> {
  if (view.index.find(claim) !== undefined) return false
  const { folded } = view.base.index.bookkeeping
  const mine = [...state.mine]
  const wasThereBefore = (at: number): boolean => mine.some((id) => (folded.get(id)?.at ?? Infinity) <= at)
  const removals = await findRemovals(session, view, claim, state.mine)
  return removals.some(({ at, digest, id, isAnnouncement, isCertain }) => {
    if (isAnnouncement || !mine.every((each) => id > each)) return false
    return isCertain ? digest === undefined || digest === claim.digest : wasThereBefore(at)
  })
}

/**
 * Whether the entry of a claim stands, and nothing pending is going to change it: the highest delta that touches the version
 * is its addition. `words`: see {@link lastWords}.
 */
export function hasItsEntry(view: View, claim: Claim, state: PushState, words = lastWords(view.pending)): boolean {
  if (view.index.find(claim)?.digest !== claim.digest) return false
  const last = words.get(versionKey(claim))
  if (last === undefined) return true
  return last.addition?.entry.digest === claim.digest && (!last.addition.ifAbsent || state.mine.has(last.id))
}

/** The removal of exactly this entry. */
export function removalOf({ name, version, digest, created }: Entry): Removal {
  return {
    name,
    version,
    ...(digest === undefined ? {} : { digest }),
    ...(created === undefined ? {} : { created }),
  }
}
