import type { FindingCode } from '../../lib/core/check/finding-kinds.ts'
import type { Operation } from './linearizability.ts'
import type { ClientRecord } from './record.ts'
import type { World } from './world.ts'

// What the protocol does not promise: a deviation that one of these explains is counted, and is no violation.

/**
 * Whether a read saw a push that was not acknowledged yet: a removal of other content with a higher id may hide it
 * again.
 */
export function sawUnacknowledged({ records }: World, { client, end, kind, value }: Operation): boolean {
  if (kind !== 'read' || !client.startsWith('read') || value === null) return false
  return records.some(
    ({ acknowledgedAt, wants }) => (acknowledgedAt ?? Infinity) > end && [...wants.values()].includes(value),
  )
}

/**
 * A store that ignores the condition of a DELETE lets a deletion delete the archive of a forced push that has just
 * replaced the one to delete. A plain push finds none then, and wins although the forced one was before it.
 */
export function mayWinOverForce(world: World, version: string): boolean {
  return world.mistaken.has(world.keyOf(version))
}

/** Whether the archive of a version may differ from its entry at the end. Null: there is none. */
export function mayDiffer(
  world: World,
  version: string,
  { archive, entry }: { readonly archive: string | null; readonly entry: string | null },
): boolean {
  // Deltas that are still in the log count again, also those of versions whose removal is no longer in the log.
  if (world.kind === 'no-conditions' || world.outsiders.haveEmptied) return true
  if (archive === null)
    return (
      world.mistaken.has(world.keyOf(version)) ||
      isOfTheDead(world, version, entry) ||
      isOfUnfinishedReindex(world, version, entry)
    )
  return entry === null ? mayLeaveOrphan(world, version) : mayLeaveOtherArchive(world, version)
}

/**
 * A push by force whose archive others have replaced and deleted before its delta landed, and which died before it
 * could settle: no other client knows of its entry.
 */
function isOfTheDead(world: World, version: string, entry: string | null): boolean {
  const owners = actorsOn(world, version).filter(({ wants }) => wants.get(version) === entry)
  return owners.length > 0 && owners.every(({ client, effect }) => effect === 'force' && client.hasCrashed)
}

/**
 * A reindex whose delta adds an entry while a deletion removes the archive, and which cannot check that again, because
 * it died or somebody has damaged index.yaml. It was never acknowledged, and `check --fix` repairs it.
 */
function isOfUnfinishedReindex({ records }: World, version: string, entry: string | null): boolean {
  const adds = ({ reconciles }: ClientRecord): boolean =>
    reconciles.some((each) => each.version === version && each.added === entry)
  return records.some((record) => record.effect === 'reindex' && record.acknowledgedAt === undefined && adds(record))
}

function mayLeaveOrphan(world: World, version: string): boolean {
  if (world.orphans.has(version) || world.network.repeats > 0) return true
  return actorsOn(world, version).some(
    ({ acknowledgedAt, client, effect, existing, hasLeftArchive }) =>
      client.hasCrashed || acknowledgedAt === undefined || existing.has(version) || hasLeftArchive || effect === 'init',
  )
}

/**
 * A PUT that arrives a second time may meet the same bytes, and so the same ETag, that it met the first time. A push
 * that took long may have lost its archive to another one, which took it for dead and died itself: neither is
 * acknowledged then.
 */
function mayLeaveOtherArchive(world: World, version: string): boolean {
  if (world.network.repeats > 0) return true
  return actorsOn(world, version).some(
    ({ acknowledgedAt, adds, client, effect }) =>
      (client.hasCrashed || acknowledgedAt === undefined) &&
      (effect === 'force' || (effect === 'push' && (world.orphans.has(version) || adds.has(version)))),
  )
}

function actorsOn({ records }: World, version: string): readonly ClientRecord[] {
  return records.filter((record) => record.hasActed && record.wants.has(version))
}

/**
 * Findings that `check --fix` may leave: archives that no entry names, which people decide on; what somebody without
 * the program has put into `index.d/`; how far the clock of the client is off; and deltas that are too young to be
 * collected.
 */
const MAY_STAY: readonly FindingCode[] = [
  'archive-unlisted',
  'archive-unlisted-misnamed',
  'archive-in-progress',
  'delta-ignored',
  'clock-differs',
  'clock-skewed',
  'deltas-uncollected',
]

export function mayStay({ code }: { readonly code: FindingCode }): boolean {
  return MAY_STAY.includes(code)
}
