import pLimit from 'p-limit'
import { type StoredDelta, removedForGood } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { type VersionId, isAnnouncement, promisedDigest, versionKey } from '../../core/log/entry.ts'
import { CONCURRENCY, REMOVAL_SETTLES } from '../session/limits.ts'
import type { ListedDelta } from './list-deltas.ts'
import { readDelta } from './read-delta.ts'
import type { View } from './read-view.ts'
import type { Session } from '../session/session.ts'

/** A delta that removes a version and does not also add it, as far as its traces show it. */
export interface KnownRemoval {
  readonly id: DeltaId
  /** The latest time at which it can have landed: store clock, milliseconds since 1970. */
  readonly at: number
  /**
   * False when the delta is folded and collected: it may have been an addition, because the folded set does not tell.
   */
  readonly isCertain: boolean
  /**
   * SHA-256 of the archive that it removed, lower-case hex; undefined when that is not known or the entry had no
   * digest.
   */
  readonly digest: string | undefined
  /** Whether it only announces the deletion of an archive without an entry, and has removed no version. */
  readonly isAnnouncement: boolean
  /** Whether its client has said that all its DELETEs were answered. */
  readonly hasEnded: boolean
}

/**
 * The removals of a version that still have traces: those that are pending, those that are folded and still listed, and
 * those that are folded and collected. `except`: ids to leave out.
 * Cost: one GET for each folded, listed delta that touched the version; usually there is none.
 */
export async function findRemovals(
  session: Session,
  view: View,
  version: VersionId,
  except: ReadonlySet<DeltaId>,
): Promise<readonly KnownRemoval[]> {
  return (await findAllRemovals(session, view, [version], except)).get(versionKey(version)) ?? []
}

/**
 * The removals of many versions, by version key; see {@link findRemovals}. Cost: one GET for each folded, listed delta
 * that touched any of them.
 */
export async function findAllRemovals(
  session: Session,
  view: View,
  versions: readonly VersionId[],
  except: ReadonlySet<DeltaId>,
): Promise<ReadonlyMap<string, readonly KnownRemoval[]>> {
  const wanted = new Set(versions.map(versionKey))
  const removals = new Map<string, KnownRemoval[]>()
  const note = (keys: readonly string[], removal: KnownRemoval): void => {
    for (const key of except.has(removal.id) ? [] : keys) {
      const known = removals.get(key)
      if (!wanted.has(key)) continue
      if (known === undefined) removals.set(key, [removal])
      else known.push(removal)
    }
  }
  const { folded } = view.base.index.bookkeeping
  const hasEnded = (id: DeltaId): boolean => session.knownIds.ended.has(id) || folded.get(id)?.hasEnded === true
  const noteDelta = (delta: StoredDelta): void => {
    const known = { id: delta.id, at: delta.lastModified, isCertain: true, hasEnded: hasEnded(delta.id) }
    for (const removal of removedForGood(delta))
      note([versionKey(removal)], {
        ...known,
        digest: promisedDigest(removal.digest) ?? removal.digest,
        isAnnouncement: isAnnouncement(removal),
      })
  }
  view.pending.forEach(noteDelta)

  const listed = new Map(view.listing.deltas.map((delta) => [delta.id, delta]))
  const toRead: ListedDelta[] = []
  for (const [id, { at, touched }] of folded) {
    const keys = touched === '*' ? [...wanted] : touched.map(versionKey).filter((key) => wanted.has(key))
    const delta = listed.get(id)
    if (keys.length === 0) continue
    if (delta === undefined)
      note(keys, { id, at, digest: undefined, isCertain: false, isAnnouncement: false, hasEnded: hasEnded(id) })
    else toRead.push(delta)
  }
  const limit = pLimit(CONCURRENCY)
  const read = await Promise.all(toRead.map((delta) => limit(() => readDelta(session, delta))))
  for (const each of read) {
    if (each.outcome === 'delta') noteDelta(each.delta)
  }
  return removals
}

/** Whether a removal may still be deleting its archive. */
export function isUnsettled(removal: KnownRemoval, view: View): boolean {
  return timeToSettle([removal], view) > 0
}

/**
 * Milliseconds, at the most, until none of these removals can still be deleting its archive; 0: none can now.
 * `lastModified` is in whole seconds, hence the extra second.
 */
export function timeToSettle(removals: readonly KnownRemoval[], view: View): number {
  const left = removals
    .filter(({ hasEnded }) => !hasEnded)
    .map(({ at }) => at + REMOVAL_SETTLES + 1000 - view.base.date)
  return Math.max(0, ...left)
}
