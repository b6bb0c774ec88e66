import pLimit from 'p-limit'
import { type Addition, type Delta, lastWords } from '../../core/log/delta.ts'
import { type Entry, removalOf, versionKey } from '../../core/log/entry.ts'
import { type Key, isArchiveKey } from '../../core/keys.ts'
import { type ReindexChange, stillHolds } from '../../core/reindex/reindex-change.ts'
import type { SeenArchive } from '../../core/reindex/seen-archive.ts'
import { MAX_DELTA } from '../../text/size-limits.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import { appendDelta } from '../write/append-delta.ts'
import { attempts } from '../session/attempts.ts'
import type { CommittedDelta } from '../session/committed.ts'
import { headArchive } from '../archives/head-archive.ts'
import { CONCURRENCY, LATE_RETRIES } from '../session/limits.ts'
import { listArchivesUnder, seenArchive } from '../archives/list-archives.ts'
import type { PushState } from '../push/push-state.ts'
import { type View, readView } from '../read/read-view.ts'
import { findAllRemovals, isUnsettled } from '../read/removals.ts'
import type { Session } from '../session/session.ts'
import { type Claim, hasItsEntry, settle } from '../push/settle.ts'

/**
 * The changes that were committed, and those that were left out because other clients are changing the same versions.
 */
export interface CommittedChanges {
  readonly changes: readonly ReindexChange[]
  readonly left: readonly ReindexChange[]
  /** The delta; undefined when no change was left to commit. */
  readonly committed: CommittedDelta | undefined
}

const SETTLED_AT_ONCE = 8

/**
 * Commits a part of a reindex as one delta. A second look at index and archives drops each change whose entry or
 * archive is no longer as the plan has seen it, and each version that has a removal in `index.d/`, because its archive
 * may be about to be deleted.
 *
 * Every entry is added with `addedIfAbsent`; an entry that is to be replaced is removed in the same delta, as it was
 * seen. So a change that others commit in the meantime is never overwritten. Afterwards a third look finds the versions
 * that other clients have crossed all the same, and settles them.
 *
 * Cost: LIST, two views, the listing of the keys concerned twice, PUT of the delta; a HEAD for each key in a folder.
 * @throws HelmS3Error `conflict` when the store is too slow, `outcome-unknown`
 */
export async function commitChanges(
  session: Session,
  changes: readonly ReindexChange[],
  state: PushState,
): Promise<CommittedChanges> {
  if (changes.length === 0) return { changes: [], left: [], committed: undefined }
  const attempted = new Set<ReindexChange>()
  for await (const _ of attempts(session, LATE_RETRIES)) {
    const minted = await state.mint(session)
    const kept = await dropChanged(session, changes, state)
    const delta = deltaOf(kept)
    for (const change of kept) attempted.add(change)
    if (kept.length > 0 && (await appendDelta(session, minted, delta)).outcome === 'expired') continue
    const view = await settleCrossed(session, [...attempted], state)
    const newerDeltas = view.listing.deltas.filter(({ id }) => id > minted.id).length
    const left = changes.filter((change) => !attempted.has(change))
    return {
      changes: [...attempted],
      left,
      committed: kept.length === 0 ? undefined : { id: minted.id, delta, newerDeltas },
    }
  }
  throw new HelmS3Error('conflict', 'the store was too slow for a part of the reindex to be written in time', {
    hint: 'what was added before stays; run it again to go on',
  })
}

/**
 * Drops the changes that no longer hold. The view is read before the archives are listed: so an entry whose archive is
 * then missing is certain to dangle.
 */
async function dropChanged(
  session: Session,
  changes: readonly ReindexChange[],
  state: PushState,
): Promise<readonly ReindexChange[]> {
  const view = await readView(session)
  const archives = new Map([...(await listOf(session, changes)), ...(await lookInFolders(session, changes))])
  const removals = await findAllRemovals(session, view, changes, state.mine)
  const isRemoved = (change: ReindexChange): boolean =>
    removals.get(versionKey(change))?.some((removal) => removal.isCertain || isUnsettled(removal, view)) === true
  return changes.filter((change) => stillHolds(change, view.index, archives) && !isRemoved(change))
}

/** The archives in folders, for entries that may lack theirs. Cost: a HEAD for each. */
async function lookInFolders(
  session: Session,
  changes: readonly ReindexChange[],
): Promise<ReadonlyMap<Key, SeenArchive>> {
  const keys = changes.flatMap(({ key }) => (isArchiveKey(session.location, key) ? [] : [key]))
  const limit = pLimit(CONCURRENCY)
  const heads = await Promise.all(keys.map((key) => limit(() => session.store.head(key))))
  return new Map(heads.flatMap((head) => (head === undefined ? [] : [[head.key, seenArchive(head)] as const])))
}

/** The changes in their order, in parts that each fit into one delta. */
export function inParts(
  changes: readonly ReindexChange[],
  most = MAX_DELTA / 2,
): readonly (readonly ReindexChange[])[] {
  const parts: ReindexChange[][] = [[]]
  let size = 0
  for (const change of changes) {
    const { added, removed } = deltaOf([change])
    const bytes = Buffer.byteLength(JSON.stringify([added, removed]))
    size += bytes
    if (size > most) {
      parts.push([])
      size = bytes
    }
    parts.at(-1)?.push(change)
  }
  return parts
}

/** The delta that makes these changes. */
export function deltaOf(changes: readonly ReindexChange[]): Delta {
  return {
    added: changes.flatMap(({ entry }): Addition[] => (entry === undefined ? [] : [{ entry, ifAbsent: true }])),
    removed: changes.flatMap(({ seen }) => (seen === undefined ? [] : [removalOf(seen)])),
  }
}

/**
 * Looks whether each entry is in the index and its archive is the one that it was made for. Settles the versions for
 * which that is not certain.
 */
async function settleCrossed(session: Session, changes: readonly ReindexChange[], state: PushState): Promise<View> {
  const view = await readView(session)
  const archives = await listOf(session, changes)
  const removals = await findAllRemovals(session, view, changes, new Set())
  const words = lastWords(view.pending)
  const limit = pLimit(SETTLED_AT_ONCE)
  const settleOne = async (change: ReindexChange, entry: Entry): Promise<void> => {
    const claim = claimOf(change, entry)
    const isAsSeen = archives.get(change.key)?.etag === change.archive?.etag
    const isBeingRemoved = removals.get(versionKey(change))?.some((removal) => isUnsettled(removal, view)) === true
    if (isAsSeen && !isBeingRemoved && hasItsEntry(view, claim, state, words)) return
    await limit(() => settleChange(session, claim, entry, state))
  }
  await Promise.all(changes.flatMap((change) => (change.entry === undefined ? [] : [settleOne(change, change.entry)])))
  return view
}

/**
 * Settles one change. When another push has replaced the archive in the meantime, that push answers for it; if the push
 * has died, the next reindex finds the archive.
 */
async function settleChange(session: Session, claim: Claim, entry: Entry, state: PushState): Promise<void> {
  const head = await headArchive(session, claim.key)
  if (head?.digest === claim.digest) state.speakFor(claim, head)
  try {
    if ((await settle(session, claim, entry, state)) === 'again') await withdraw(session, entry, state)
  } catch (error) {
    if (!hasCode(error, 'conflict')) throw error
  }
}

/** Removes an entry again whose archive was deleted while the entry was committed. */
async function withdraw(session: Session, entry: Entry, state: PushState): Promise<void> {
  for await (const _ of attempts(session, LATE_RETRIES)) {
    const minted = await state.mint(session)
    const view = await readView(session)
    const present = view.index.find(entry)
    if (present?.digest !== entry.digest || present?.created !== entry.created) return
    const withdrawn = await appendDelta(session, minted, { added: [], removed: [removalOf(entry)] })
    if (withdrawn.outcome === 'committed') return
  }
}

function claimOf({ key }: ReindexChange, { name, version, digest = '' }: Entry): Claim {
  return { name, version, digest, key }
}

function listOf(session: Session, changes: readonly ReindexChange[]): Promise<ReadonlyMap<Key, SeenArchive>> {
  return listArchivesUnder(
    session,
    changes.map(({ key }) => key),
  )
}
