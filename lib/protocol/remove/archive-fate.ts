import type { WantedCharts } from '../../core/index/paging.ts'
import { type Key, fileOf } from '../../core/keys.ts'
import { type DeltaId, deltaTime } from '../../core/log/delta-id.ts'
import { type Entry, type Removal, versionKey } from '../../core/log/entry.ts'
import { allEntries, namedArchives } from '../../core/plan-orphans.ts'
import { hasCode } from '../../errors.ts'
import { entriesOf } from '../read/wanted-charts.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { View } from '../read/read-view.ts'
import { type KnownRemoval, isUnsettled } from '../read/removals.ts'
import { PUSH_MAY_LIVE } from '../session/limits.ts'
import type { Session } from '../session/session.ts'
import type { DeletionWarrant } from '../write/delete-archive.ts'
import type { DeletionTarget } from './deletion.ts'

/** With more archives than this, all entries are decoded, instead of searching the index for each file name. */
const MOST_SOUGHT = 20

/**
 * What became of the archive of a target. `kept`: it stays although no entry names it. `revived`: an entry names it
 * again.
 */
export type Fate = 'gone' | 'kept' | 'revived'

/** Whether an entry that keeps an archive names it. */
type IsMeant = (key: Key, isKeptBy: (entry: Entry) => boolean) => boolean

/**
 * Tells from the id in an archive whether the delta of its push may still come: the id is young, and the delta is
 * neither pending nor folded. Such an archive belongs to a new entry, not to the one that the deletion removes; so the
 * deletion leaves it alone.
 */
export function pushUnderWay({ storeClock }: Session, { base, pending }: View): DeletionWarrant['isUnderWay'] {
  const hasLanded = (id: DeltaId): boolean =>
    base.index.bookkeeping.folded.has(id) || pending.some((delta) => delta.id === id)
  return (id) => id !== undefined && deltaTime(id) + PUSH_MAY_LIVE > storeClock.now() && !hasLanded(id)
}

/** What is asked of the view after a deletion. Undefined: everything. */
export function wantedAfter(
  targets: readonly DeletionTarget[],
  removals: readonly Removal[],
): WantedCharts | undefined {
  const files = filesOf(targets)
  return files.length > MOST_SOUGHT ? undefined : { ...entriesOf(removals), files }
}

/** The names of the files that are to be deleted. */
function filesOf(targets: readonly DeletionTarget[]): readonly string[] {
  return [...new Set(targets.flatMap(({ key }) => (key === undefined ? [] : [fileOf(key)])))]
}

/**
 * Whether an entry of the view that keeps an archive names it. When the index cannot be read to its end, this is not
 * known; then every archive counts as named.
 */
export async function meantBy(session: Session, { index }: View, targets: readonly DeletionTarget[]): Promise<IsMeant> {
  try {
    const files = filesOf(targets)
    const entries = files.length > MOST_SOUGHT ? allEntries(index) : index.entriesNaming(files)
    const named = namedArchives(await publishedLocation(session), entries)
    return (key, isKeptBy) => named.by(key).some(isKeptBy)
  } catch (error) {
    if (!hasCode(error, 'invalid-index')) throw error
    return () => true
  }
}

/**
 * Tells from the second view whether the archive may still be removed. It may not when the version is in the index
 * again, when any entry names the archive, or when another removal of the version is so young that its client may be
 * deleting the archive just now.
 */
export function fateOf(
  { isKeptBy = () => true, key, removals }: DeletionTarget,
  view: View,
  others: ReadonlyMap<string, readonly KnownRemoval[]>,
  isMeant: IsMeant,
): Fate {
  if (removals.flatMap((removal) => view.index.find(removal) ?? []).some(isKeptBy)) return 'revived'
  if (key !== undefined && isMeant(key, isKeptBy)) return 'revived'
  const isUnderWay = (removal: Removal): boolean =>
    others.get(versionKey(removal))?.some((other) => isUnsettled(other, view)) === true
  return removals.some(isUnderWay) ? 'kept' : 'gone'
}
