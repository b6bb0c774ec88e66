import pLimit from 'p-limit'
import { type StoredDelta, touchedVersions } from '../../core/log/delta.ts'
import { type DeltaId, deltaKey } from '../../core/log/delta-id.ts'
import type { VersionId } from '../../core/log/entry.ts'
import { fold, unlistedTouches } from '../../core/fold.ts'
import type { WantedCharts } from '../../core/index/paging.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import { HelmS3Error } from '../../errors.ts'
import { attempts } from '../session/attempts.ts'
import { CONCURRENCY, MIN_GRACE_WINDOW, VIEW_DEADLINE, VIEW_RETRIES } from '../session/limits.ts'
import { type DeltaListing, type SkippedObject, listDeltas } from './list-deltas.ts'
import type { Base } from '../session/base.ts'
import { type OpenBase, openBase } from './read-base.ts'
import { type ReadDelta, readDelta } from './read-delta.ts'
import type { Session } from '../session/session.ts'
import { isSentWhole, mayCompose } from '../write/may-compose.ts'
import { startLimit } from '../session/stopwatch.ts'
import { shellWord } from '../../text/terminal-text.ts'

/** The repository as every reader that merges sees it: a base, and the deltas that it has not folded yet. */
export interface View {
  /**
   * The merged index: Helm gets its bytes. Its bookkeeping is that of the base. It has the charts that were wanted, and
   * those that a pending delta touches.
   */
  readonly index: IndexText
  readonly base: Base
  readonly listing: DeltaListing
  /** The deltas folded into `index` but not into `base`, in id order. */
  readonly pending: readonly StoredDelta[]
  /** Objects below `index.d/` that are not well-formed. */
  readonly skipped: readonly SkippedObject[]
  /** The lowest id of a delta with an unknown apiVersion: no delta above it may be collected. */
  readonly unknownFrom: DeltaId | undefined
  /** Whether the base was read so recently that it may be replaced without another look; see `compactOnce`. */
  readonly isYoung: () => boolean
}

/** A complete listing of the deltas, recent enough that a view may be read from it. */
export interface TimedListing {
  readonly listing: DeltaListing
  /** `clock.monotonic()` when the LIST began. */
  readonly startedAt: number
}

export interface ViewOptions {
  /** A listing made just now, which the first attempt uses. */
  readonly listed?: TimedListing | undefined
  /** What will be asked of the view. Undefined: everything. `touched`: what a compaction needs to fold and to write. */
  readonly wanted?: WantedCharts | 'touched' | undefined
}

/** What was read does not fit together and has to be read again. */
interface Unsteady {
  readonly unsteady: string
}

/** The first step of a view. Cost: one LIST for each 1000 deltas. */
export async function listForView(session: Session): Promise<TimedListing> {
  const startedAt = session.clock.monotonic()
  return { listing: await listDeltas(session), startedAt }
}

/**
 * Merge on read. LIST comes first, then GET of `index.yaml`, then GET of the pending deltas. With this order, a delta
 * that the listing misses was written later, and a listed delta that is gone is in the base. (In the other order, a
 * compaction could fold and collect a delta in between, and an acknowledged push would be missing from the view.)
 *
 * Cost: one LIST for each 1000 deltas, one GET of `index.yaml`, one GET for each pending delta; the same again when a
 * pending delta was collected in the meantime. Where only some charts are wanted, and `index.yaml` has pages: a GET of
 * its end instead, and one for each run of pages with charts that are wanted or touched; not where it is known to be so
 * small that the next compaction sends all of it.
 * @throws HelmS3Error `missing-index`, `invalid-index`; `conflict` when the repository keeps changing
 */
export async function readView(session: Session, { listed, wanted }: ViewOptions = {}): Promise<View> {
  let reason = ''
  for await (const attempt of attempts(session, VIEW_RETRIES)) {
    const first = attempt === 1 ? listed : undefined
    const view = await tryReadView(session, first ?? (await listForView(session)), wanted)
    if (!('unsteady' in view)) return view
    reason = view.unsteady
  }
  throw new HelmS3Error(
    'conflict',
    `the index of ${session.location.url} changes faster than it can be read: ${reason}`,
    {
      hint:
        `try again; if it lasts, look for a compaction that runs without pause; \`helm s3 check ` +
        `${shellWord(session.location.address)} --fix\` gets past a delta that the store lists and does not give`,
    },
  )
}

/** The clocks of this machine may have stood still in between, so the dates of the two answers count as well. */
async function tryReadView(
  session: Session,
  { listing, startedAt }: TimedListing,
  wanted: ViewOptions['wanted'],
): Promise<View | Unsteady> {
  const isYoung = startLimit(session, MIN_GRACE_WINDOW / 2)
  const opened = await openBase(session, {
    isWhole: wanted === undefined || isSentWhole(session),
  })
  const elapsed = Math.max(session.clock.monotonic() - startedAt, Math.abs(opened.date - listing.date))
  if (elapsed > VIEW_DEADLINE) return { unsteady: 'it took more than a minute to read' }

  const { folded } = opened.bookkeeping
  const unfolded = listing.deltas.filter(({ id }) => !folded.has(id))
  const limit = pLimit(CONCURRENCY)
  const read = await Promise.all(
    unfolded.map((listed) => limit(async () => ({ listed, read: await readDelta(session, listed) }))),
  )
  const missing = read.find(({ read }) => read.outcome === 'missing')?.listed
  if (missing !== undefined) return { unsteady: `${missing.key} is listed, not folded, and cannot be found` }

  const pending = read.flatMap(({ read }) => (read.outcome === 'delta' ? [read.delta] : []))
  const base = await readCharts(session, opened, pending, wanted)
  if (base === 'changed') return { unsteady: 'index.yaml was written while its pages were read' }
  const touchedByStar = await readTouchedByStar(session, base, pending)
  const unusable = read.flatMap(({ listed, read }) =>
    isUnusable(read) ? [{ key: listed.key, reason: `it ${read.reason}` }] : [],
  )
  return {
    index: fold(base.index, pending, touchedByStar),
    base,
    listing,
    pending,
    skipped: [...listing.skipped, ...unusable],
    unknownFrom: read.find(({ read }) => read.outcome === 'unknown-version')?.listed.id,
    isYoung,
  }
}

/** The base with what is wanted and what is pending. Where all of it will have to be sent, all is read at once. */
function readCharts(
  session: Session,
  opened: OpenBase,
  pending: readonly StoredDelta[],
  wanted: ViewOptions['wanted'],
): Promise<Base | 'changed'> {
  const touched = chartsOf(pending)
  if (wanted !== 'touched')
    return opened.read({ charts: [...(wanted?.charts ?? []), ...touched], files: wanted?.files ?? [] })
  return touched.length > 0 && !mayCompose(session, opened) ? opened.readAll() : opened.read({ charts: touched })
}

/** The names of the charts that deltas add to or remove from. */
function chartsOf(deltas: readonly StoredDelta[]): readonly string[] {
  const names = deltas.flatMap(({ added, removed }) => [
    ...added.map(({ entry }) => entry.name),
    ...removed.map(({ name }) => name),
  ])
  return [...new Set(names)]
}

function isUnusable(read: ReadDelta): read is Extract<ReadDelta, { readonly reason: string }> {
  return read.outcome === 'malformed' || read.outcome === 'unknown-version'
}

/**
 * The versions that folded deltas noted as `*` have touched. Read only where a pending delta may be superseded by them,
 * and only from deltas that have not been collected.
 */
async function readTouchedByStar(
  session: Session,
  base: Base,
  pending: readonly StoredDelta[],
): Promise<Map<DeltaId, readonly VersionId[]>> {
  const ids = unlistedTouches(
    base.index.bookkeeping,
    pending.map(({ id }) => id),
  )
  const touched = new Map<DeltaId, readonly VersionId[]>()
  for (const id of ids) {
    const read = await readDelta(session, { id, key: deltaKey(session.location.deltaFolder, id), lastModified: 0 })
    if (read.outcome === 'delta') touched.set(id, touchedVersions(read.delta))
  }
  return touched
}

/** Tells the user about objects in `index.d/` that are ignored: one line for all of them. */
export function noticeSkipped(session: Session, { skipped }: Pick<View, 'skipped'>): void {
  const [first] = skipped
  if (first === undefined) return
  const others = skipped.length === 1 ? '' : ` (and ${String(skipped.length - 1)} more)`
  session.notice(`helm-s3: ignored ${first.key}: ${first.reason}${others}; it has no effect on the index`)
}
