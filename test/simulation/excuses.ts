import type { Operation } from './linearizability.ts'
import type { ClientRecord } from './record.ts'
import type { World } from './world.ts'

// What the protocol does not promise: a deviation that one of these explains is counted, and is no violation.

/** A read of what a push had written and was not acknowledged by then: a removal of other content above it may hide it again. */
export function sawUnacknowledged({ records }: World, { client, end, kind, value }: Operation): boolean {
  if (kind !== 'read' || client === 'final' || value === null) return false
  return records.some(({ acknowledgedAt, wants }) => (acknowledgedAt ?? Infinity) > end && [...wants.values()].includes(value))
}

/** Whether the archive of a version may differ from its entry at the end. Null: there is none. */
export function mayDiffer(world: World, version: string, { archive, entry }: { readonly archive: string | null; readonly entry: string | null }): boolean {
  if (world.kind === 'no-conditions') return true
  if (archive === null) return world.kind !== 'exact'
  return entry === null ? mayLeaveOrphan(world, version) : mayLeaveOtherArchive(world, version)
}

function mayLeaveOrphan(world: World, version: string): boolean {
  if (world.orphans.has(version) || world.network.repeats > 0) return true
  return actorsOn(world, version).some(
    (record) => record.client.crashed || record.acknowledgedAt === undefined || record.hasLeftArchive || record.kind === 'init',
  )
}

/** A PUT that arrives a second time may meet the same bytes, and so the same ETag, that it met the first time. */
function mayLeaveOtherArchive(world: World, version: string): boolean {
  if (world.network.repeats > 0) return true
  return actorsOn(world, version).some(
    (record) =>
      (record.client.crashed || record.acknowledgedAt === undefined) &&
      (record.kind === 'force' || (record.kind === 'push' && world.orphans.has(version))),
  )
}

function actorsOn({ records }: World, version: string): readonly ClientRecord[] {
  return records.filter((record) => record.hasActed && record.wants.has(version))
}
