import type { DeltaId } from '../core/delta-id.ts'
import { readIndexHead } from '../core/index/index-head.ts'
import { HelmS3Error } from '../errors.ts'
import { compactOnce } from './compact.ts'
import { DEFAULT_GRACE_WINDOW } from './limits.ts'
import { HEAD_BYTES } from './read-bookkeeping.ts'
import { readView } from './read-view.ts'
import type { Session } from './session.ts'

const MAX_ROUNDS = 8
/** Milliseconds after which the delta is left to the next compaction. */
const PATIENCE = 30_000

/**
 * Compacts after a mutation, so that readers without the plugin see it at once. Many mutations at the same time fold as a
 * group: one that sees newer deltas waits for their writers, the newest of which folds for all, and before each attempt
 * everyone looks whether that has happened. Never fails the mutation: its delta is durable, and the next compaction takes it.
 *
 * @returns whether the delta is in `index.yaml` now
 * Cost: a ranged GET of the head; then, if need be, a compaction.
 */
export async function compactInline(
  session: Session,
  own: { readonly id: DeltaId; readonly newerDeltas: number },
): Promise<boolean> {
  const { clock, random } = session
  const giveUpAt = clock.monotonic() + PATIENCE
  let pause = own.newerDeltas > 0 ? 200 + random.fraction() * 800 : 0
  try {
    for (let round = 0; round < MAX_ROUNDS && clock.monotonic() <= giveUpAt; round++) {
      if (pause > 0) await clock.sleep(pause)
      if (pause > 0 && (await isFolded(session, own.id))) return true
      const view = await readView(session)
      if (view.base.index.bookkeeping.folded.has(own.id)) return true
      const pass = await compactOnce(session, view, { graceWindow: DEFAULT_GRACE_WINDOW, dryRun: false, form: undefined })
      if (pass !== 'lost') return true
      pause = 100 + random.fraction() * 500 * (round + 1)
    }
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
    session.progress(`not folded into index.yaml yet (${error.message}); the next compaction does it`)
  }
  return false
}

/** Whether `index.yaml` has folded the delta, as far as its first kilobytes tell. */
async function isFolded({ location, store }: Session, id: DeltaId): Promise<boolean> {
  const object = await store.get(location.indexKey, { first: HEAD_BYTES })
  return object !== undefined && readIndexHead(object.body).mentions(id) === true
}
