import { isRemovalOf } from '../core/delta.ts'
import type { DeltaId } from '../core/delta-id.ts'
import { type VersionId, versionKey } from '../core/entry.ts'
import { REMOVAL_SETTLES } from './limits.ts'
import { readDelta } from './read-delta.ts'
import type { View } from './read-view.ts'
import type { Session } from './session.ts'

/** A delta that removes a version (and does not also add it), as far as its traces tell. */
export interface KnownRemoval {
  readonly id: DeltaId
  /** When it landed, at the latest: store clock, milliseconds since 1970. */
  readonly at: number
}

/**
 * The removals of a version that still have traces: pending, folded and listed, or folded and collected already (those may
 * have been additions: the folded set does not say). `except`: ids that do not count.
 * Cost: one GET for each folded, listed delta that touched the version; seldom any.
 */
export async function findRemovals(
  session: Session,
  view: View,
  version: VersionId,
  except: ReadonlySet<DeltaId>,
): Promise<readonly KnownRemoval[]> {
  const removals: KnownRemoval[] = view.pending
    .filter((delta) => isRemovalOf(delta, version))
    .map(({ id, lastModified }) => ({ id, at: lastModified }))

  const listed = new Map(view.listing.deltas.map((delta) => [delta.id, delta]))
  for (const [id, { at, touched }] of view.base.index.bookkeeping.folded) {
    if (touched !== '*' && !touched.some((each) => versionKey(each) === versionKey(version))) continue
    const delta = listed.get(id)
    if (delta === undefined) {
      removals.push({ id, at })
      continue
    }
    const read = await readDelta(session, delta)
    if (read.outcome === 'delta' && isRemovalOf(read.delta, version)) removals.push({ id, at: delta.lastModified })
  }
  return removals.filter(({ id }) => !except.has(id))
}

/** Whether a removal may still be deleting its archive. `lastModified` is in whole seconds, hence the extra one. */
export function isUnsettled(removal: KnownRemoval, view: View): boolean {
  return view.base.date - removal.at < REMOVAL_SETTLES + 1000
}
