import { tidyIndex } from '../../core/check/tidy-index.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import type { IndexForm } from '../../core/index/index-text.ts'
import { isIdle, planCompaction } from '../../core/plan-compaction.ts'
import { SHORT_GRACE_WINDOW } from '../../settings/repository-config.ts'
import { HelmS3Error } from '../../errors.ts'
import { attempts } from '../session/attempts.ts'
import { collectDeltas } from '../write/collect.ts'
import { compactionSettings } from '../read/config-defaults.ts'
import { nameLeftInFolders } from './left-in-folders.ts'
import { FOLD_RETRIES, MIN_GRACE_WINDOW, RETENTION } from '../session/limits.ts'
import { sweepRebuildMarks } from '../write/rebuild-mark.ts'
import { knowComposing } from '../write/probe-composing.ts'
import { type View, noticeSkipped, readView } from '../read/read-view.ts'
import type { Session } from '../session/session.ts'
import { startLimit } from '../session/stopwatch.ts'
import { nextIndex, writeIndex } from '../write/write-index.ts'

export interface CompactOptions {
  /**
   * Milliseconds; at least {@link MIN_GRACE_WINDOW}. Undefined: what the repository says, else
   * {@link DEFAULT_GRACE_WINDOW}.
   */
  readonly graceWindow: number | undefined
  /** Only plan the compaction, and write nothing. */
  readonly dryRun: boolean
  /** The form to write the text in. Undefined: the form that the repository asks for, else the present one. */
  readonly form: IndexForm | undefined
  /** Leave out the entries that Helm leaves out, and write `index.yaml` in any case; see {@link tidyIndex}. */
  readonly tidy?: boolean
}

export interface CompactResult {
  /** Deltas that were folded into `index.yaml`, in id order. */
  readonly folded: readonly DeltaId[]
  /** Deltas that were deleted. */
  readonly collected: readonly DeltaId[]
  /**
   * Why some deltas that could have been deleted were not; undefined when all were. The index is written all the same.
   */
  readonly problem?: HelmS3Error | undefined
  /** Folded deltas that the index need not remember any more. */
  readonly forgotten: readonly DeltaId[]
  /** Whether `index.yaml` was written (with `dryRun`: would be). */
  readonly written: boolean
  /** Generation of `index.yaml` now. */
  readonly generation: number
  readonly form: IndexForm
  /** Objects below `index.d/` that were left alone because they are not well-formed. */
  readonly skipped: View['skipped']
}

/**
 * Folds the pending deltas into `index.yaml` and collects the deltas that are no longer needed. Many clients may run
 * this at once: the compare-and-swap lets one of them win, and the others start again and find less to do.
 *
 * @throws HelmS3Error `usage` (grace window too short), `missing-index`, `invalid-index`, `conflict` when others win
 *   each time
 *
 * Cost: a view of the charts that pending deltas touch, and a GET of the repository's defaults if it has any; when
 * there is something to do, one PUT of `index.yaml`, or a composed write of it, and one DELETE for each collected
 * delta; see also {@link nameLeftInFolders} and {@link knowComposing}.
 */
export async function compactRepository(session: Session, options: CompactOptions): Promise<CompactResult> {
  if (options.graceWindow !== undefined && options.graceWindow < MIN_GRACE_WINDOW) {
    throw new HelmS3Error('usage', SHORT_GRACE_WINDOW.problem, { hint: SHORT_GRACE_WINDOW.hint })
  }
  for await (const _ of attempts(session, FOLD_RETRIES)) {
    const view = await readView(session, options.tidy === true ? {} : { wanted: 'touched' })
    const pass = await compactOnce(session, view, options)
    if (pass !== 'lost') {
      noticeSkipped(session, view)
      if (!options.dryRun) await sweepRebuildMarks(session, view.listing)
      return pass
    }
  }
  throw new HelmS3Error('conflict', 'other compactions were faster each time', {
    hint: 'nothing is lost: what was pending stays pending or is folded already; run it again later',
  })
}

/**
 * Makes one compaction from a view that has been read, which need have no more than the charts that pending deltas
 * touch. `lost`: another write of `index.yaml` came first, or the view is too old to act on, or needs all charts: read
 * another one.
 */
export async function compactOnce(
  session: Session,
  view: View,
  options: CompactOptions,
): Promise<CompactResult | 'lost'> {
  const settings = await compactionSettings(session, options)
  const { bookkeeping } = view.base.index
  const plan = planCompaction({
    bookkeeping,
    listed: view.listing.deltas,
    pending: view.pending,
    date: view.base.date,
    graceWindow: settings.graceWindow,
    retention: RETENTION,
    unknownFrom: view.unknownFrom,
    ended: session.knownIds.ended,
  })
  const form = settings.form ?? view.base.index.form
  const written = options.tidy === true || !isIdle(plan) || form !== view.base.index.form
  const report = { folded: plan.fold, forgotten: plan.forget, written, form, skipped: view.skipped }
  if (!written) return { ...report, collected: [], generation: bookkeeping.generation }
  if (options.dryRun) return { ...report, collected: plan.collect, generation: bookkeeping.generation }
  if (!view.index.isWhole && form !== view.index.form) return needsWhole(session)

  const { composes, works } = await knowComposing(session, view.base)
  if (!(await isStillBase(session, view))) return 'lost'
  const merged = options.tidy === true ? tidyIndex(view.index) : view.index
  const change = { folded: plan.folded, ...(composes === undefined ? {} : { composes }) }
  const text = nextIndex(session, view.base.index, merged.toForm(form), change)
  const write = await writeIndex(session, text, { match: view.base.etag }, works ? 'compose' : 'put')
  if (write === 'whole') return needsWhole(session)
  if (write === 'lost') return 'lost'
  await nameLeftInFolders(session, view)
  const { collected, problem } = await collectDeltas(session, plan.collect)
  return { ...report, collected, problem, generation: text.bookkeeping.generation }
}

/** From now on this session reads all of `index.yaml`. */
function needsWhole({ memory }: Session): 'lost' {
  memory.distrustsPages = true
  return 'lost'
}

/**
 * Whether the base may still be replaced. One that was read some time ago is looked at again first. On a store that
 * ignores the condition of the PUT, the write would otherwise undo what others have folded since; if they have also
 * collected it, after the shortest grace window, it would be in no base. The look itself counts for half a grace window
 * only, because this client may stand still after the answer.
 *
 * Cost: nothing, or one HEAD.
 */
async function isStillBase(session: Session, { base, isYoung }: View): Promise<boolean> {
  const isRecent = startLimit(session, MIN_GRACE_WINDOW / 2)
  return isYoung() || ((await session.store.head(session.location.indexKey))?.etag === base.etag && isRecent())
}
