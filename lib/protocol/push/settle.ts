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
import { entriesOf } from '../read/wanted-charts.ts'
import { type View, readView } from '../read/read-view.ts'
import { findRemovals, timeToSettle } from '../read/removals.ts'
import type { Session } from '../session/session.ts'
import { startLimit } from '../session/stopwatch.ts'

const MAX_DELTAS = 30

/** A version whose archive the client has written or adopted, and therefore answers for. */
export interface Claim extends VersionId {
  readonly key: Key
  /** SHA-256 of the archive, lower-case hex. */
  readonly digest: string
}

/**
 * Brings the index and the archive of one version into agreement after a push that other clients may have crossed. The
 * push may be acknowledged only after that. The view is read before the HEAD, so that a change of the archive between
 * the two is seen.
 *
 * When another push has put its archive there since, that other push answers for the archive:
 *
 * - When the archive has the same bytes, this push is done once the entry is firm.
 * - With other bytes, a push by force is done when the other delta has counted and a delta of its own had counted
 *   before. If its own never counted, its archive may have been taken for that of a dead push; then it starts again.
 * - With other bytes, a push that is not by force starts again, and finds that the version exists.
 * - When the other push must have died before its delta, this push is not acknowledged.
 *
 * When the archive is there and the entry is not, the push starts again and writes both under a new id. If sending the
 * archive takes longer than an id lives, the push only adds the entry, with `addedIfAbsent`; a reindex does the same. A
 * push that has added its entry in this way waits until the entry is firm; see {@link timeToBeFirm}.
 *
 * @returns `settled` when the version is as the log says, through this push or a later one; `again` when what was seen
 *   no longer holds and nothing is settled (for a reindex: the archive is gone)
 * @throws HelmS3Error `conflict` when deletions of the version do not cease, when a forced push replaced the archive
 *   and died, or when the store's clock has been set back below the newest change of the version
 * Cost: one view and one HEAD; the same again after each wait and after each delta that it writes.
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
    const view = await readView(session, { wanted: entriesOf([claim]) })
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
    hint: 'the archive is in the repository; push it again when they have finished',
  })
}

/**
 * What it means for this push that the archive of another push is there. `unnamed`: the index does not name that
 * archive, or not yet.
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
  // A reindex promises nothing about a single version.
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
 * Whether another client may have removed an archive of this push because no entry named it. A push that came after
 * that found the version free. The announcement of such a removal may be in a delta that is folded and collected, of
 * which the content is no longer known.
 */
async function wasTakenForDead(
  session: Session,
  view: View,
  claim: Claim,
  head: ArchiveHead,
  state: PushState,
): Promise<boolean> {
  const [first] = state.writtenIds(claim)
  const others = await findRemovals(session, view, claim, state.mine)
  return others.some(({ id, isAnnouncement, isCertain }) => {
    const mayAnnounce = isAnnouncement || (!isCertain && id !== head.delta)
    return mayAnnounce && first !== undefined && id > first
  })
}

/** What must end before this push can rely on its archive and its entry; undefined: nothing. */
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
 * Milliseconds, at the most, until the entry that belongs to this archive is firm; 0: it is firm. The entry was added
 * with `addedIfAbsent`, so it gives way to a delta of a lower id that lands later. It is firm when no such delta can
 * land any more.
 *
 * Such a delta can only come from a push whose archive was replaced by this one. Where this archive replaced none,
 * there is no such push (a deletion that has removed an archive has a higher id than the push that wrote it). All of
 * these pushes minted their ids before this archive was written. Their deltas are superseded when this archive's own
 * delta, or a delta that was minted after the archive was written, has touched the version and is folded. Otherwise the
 * archive must have stood so long that each of those pushes has sent its delta or never will. Dates of objects are in
 * whole seconds, hence the extra second.
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
 * Whether a delta that adds the version unconditionally (not with `addedIfAbsent`) has counted: no delta of a higher id
 * that touches the version had been folded before it. When both were folded within one second, the resolution of the
 * store's clock, their order is not known; then the delta does not count.
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
      hint: 'decide which archive should be there, and push it with --force',
    },
  )
}

/**
 * Whether a later removal explains that both the entry and the archive are gone. A removal of other bytes does not
 * explain it: it has removed another archive, or this one by mistake. When only the folded set remembers a removal, the
 * bytes that it removed are not known; then it explains the loss if a delta of this push had counted before.
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
 * Whether the entry of a claim is in the index and no pending delta is going to change it: the highest delta that
 * touches the version is its own addition. `words`: see {@link lastWords}.
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
