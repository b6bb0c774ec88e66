import { hasCode } from '../errors.ts'
import type { Bookkeeping } from './log/bookkeeping.ts'
import type { Addition, StoredDelta } from './log/delta.ts'
import type { DeltaId } from './log/delta-id.ts'
import { type Entry, type Removal, type VersionId, removalMatches, versionKey } from './log/entry.ts'
import { type IndexItem, newItem } from './index/index-item.ts'
import type { IndexText } from './index/index-text.ts'
import { compareBuilds, compareVersions } from './helm/version.ts'

/**
 * For folded deltas that the bookkeeping notes as `*`: the versions that each of them touched. It holds those deltas
 * whose id is above the lowest pending one and which have not been collected. See {@link unlistedTouches}.
 */
export type TouchedByStar = ReadonlyMap<DeltaId, readonly VersionId[]>

/**
 * The index with the pending deltas applied in the order of their ids (docs/FORMAT.md). Charts that no delta changes
 * keep their bytes. The bookkeeping stays that of `base`: see `planCompaction`.
 *
 * An operation on a version that a folded delta with a higher id has touched is superseded and does nothing. When it is
 * no longer known what a folded delta touched (it is noted as `*` and was collected), it supersedes every operation
 * with a lower id.
 *
 * Laws (test/core/fold.test.ts): idempotent; independent of the order of `pending`; folding in two steps is folding at
 * once, except where a removal's digest did not match.
 */
export function fold(
  base: IndexText,
  pending: readonly StoredDelta[],
  touchedByStar: TouchedByStar = new Map(),
): IndexText {
  const inOrder = [...pending].sort((a, b) => compareIds(a.id, b.id))
  const superseded = supersededBy(base.bookkeeping, inOrder, touchedByStar)
  const charts = new WorkingCharts(base)
  for (const delta of inOrder) {
    for (const removal of delta.removed) if (!superseded(removal, delta.id)) charts.remove(removal)
    for (const addition of delta.added) if (!superseded(addition.entry, delta.id)) charts.add(addition)
  }
  return base.withItems(charts.changes())
}

/**
 * The folded deltas that the bookkeeping notes only as `*`, and whose touched versions a fold of these pending ids
 * needs to know.
 */
export function unlistedTouches(bookkeeping: Bookkeeping, pending: readonly DeltaId[]): readonly DeltaId[] {
  const lowest = [...pending].sort(compareIds)[0]
  if (lowest === undefined) return []
  return [...bookkeeping.folded].filter(([id, { touched }]) => id > lowest && touched === '*').map(([id]) => id)
}

/** Compares two ids in the order of the log: by code unit, which is byte order for ULIDs. */
export function compareIds(a: DeltaId, b: DeltaId): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * The order of entries within one chart: the highest version first, as Helm sorts. Versions that are equal by semver
 * are ordered by `created`, the newest first; then by their build identifiers, which compare like those of a
 * prerelease; then by their text.
 */
export function compareEntries(a: Dated, b: Dated): number {
  const order = compareVersions(b.version, a.version)
  if (order !== 0 || a.version === b.version) return order
  return (
    compareCreated(createdOf(b), createdOf(a)) ||
    compareBuilds(b.version, a.version) ||
    (a.version < b.version ? 1 : -1)
  )
}

/** A version with its entry. The entry is decoded only when its date is needed. */
interface Dated {
  readonly version: string
  readonly entry?: Pick<Entry, 'created'>
}

/**
 * The date of an entry. An entry that cannot be decoded has no date here; the error is reported where the entry is
 * used.
 */
function createdOf(item: Dated): string | undefined {
  try {
    return item.entry?.created
  } catch (error) {
    if (hasCode(error, 'invalid-index')) return undefined
    throw error
  }
}

/** Orders two dates. An absent date counts as the oldest. */
function compareCreated(a = '', b = ''): number {
  const [left, right] = [a, b].map((text) => Date.parse(text)).map((time) => (Number.isNaN(time) ? -Infinity : time))
  return left === right ? 0 : (left ?? 0) < (right ?? 0) ? -1 : 1
}

/** The folded ids that supersede pending operations. Only an id above the lowest pending one can do so. */
function supersededBy(
  { folded }: Bookkeeping,
  pending: readonly StoredDelta[],
  touchedByStar: TouchedByStar,
): (version: VersionId, id: DeltaId) => boolean {
  const highest = new Map<string, DeltaId>()
  let highestUnknown: DeltaId | undefined
  const lowest = pending[0]?.id
  for (const [id, { touched }] of folded) {
    if (lowest === undefined || id < lowest) continue
    const versions = touched === '*' ? touchedByStar.get(id) : touched
    if (versions === undefined && (highestUnknown === undefined || highestUnknown < id)) highestUnknown = id
    for (const version of versions ?? []) {
      const key = versionKey(version)
      const known = highest.get(key)
      if (known === undefined || known < id) highest.set(key, id)
    }
  }
  return (version, id) => {
    const above = highest.get(versionKey(version))
    return (above !== undefined && above > id) || (highestUnknown !== undefined && highestUnknown > id)
  }
}

/** The version lists of the charts that operations name, keyed by the exact version text. */
class WorkingCharts {
  readonly #base: IndexText
  readonly #charts = new Map<string, Map<string, readonly IndexItem[]>>()
  readonly #changed = new Set<string>()

  constructor(base: IndexText) {
    this.#base = base
  }

  add({ entry, ifAbsent }: Addition): void {
    const versions = this.#versionsOf(entry.name)
    if (ifAbsent && versions.has(entry.version)) return
    versions.set(entry.version, [newItem(entry)])
    this.#changed.add(entry.name)
  }

  remove(removal: Removal): void {
    const versions = this.#versionsOf(removal.name)
    const present = versions.get(removal.version)
    if (present === undefined) return
    const kept = present.filter(({ entry }) => !removalMatches(removal, entry))
    if (kept.length === present.length) return
    if (kept.length === 0) versions.delete(removal.version)
    else versions.set(removal.version, kept)
    this.#changed.add(removal.name)
  }

  changes(): ReadonlyMap<string, readonly IndexItem[]> {
    const sorted = (name: string): IndexItem[] => [...this.#versionsOf(name).values()].flat().sort(compareEntries)
    return new Map([...this.#changed].map((name) => [name, sorted(name)]))
  }

  #versionsOf(name: string): Map<string, readonly IndexItem[]> {
    const known = this.#charts.get(name)
    if (known !== undefined) return known
    const versions = new Map<string, readonly IndexItem[]>()
    for (const item of this.#base.items(name)) {
      const same = versions.get(item.version)
      versions.set(item.version, same === undefined ? [item] : [...same, item])
    }
    this.#charts.set(name, versions)
    return versions
  }
}
