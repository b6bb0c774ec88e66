import type { DeltaId } from '../../core/log/delta-id.ts'
import { HelmS3Error } from '../../errors.ts'
import { namingRepository } from '../../core/repository-hint.ts'
import type { CommittedDelta } from '../session/committed.ts'
import { compactOnce } from './compact.ts'
import { type TimedListing, listForView, readView } from '../read/read-view.ts'
import { readBookkeeping } from '../read/read-bookkeeping.ts'
import type { Session } from '../session/session.ts'

/** After this long the delta is left to the next compaction, milliseconds. */
const PATIENCE = 30_000
/** The writer of a pending delta younger than this may be compacting or about to compact, milliseconds. */
const RECENT = 5000
/** How long a member of a group waits for another one to fold its delta, milliseconds. Each waits a different time. */
const GROUP_PATIENCE = 2000
const MAX_GROUP_PATIENCE = 10_000

/**
 * Compacts after a mutation, so that readers without the plugin see the mutation at once. The mutation never fails
 * through this: its delta is durable, and the next compaction folds it.
 *
 * Many mutations at the same time fold as a group, which needs only a few reads and writes of `index.yaml` in all. A
 * client that sees no other young pending delta compacts at once. One that sees such deltas waits, and looks now and
 * then whether its delta has been folded. It compacts itself when it has waited and its delta is the newest, so that it
 * folds for all, or when it has waited too long for the others.
 *
 * @returns whether the delta is in `index.yaml` now
 * Cost: a compaction. In a group: for each look, a LIST and a ranged GET of the end of the index, which transfers
 * nothing while it is the same.
 */
export async function compactInline(
  session: Session,
  own: Pick<CommittedDelta, 'id' | 'newerDeltas'>,
): Promise<boolean> {
  const { clock, random } = session
  const startedAt = clock.monotonic()
  const giveUpAt = startedAt + PATIENCE
  const share = 1 + random.fraction()
  // How long a look takes at present, milliseconds. When the store is slow, the others need longer, too.
  let slowness = 0
  const pause = (): Promise<void> => clock.sleep(150 + random.fraction() * 500 + 2 * slowness)
  const isMyTurn = (): boolean =>
    clock.monotonic() - startedAt > share * Math.min(GROUP_PATIENCE + 10 * slowness, MAX_GROUP_PATIENCE)
  try {
    if (own.newerDeltas > 0) await pause()
    for (let look = own.newerDeltas > 0 ? 1 : 0; clock.monotonic() <= giveUpAt; look++) {
      const listed = await listForView(session)
      const group = await lookAtGroup(session, own.id, listed)
      slowness = clock.monotonic() - listed.startedAt
      if (group === 'folded') return true
      if (group === 'alone' || (look > 0 && group === 'newest') || isMyTurn()) {
        const view = await readView(session, { listed: group === 'alone' ? listed : undefined, wanted: 'touched' })
        if (view.base.index.bookkeeping.folded.has(own.id)) return true
        const pass = await compactOnce(session, view, { graceWindow: undefined, dryRun: false, form: undefined })
        if (pass !== 'lost') {
          const why = pass.problem?.message
          if (why !== undefined) session.progress(`folded; old deltas stay (${why}) until the next compaction`)
          return true
        }
      }
      await pause()
    }
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
    const { code, hint, message } = error
    const wayOut = hint === undefined ? '' : `; ${namingRepository(hint, session.location)}`
    if (code === 'invalid-index') {
      session.notice(`helm-s3: committed, but the index cannot be read: ${message}${wayOut}`)
      return false
    }
    if (code === 'unsupported-store') {
      session.notice(
        `helm-s3: committed, but not folded into index.yaml, so readers without this plugin do not see it: ` +
          `${message}${wayOut}`,
      )
      return false
    }
    const tell = code === 'store-failed' ? session.notice : session.progress
    tell(`not folded into index.yaml yet (${message}); the next compaction does it`)
  }
  return false
}

/** The position of a delta among those whose writers may be compacting now. */
type Standing = 'folded' | 'alone' | 'newest' | 'among others'

async function lookAtGroup(session: Session, own: DeltaId, { listing }: TimedListing): Promise<Standing> {
  const young = listing.deltas.filter(({ id, lastModified }) => id !== own && lastModified >= listing.date - RECENT)
  if (young.length === 0) return 'alone'
  const { folded } = await readBookkeeping(session)
  if (folded.has(own)) return 'folded'
  const waiting = young.filter(({ id }) => !folded.has(id))
  if (waiting.length === 0) return 'alone'
  return waiting.every(({ id }) => id < own) ? 'newest' : 'among others'
}
