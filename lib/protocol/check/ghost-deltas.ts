import pLimit from 'p-limit'
import type { Bookkeeping, FoldedDelta } from '../../core/log/bookkeeping.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { HelmS3Error } from '../../errors.ts'
import { attempts } from '../session/attempts.ts'
import { CONCURRENCY, FOLD_RETRIES } from '../session/limits.ts'
import { type ListedDelta, listDeltas } from '../read/list-deltas.ts'
import { openBase, readBase } from '../read/read-base.ts'
import { readDelta } from '../read/read-delta.ts'
import type { Session } from '../session/session.ts'
import { nextIndex, writeIndex } from '../write/write-index.ts'

/** A store that shows its newest objects late has shown them after this long, milliseconds. */
const MIN_AGE = 10 * 60_000

/**
 * Deltas that the store lists but does not give, and that the base has not folded. While there is one, no view can be
 * read. Deltas that are missing from a second listing were collected in the meantime and are left out.
 *
 * Cost: two LISTs for each 1000 deltas, one GET of `index.yaml`, one GET for each delta that is not folded.
 * @throws HelmS3Error `missing-index`, `invalid-index`
 */
export async function findGhosts(session: Session): Promise<readonly ListedDelta[]> {
  const { deltas } = await listDeltas(session)
  const { folded } = (await openBase(session, { isWhole: false })).bookkeeping
  const limit = pLimit(CONCURRENCY)
  const isMissing = async (listed: ListedDelta): Promise<boolean> =>
    (await readDelta(session, listed)).outcome === 'missing'
  const unfolded = deltas.filter(({ id }) => !folded.has(id))
  const missing = await Promise.all(unfolded.map((listed) => limit(() => isMissing(listed))))
  const again = new Set((await listDeltas(session)).deltas.map(({ id }) => id))
  return unfolded.filter(({ id }, i) => missing[i] === true && again.has(id))
}

/**
 * Notes the deltas that the store does not give as folded, although their text is not known. From then on views can be
 * read, and a collection deletes the deltas after the grace window. A reindex finds the versions that they were to add,
 * because the archives are still there. A young delta is left alone, because the store may still show it.
 * @returns `left` when there are young ones
 *
 * Cost: that of {@link findGhosts}, a GET and a PUT of `index.yaml`; again while others write it.
 * @throws HelmS3Error `conflict` when others win each time; what `writeIndex` throws
 */
export async function forgetGhosts(session: Session): Promise<'forgotten' | 'left'> {
  const ghosts = await findGhosts(session)
  const isOld = ({ lastModified }: ListedDelta): boolean => session.storeClock.now() - lastModified > MIN_AGE
  const ids = ghosts.filter(isOld).map(({ id }) => id)
  const outcome = ids.length < ghosts.length ? 'left' : 'forgotten'
  if (ids.length === 0) return outcome
  for await (const _ of attempts(session, FOLD_RETRIES)) {
    const { date, etag, index } = await readBase(session)
    const next = nextIndex(session, index, index, { folded: withGhosts(index.bookkeeping, ids, date) })
    if ((await writeIndex(session, next, { match: etag })) === 'written') return outcome
  }
  throw new HelmS3Error('conflict', `other clients keep writing ${session.location.indexKey}`, {
    hint: 'nothing was changed: try again',
  })
}

/** `date`: store clock, milliseconds since 1970. */
function withGhosts({ folded }: Bookkeeping, ids: readonly DeltaId[], date: number): Bookkeeping['folded'] {
  const ghost: FoldedDelta = { at: date, touched: [], gone: undefined }
  return new Map([...ids.map((id) => [id, ghost] as const), ...folded])
}
