import { lastWords } from '../core/delta.ts'
import { type Entry, type Removal, type VersionId, versionKey } from '../core/entry.ts'
import type { Key } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { appendDelta } from './append-delta.ts'
import { headArchive } from './head-archive.ts'
import { ID_LIFETIME, LONGEST_FLIGHT, SETTLE_PATIENCE } from './limits.ts'
import type { PushState } from './push-state.ts'
import { type View, readView } from './read-view.ts'
import { findRemovals, isUnsettled } from './removals.ts'
import type { Session } from './session.ts'

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
 * it. When the other must have died before its delta, this one is not acknowledged.
 *
 * @returns `settled`: the version is as the log says, by this push or by a later one; `archive-gone`: a deletion removed
 *   the archive although its entry stays or no later removal is known, or a slower push of a lower id has overwritten it:
 *   the push starts again
 * @throws HelmS3Error `conflict` when deletions of the version do not cease, or a forced push replaced the archive and died
 * Cost: one view and one HEAD; again after each wait and each delta of its own.
 */
export async function settle(
  session: Session,
  claim: Claim,
  entry: Entry,
  state: PushState,
): Promise<'settled' | 'archive-gone'> {
  const { clock } = session
  const giveUpAt = clock.monotonic() + SETTLE_PATIENCE
  const otherIsDeadAt = clock.monotonic() + ID_LIFETIME + LONGEST_FLIGHT
  for (let written = 0; written < MAX_DELTAS; ) {
    const view = await readView(session)
    const head = await headArchive(session, claim.key)
    if (head === undefined) return (await wasDeletedAfterMe(session, view, claim, state)) ? 'settled' : 'archive-gone'
    if (!state.isMine(head) && !state.isAdopted(claim, head)) {
      if (state.isOverwrittenFromBelow(claim, head)) return 'archive-gone'
      if (view.index.find(claim)?.digest === head.digest) return 'settled'
      if (clock.monotonic() > otherIsDeadAt) throw replacedByTheDead(claim)
      await clock.sleep(500 + session.random.fraction() * 1500)
      continue
    }

    const removals = await findRemovals(session, view, claim, new Set())
    if (removals.some((removal) => isUnsettled(removal, view))) {
      if (clock.monotonic() > giveUpAt) break
      await waitForRemoval(session, claim)
      continue
    }
    const present = view.index.find(claim)
    if (hasItsEntry(view, claim, state)) return 'settled'

    const minted = await state.mint(session, [head.delta])
    const removed = present === undefined ? [] : [removalOf(present)]
    await appendDelta(session, minted, { added: [{ entry, ifAbsent: true }], removed })
    written++
  }
  throw new HelmS3Error('conflict', `${claim.name} ${claim.version} is pushed and deleted by others all the time`, {
    hint: 'the archive is in the repository; push it again when the others have ended',
  })
}

function replacedByTheDead({ name, version }: VersionId): HelmS3Error {
  return new HelmS3Error('conflict', `${name} ${version} was replaced by a forced push that never came to its end`, {
    hint: 'look which archive you want there, and push it with --force',
  })
}

/** Lets a deletion under way come to its end. */
export async function waitForRemoval(session: Session, { name, version }: VersionId): Promise<void> {
  session.progress(`${name} ${version} is being deleted by another client; waiting for it to end`)
  await session.clock.sleep(5000 + session.random.fraction() * 10_000)
}

async function wasDeletedAfterMe(session: Session, view: View, version: VersionId, state: PushState): Promise<boolean> {
  if (view.index.find(version) !== undefined) return false
  const removals = await findRemovals(session, view, version, state.mine)
  return removals.some(({ id, isAnnouncement }) => !isAnnouncement && [...state.mine].every((mine) => id > mine))
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
