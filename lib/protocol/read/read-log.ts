import pLimit from 'p-limit'
import type { FoldedDelta } from '../../core/log/bookkeeping.ts'
import type { StoredDelta } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { compareIds } from '../../core/fold.ts'
import { CONCURRENCY } from '../session/limits.ts'
import { type ListedDelta, type SkippedObject, listDeltas } from './list-deltas.ts'
import { readBookkeeping } from './read-bookkeeping.ts'
import { readDelta } from './read-delta.ts'
import type { Session } from '../session/session.ts'

/** A mutation, as far as its traces show it. */
export interface LogEntry {
  readonly id: DeltaId
  /**
   * `pending`: not in `index.yaml` yet; `folded`: in `index.yaml`, and the delta is still in `index.d/`; `collected`:
   * only `index.yaml` remembers it.
   */
  readonly state: 'pending' | 'folded' | 'collected'
  /** The delta; undefined when it is collected. */
  readonly delta: StoredDelta | undefined
  /** What `index.yaml` remembers of it; undefined while it is pending. */
  readonly folded: FoldedDelta | undefined
}

export interface Log {
  /** Newest first. */
  readonly entries: readonly LogEntry[]
  /** Whether there are older entries. */
  readonly hasMore: boolean
  readonly skipped: readonly SkippedObject[]
}

export interface LogOptions {
  /**
   * Show only mutations of this chart; undefined: all. A collected mutation that touched more versions than
   * `index.yaml` remembers is shown, too.
   */
  readonly name: string | undefined
  readonly limit: number
}

/**
 * The mutations that have left traces, newest first, in the order of the log.
 * Cost: one LIST for each 1000 deltas, a ranged GET of the end of `index.yaml`, one GET for each delta that is looked
 * at.
 * @throws HelmS3Error `missing-index`, `invalid-index`
 */
export async function readLog(session: Session, { limit, name }: LogOptions): Promise<Log> {
  const listing = await listDeltas(session)
  const { folded } = await readBookkeeping(session)
  const listed = new Map(listing.deltas.map((delta) => [delta.id, delta]))
  const ids = [...new Set([...listed.keys(), ...folded.keys()])].sort((a, b) => compareIds(b, a))
  const entries: LogEntry[] = []
  const skipped: SkippedObject[] = [...listing.skipped]
  const atOnce = pLimit(CONCURRENCY)
  // Read one entry more than the limit, to learn whether there are older ones.
  for (let next = 0; next < ids.length && entries.length <= limit;) {
    const batch = ids.slice(next, next + Math.min(CONCURRENCY, limit + 1 - entries.length))
    next += batch.length
    for (const read of await Promise.all(
      batch.map((id) => atOnce(() => readTrace(session, id, listed.get(id), folded.get(id)))),
    )) {
      if ('reason' in read) skipped.push(read)
      else if (name === undefined || concerns(read, name)) entries.push(read)
    }
  }
  return { entries: entries.slice(0, limit), hasMore: entries.length > limit, skipped }
}

async function readTrace(
  session: Session,
  id: DeltaId,
  listed: ListedDelta | undefined,
  folded: FoldedDelta | undefined,
): Promise<LogEntry | SkippedObject> {
  const read = listed === undefined ? undefined : await readDelta(session, listed)
  if (listed !== undefined && read !== undefined && 'reason' in read)
    return { key: listed.key, reason: `it ${read.reason}` }
  const delta = read?.outcome === 'delta' ? read.delta : undefined
  return { id, state: delta === undefined ? 'collected' : folded === undefined ? 'pending' : 'folded', delta, folded }
}

function concerns({ delta, folded }: LogEntry, name: string): boolean {
  if (delta !== undefined)
    return [...delta.removed, ...delta.added.map(({ entry }) => entry)].some((each) => each.name === name)
  return folded === undefined || folded.touched === '*' || folded.touched.some((each) => each.name === name)
}
