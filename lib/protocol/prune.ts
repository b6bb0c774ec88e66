import { type Entry, NO_ENTRY } from '../core/entry.ts'
import { type Key, provenanceKey } from '../core/keys.ts'
import { type Orphan, findOrphans } from '../core/plan-orphans.ts'
import { type PrunePlan, type PruneRules, planPrune } from '../core/plan-prune.ts'
import { type ObjectInfo, listAll } from '../store/object-store.ts'
import { entryTargets } from './delete.ts'
import { type CommittedRemovals, type DeletionTarget, deleteTargets } from './delete-targets.ts'
import { type View, readView } from './read-view.ts'
import { publishedLocation } from './repository-config.ts'
import type { Session } from './session.ts'

export interface PruneOptions {
  /** Undefined: no version goes, only orphans. `createdBefore` comes from `olderThan`. */
  readonly rules: Omit<PruneRules, 'createdBefore'> | undefined
  /** Milliseconds; undefined: age does not matter. */
  readonly olderThan: number | undefined
  /** Milliseconds: archives that no entry names go when they are older. Undefined: they stay. */
  readonly orphanAge: number | undefined
  /** Plans, and writes nothing. */
  readonly dryRun: boolean
}

export interface PrunedVersion {
  readonly entry: Entry
  /** Bytes of archive and provenance file; 0 when the archive is not of this repository, or not there. */
  readonly size: number
}

export interface PruneResult {
  /** Versions that left the index (with `dryRun`: would). */
  readonly removed: readonly PrunedVersion[]
  readonly orphans: readonly Orphan[]
  readonly kept: PrunePlan['keep']
  /** Archives that stay in the bucket although no entry names them now. */
  readonly keptArchives: readonly Key[]
  /** Bytes that the bucket has less now. */
  readonly freed: number
  /** What was committed, in this order; several when there is more than can be deleted in time. */
  readonly committed: readonly CommittedRemovals[]
}

interface Target extends DeletionTarget {
  readonly what: { readonly entry: Entry } | { readonly orphan: Orphan }
  readonly size: number
}

/** Of no archive. */
const NO_DIGEST = ''

/**
 * Removes chart versions by rules, and archives that no entry names: a delta of removals, then the archives. The rules are
 * applied anew to each view that a delta is written from: what has come or gone since the first look counts.
 *
 * An orphan is removed under the same rules as a deleted version. Its removal matches no entry, but it stands in the log:
 * a push that adopts the archive meanwhile sees it and waits, or is seen by it and keeps its archive.
 *
 * Cost: LIST of the prefix, a view; then that of `deleteTargets`.
 * @throws HelmS3Error as `deleteTargets`
 */
export async function prune(session: Session, options: PruneOptions): Promise<PruneResult> {
  // Before the view: an archive that is listed and whose push has committed is named by it.
  const listing = await listAll(session.store, session.location.prefix, { delimiter: '/' })
  const sizes = new Map(listing.objects.map(({ key, size }) => [key, size]))
  const first = await readView(session)
  const kept = planOf(first, options).keep
  const choose = (view: View): Promise<readonly Target[]> => chooseTargets(session, view, options, listing, sizes)
  if (options.dryRun) return { ...report(await choose(first), [], []), kept, committed: [] }
  const { committed, keptArchives, revived, targets } = await deleteTargets(session, choose, first)
  return { ...report(targets, keptArchives, revived), kept, committed }
}

function planOf(view: View, { olderThan, rules }: PruneOptions): PrunePlan {
  if (rules === undefined) return { remove: [], keep: [] }
  return planPrune(view.index, { ...rules, createdBefore: olderThan === undefined ? undefined : view.base.date - olderThan })
}

async function chooseTargets(
  session: Session,
  view: View,
  options: PruneOptions,
  listing: { readonly objects: readonly ObjectInfo[]; readonly date: number },
  sizes: ReadonlyMap<Key, number>,
): Promise<readonly Target[]> {
  const removals = await entryTargets(session, planOf(view, options).remove)
  const versions = removals.map((target): Target => {
    const size = target.key === undefined ? 0 : (sizes.get(target.key) ?? 0) + (sizes.get(provenanceKey(target.key)) ?? 0)
    return { ...target, what: { entry: target.entry }, size }
  })
  if (options.orphanAge === undefined) return versions
  const before = listing.date - Math.max(options.orphanAge, options.olderThan ?? 0)
  const orphans = findOrphans(await publishedLocation(session), view.index, listing.objects, before)
  return [...versions, ...orphans.map(orphanTarget)]
}

function orphanTarget(orphan: Orphan): Target {
  const removals = orphan.versions.map((version) => ({ ...version, created: NO_ENTRY }))
  // Where there was no archive, one that has come since is not the one to delete.
  return { what: { orphan }, removals, key: orphan.key, digestOf: (seen) => seen?.digest ?? NO_DIGEST, size: orphan.size }
}

function report(
  targets: readonly Target[],
  keptArchives: readonly Key[],
  revived: readonly Key[],
): Omit<PruneResult, 'kept' | 'committed'> {
  const isKept = new Set([...keptArchives, ...revived])
  const gone = targets.filter(({ key }) => key === undefined || !isKept.has(key))
  return {
    removed: targets.flatMap(({ size, what }) => ('entry' in what ? [{ entry: what.entry, size }] : [])),
    orphans: gone.flatMap(({ what }) => ('orphan' in what ? [what.orphan] : [])),
    keptArchives,
    freed: gone.reduce((sum, { size }) => sum + size, 0),
  }
}
