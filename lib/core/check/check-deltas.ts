import { formatAge, formatCount } from '../../text/format.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import type { StoredDelta } from '../log/delta.ts'
import type { DeltaId } from '../log/delta-id.ts'
import type { VersionId } from '../log/entry.ts'
import type { Key } from '../keys.ts'
import { type Finding, finding } from './finding.ts'

/** What a check knows of `index.d/`. Times: store clock, milliseconds since 1970. */
export interface SeenDeltas {
  readonly listed: readonly { readonly id: DeltaId; readonly lastModified: number }[]
  readonly pending: readonly Pick<StoredDelta, 'id' | 'lastModified'>[]
  /** Objects that are not obeyed, each with the reason. */
  readonly skipped: readonly { readonly key: Key; readonly reason: string }[]
  /** The lowest delta of an unknown apiVersion. */
  readonly unknownFrom: DeltaId | undefined
  readonly bookkeeping: Bookkeeping
  readonly date: number
}

/**
 * Milliseconds. After this time a scheduled compaction should have folded what is pending and collected what is folded.
 */
const OVERDUE = 60 * 60_000

/** Milliseconds. A removal younger than this may still be deleting its archive. */
const SETTLES = 2 * 60_000

/** Checks the objects in `index.d/`: which of them are ignored, and whether compaction keeps up. */
export function checkDeltas({
  bookkeeping,
  date,
  listed,
  pending,
  skipped,
  unknownFrom,
}: SeenDeltas): readonly Finding[] {
  const findings = skipped.map(({ key, reason }) => finding('delta-ignored', `${key}: ${reason}`, { key }))
  if (unknownFrom !== undefined) findings.push(finding('collection-blocked', `from ${unknownFrom} on`))
  if (pending.length > 0) {
    const oldest = date - Math.min(...pending.map(({ lastModified }) => lastModified))
    findings.push(
      finding(
        oldest > OVERDUE ? 'compaction-overdue' : 'deltas-pending',
        `${formatCount(pending.length, 'delta')}, the oldest for ${formatAge(oldest)}`,
      ),
    )
  }
  const old = listed.filter(({ id }) => date - (bookkeeping.folded.get(id)?.at ?? date) > OVERDUE)
  if (old.length > 0 && unknownFrom === undefined)
    findings.push(
      finding('deltas-uncollected', `${formatCount(old.length, 'delta')}, folded more than ${formatAge(OVERDUE)} ago`),
    )
  return findings
}

/** The versions that a client may be working on: those of pending deltas and of recently folded ones. */
export function versionsAtWork(
  pending: readonly StoredDelta[],
  { folded }: Bookkeeping,
  date: number,
): readonly VersionId[] {
  const recent = pending.filter(({ lastModified }) => date - lastModified < SETTLES)
  const touched = [...folded.values()].filter(({ at }) => date - at < SETTLES)
  return [
    ...recent.flatMap(({ added, removed }) => [...added.map(({ entry }) => entry), ...removed]),
    ...touched.flatMap(({ touched: versions }) => (versions === '*' ? [] : versions)),
  ]
}
