import type { FoldedDelta } from '../core/bookkeeping.ts'
import { lastWords, touches } from '../core/delta.ts'
import type { DeltaId } from '../core/delta-id.ts'
import { type Entry, type Removal, type VersionId, versionKey } from '../core/entry.ts'
import type { Key } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { appendDelta } from './append-delta.ts'
import { type ArchiveHead, headArchive } from './head-archive.ts'
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
 * it, when its own entry was in the index before. When it never was, the other one has taken it for dead, and it starts
 * again. When the other must have died before its delta, this one is not acknowledged.
 *
 * A push that has the archive and not the entry starts again, and writes both under a new id. Who cannot write the archive
 * again (a reindex has no bytes, a large archive takes longer than an id lives) adds the entry where there is none.
 *
 * @returns `settled`: the version is as the log says, by this push or by a later one; `again`: neither holds, and what
 *   was seen no longer does; of a reindex: the archive is gone
 * @throws HelmS3Error `conflict` when deletions of the version do not cease, a forced push replaced the archive and died, or the
 *   store's clock has been set back below the newest change of the version
 * Cost: one view and one HEAD; again after each wait and each delta of its own.
 */
export async function settle(
  session: Session,
  claim: Claim,
  entry: Entry,
  state: PushState,
): Promise<'settled' | 'again'> {
  const isPatient = startLimit(session, SETTLE_PATIENCE)
  const mayOtherLive = startLimit(session, ID_LIFETIME + LONGEST_FLIGHT)
  for (let written = 0; written < MAX_DELTAS; ) {
    const view = await readView(session)
    const head = await headArchive(session, claim.key)
    if (head === undefined) return (await wasDeletedAfterMe(session, view, claim, state)) ? 'settled' : 'again'
    if (!state.isMine(head) && !state.isAdopted(claim, head)) {
      if (state.isOverwrittenFromBelow(claim, head)) return 'again'
      if (view.index.find(claim)?.digest === head.digest) return isExplained(view, claim, head, state) ? 'settled' : 'again'
      if (!mayOtherLive()) throw replacedByTheDead(claim)
      await state.wait(session, claim, { on: 'push', left: ID_LIFETIME + LONGEST_FLIGHT })
      continue
    }

    const isStanding = hasItsEntry(view, claim, state)
    const onRemoval = timeToSettle(await findRemovals(session, view, claim, new Set()), view)
    const onOthers = isStanding ? state.timeToBeFinal(view.base.date) : 0
    if (onRemoval > 0 || onOthers > 0) {
      if (!isPatient()) break
      await state.wait(session, claim, onRemoval > 0 ? { on: 'removal', left: onRemoval } : { on: 'push', left: onOthers })
      continue
    }
    if (isStanding) return 'settled'
    if (state.kind !== 'reindex' && !state.isSlow(claim)) return 'again'

    const present = view.index.find(claim)
    const minted = await state.mint(session, [head.delta])
    if (minted.isBelowBy > 0) throw clockWentBack(claim, minted.isBelowBy)
    const removed = present === undefined ? [] : [removalOf(present)]
    state.noteEntry(entry)
    const appended = await appendDelta(session, minted, { added: [{ entry, ifAbsent: true }], removed })
    if (appended.outcome === 'committed' && state.kind !== 'reindex') {
      state.noteGivesWay(appended.landedAt ?? session.storeClock.now())
    }
    written++
  }
  throw new HelmS3Error('conflict', `other clients keep pushing and deleting ${claim.name} ${claim.version}`, {
    hint: 'the archive is in the repository; push it again when the others have ended',
  })
}

/**
 * Whether this push may leave a version to the other one whose archive and entry stand there: the bytes are the same, or
 * it was in effect before. (Else it may have been taken for dead: then the other one found the version absent, and no
 * order of the two is right.) A reindex promises nothing of one version.
 */
function isExplained(view: View, claim: Claim, head: ArchiveHead, state: PushState): boolean {
  if (state.kind === 'reindex' || head.digest === claim.digest) return true
  return [...state.writtenIds(claim)].some((id) => wasInEffect(view, claim, id))
}

/**
 * Whether a delta that adds the version has counted: nothing above it that touches the version had been folded before it
 * was. Of two folded within one second, the resolution of the store's clock, nobody knows, and it has not.
 */
function wasInEffect({ base, pending }: View, version: VersionId, id: DeltaId): boolean {
  const { folded } = base.index.bookkeeping
  const key = versionKey(version)
  const isTouchedBy = ({ touched }: FoldedDelta): boolean => touched === '*' || touched.some((each) => versionKey(each) === key)
  const own = folded.get(id)
  const isPending = pending.some((delta) => delta.id === id && touches(delta, version))
  if (!isPending && (own === undefined || !isTouchedBy(own))) return false
  return ![...folded].some(([other, each]) => other > id && isTouchedBy(each) && (own === undefined || each.at <= own.at))
}

function replacedByTheDead({ name, version }: VersionId): HelmS3Error {
  return new HelmS3Error('conflict', `an interrupted \`push --force\` left another archive of ${name} ${version} in its place`, {
    hint: 'look which archive you want there, and push it with --force',
  })
}

/**
 * Whether a later removal explains that entry and archive are gone. One of other bytes does not: it has taken another archive, or this
 * one by mistake. Where only the folded set remembers it, its bytes are not known: then it counts when a delta of mine was in effect
 * before it.
 */
async function wasDeletedAfterMe(session: Session, view: View, claim: Claim, state: PushState): Promise<boolean> {
  if (view.index.find(claim) !== undefined) return false
  const { folded } = view.base.index.bookkeeping
  const mine = [...state.mine]
  const inEffect = [...state.writtenIds(claim)].filter((id) => wasInEffect(view, claim, id))
  const wasThereBefore = (at: number): boolean => inEffect.some((id) => (folded.get(id)?.at ?? Infinity) <= at)
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
export function hasItsEntry(view: View, claim: Omit<Claim, 'key'>, state: PushState, words = lastWords(view.pending)): boolean {
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
