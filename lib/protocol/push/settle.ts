import type { FoldedDelta } from '../../core/log/bookkeeping.ts'
import { type Addition, lastWords } from '../../core/log/delta.ts'
import { type DeltaId, deltaTime } from '../../core/log/delta-id.ts'
import { type Entry, type VersionId, promisedDigest, removalOf, underName, versionKey } from '../../core/log/entry.ts'
import type { Key } from '../../core/keys.ts'
import { NO_ID } from '../../core/object-metadata.ts'
import { HelmS3Error } from '../../errors.ts'
import { appendDelta } from '../write/append-delta.ts'
import { type ArchiveHead, headArchive } from '../archives/head-archive.ts'
import { PUSH_MAY_LIVE, SETTLE_PATIENCE } from '../session/limits.ts'
import { clockWentBack } from '../write/mint.ts'
import type { Adopted, PushState, Waiting } from './push-state.ts'
import { type View, readView } from '../read/read-view.ts'
import { findRemovals, timeToSettle } from '../read/removals.ts'
import type { Session } from '../session/session.ts'
import { startLimit } from '../session/stopwatch.ts'

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
 * An archive that another push has put there since is that push's to speak for. A push by force is done when the delta
 * of the other one stands and its own was in effect before; one that never was in effect may have been taken for dead,
 * and starts again, and so does a push that is to replace nothing: it finds the version in the index. When the other
 * must have died before its delta, this one is not acknowledged.
 *
 * A push that has the archive and not the entry starts again, and writes both under a new id. Where that would take
 * longer than an id lives it adds the entry where there is none, and so does a reindex. A push that has added its entry
 * so waits until that is firm: see {@link timeToBeFirm}.
 *
 * @returns `settled`: the version is as the log says, by this push or by a later one; `again`: neither holds, and what
 *   was seen no longer does; of a reindex: the archive is gone
 * @throws HelmS3Error `conflict` when deletions of the version do not cease, a forced push replaced the archive and
 *   died, or the store's clock has been set back below the newest change of the version
 * Cost: one view and one HEAD; again after each wait and each delta of its own.
 */
export async function settle(
  session: Session,
  claim: Claim,
  entry: Entry,
  state: PushState,
): Promise<'settled' | 'again'> {
  const isPatient = startLimit(session, SETTLE_PATIENCE)
  const mayOtherLive = startLimit(session, PUSH_MAY_LIVE)
  for (let written = 0; written < MAX_DELTAS;) {
    const view = await readView(session)
    const head = await headArchive(session, claim.key)
    if (head === undefined) return (await wasDeletedAfterMe(session, view, claim, state)) ? 'settled' : 'again'
    if (!state.isMine(head) && !state.isSpokenFor(claim, head)) {
      const verdict = await judgeOther(session, view, claim, head, state)
      if (verdict === 'settled' || verdict === 'again') return verdict
      if (verdict === 'unnamed' && !mayOtherLive()) throw replacedByTheDead(claim)
      const left = verdict === 'unnamed' ? PUSH_MAY_LIVE : verdict.left
      await state.wait(session, claim, { on: 'push', left })
      continue
    }

    const isStanding = hasItsEntry(view, claim, state)
    const waiting = await whatToWaitFor(session, view, claim, head, { state, isStanding })
    if (waiting !== undefined) {
      if (!isPatient()) break
      await state.wait(session, claim, waiting)
      continue
    }
    if (isStanding) return 'settled'
    if (state.kind !== 'reindex' && !state.isSlow(claim)) return 'again'

    const present = view.index.find(claim)
    const minted = await state.mint(session, [head.delta])
    if (minted.isBelowBy > 0) throw clockWentBack(claim, minted.isBelowBy)
    const removed = present === undefined ? [] : [removalOf(underName(claim.name, present))]
    const addition = { entry, ifAbsent: true }
    state.noteAddition(addition)
    if (state.isMine(head)) state.adopt(claim, head, view.listing.date)
    await appendDelta(session, minted, { added: [addition], removed })
    written++
  }
  throw new HelmS3Error('conflict', `other clients keep pushing and deleting ${claim.name} ${claim.version}`, {
    hint: 'the archive is in the repository; push it again when the others have ended',
  })
}

/**
 * Where the archive of another push stands: what that means for this one. `unnamed`: the index does not name it (yet).
 */
async function judgeOther(
  session: Session,
  view: View,
  claim: Claim,
  head: ArchiveHead,
  state: PushState,
): Promise<'settled' | 'again' | 'unnamed' | Waiting> {
  if (state.isOverwrittenFromBelow(claim, head)) return 'again'
  if (promisedDigest(view.index.find(claim)?.digest) !== head.digest) return 'unnamed'
  // A reindex promises nothing of one version.
  if (state.kind === 'reindex') return 'settled'
  if (head.digest === claim.digest) {
    const left = timeToBeFirm(view, claim, head)
    return left === 0 ? 'settled' : { on: 'push', left }
  }
  const hasCommitted = head.delta !== undefined && wasInEffect(view, claim, head.delta)
  const wasThere = [...state.writtenIds(claim)].some((id) => wasInEffect(view, claim, id))
  if (state.kind !== 'force' || !hasCommitted || !wasThere) return 'again'
  return (await wasTakenForDead(session, view, claim, head, state)) ? 'again' : 'settled'
}

/**
 * Whether somebody may have removed an archive of this push as one that no entry names: who pushed after that took the
 * version for free. A delta that is folded and collected may have announced it.
 */
async function wasTakenForDead(
  session: Session,
  view: View,
  claim: Claim,
  head: ArchiveHead,
  state: PushState,
): Promise<boolean> {
  const first = [...state.writtenIds(claim)].at(0)
  const others = await findRemovals(session, view, claim, state.mine)
  const mayAnnounce = others.filter(
    ({ id, isAnnouncement, isCertain }) => isAnnouncement || (!isCertain && id !== head.delta),
  )
  return mayAnnounce.some(({ id }) => first !== undefined && id > first)
}

/** What must end before the archive and the entry of this push can be relied on. */
async function whatToWaitFor(
  session: Session,
  view: View,
  claim: Claim,
  head: ArchiveHead,
  { isStanding, state }: { readonly isStanding: boolean; readonly state: PushState },
): Promise<Waiting | undefined> {
  const onRemoval = timeToSettle(await findRemovals(session, view, claim, new Set()), view)
  if (onRemoval > 0) return { on: 'removal', left: onRemoval }
  if (!isStanding || state.kind === 'reindex' || !state.givesWay(claim)) return undefined
  const left = timeToBeFirm(view, claim, state.adopted(claim) ?? head)
  return left > 0 ? { on: 'push', left } : undefined
}

/**
 * Milliseconds until an entry that was added if absent, beside this archive, gives way to no delta of a lower id any
 * more, at the most; 0: it is firm. What could still land is of pushes whose archives this one has replaced: where it
 * was put in the place of none there is none (a deletion that has taken an archive has a higher id than its push). The
 * others have been minted before this archive was written. They are superseded when something that was minted after it,
 * or this archive's own delta, has touched the version and is folded. Else the archive must have stood for so long that
 * each of them has sent its delta, or never will. (Dates of objects are in whole seconds.)
 */
export function timeToBeFirm(view: View, version: VersionId, { delta, lastModified, replaced }: Adopted): number {
  if (replaced === undefined) return 0
  const { base, listing, pending } = view
  const key = versionKey(version)
  const lowest = replaced === NO_ID ? delta : replaced
  const isAfter = (id: DeltaId): boolean => deltaTime(id) > lastModified + 1000
  const covers = (id: DeltaId): boolean => id === delta || (lowest !== undefined && id >= lowest && isAfter(id))
  const isFolded = [...base.index.bookkeeping.folded].some(([id, each]) => covers(id) && isTouchedBy(each, key))
  const owners: readonly (DeltaId | string | undefined)[] = [delta, replaced]
  const isPending = pending.some(
    ({ added, id }) => owners.includes(id) && added.some((each) => addsInAnyCase(each, key)),
  )
  return isFolded || isPending ? 0 : Math.max(0, lastModified + 1000 + PUSH_MAY_LIVE - listing.date)
}

function isTouchedBy({ touched }: FoldedDelta, key: string): boolean {
  return touched === '*' || touched.some((each) => versionKey(each) === key)
}

function addsInAnyCase({ entry, ifAbsent }: Addition, key: string): boolean {
  return !ifAbsent && versionKey(entry) === key
}

/**
 * Whether a delta that adds the version in any case has counted: nothing above it that touches the version had been
 * folded before it was. Of two folded within one second, the resolution of the store's clock, nobody knows, and it has
 * not.
 */
function wasInEffect({ base, pending }: View, version: VersionId, id: DeltaId): boolean {
  const { folded } = base.index.bookkeeping
  const key = versionKey(version)
  const own = folded.get(id)
  const isPending = pending.some((delta) => delta.id === id && delta.added.some((each) => addsInAnyCase(each, key)))
  if (!isPending && (own === undefined || !isTouchedBy(own, key))) return false
  const isBefore = (each: FoldedDelta): boolean => own === undefined || each.at <= own.at
  return ![...folded].some(([other, each]) => other > id && isTouchedBy(each, key) && isBefore(each))
}

function replacedByTheDead({ name, version }: VersionId): HelmS3Error {
  return new HelmS3Error(
    'conflict',
    `an interrupted \`push --force\` left another archive of ${name} ${version} in its place`,
    {
      hint: 'look which archive you want there, and push it with --force',
    },
  )
}

/**
 * Whether a later removal explains that entry and archive are gone. One of other bytes does not: it has taken another
 * archive, or this one by mistake. Where only the folded set remembers it, its bytes are not known: then it counts when
 * a delta of mine was in effect before it.
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
 * Whether the entry of a claim stands, and nothing pending is going to change it: the highest delta that touches the
 * version is its addition. `words`: see {@link lastWords}.
 */
export function hasItsEntry(
  view: View,
  claim: Omit<Claim, 'key'>,
  state: PushState,
  words = lastWords(view.pending),
): boolean {
  if (view.index.find(claim)?.digest !== claim.digest) return false
  const last = words.get(versionKey(claim))
  if (last === undefined) return true
  return last.addition?.entry.digest === claim.digest && (!last.addition.ifAbsent || state.mine.has(last.id))
}
