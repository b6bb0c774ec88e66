import { type DeltaId, MAX_DELTA_TIME, deltaTime, lowestDeltaId, makeDeltaId } from '../core/delta-id.ts'
import { HelmS3Error } from '../errors.ts'
import { ID_LIFETIME, MAX_CLOCK_ERROR, MAX_CLOCK_LEAD } from './limits.ts'
import { listDeltas } from './list-deltas.ts'
import type { Session } from './session.ts'

const RANDOM_BYTES = 10
const MAX_ATTEMPTS = 10

/** A new delta id and how long it may be used. */
export interface Minted {
  readonly id: DeltaId
  /** Whether a request that carries the id may still be sent. */
  readonly isFresh: () => boolean
}

/**
 * Mints an id above every well-formed delta that this client could see, and above the ids in `above` (those in the metadata
 * of archives; ignored when too far ahead of the store's clock). So what could see another sorts after it, whatever the
 * clocks say. The random bits are fresh each time: two clients that increment the same id would collide.
 *
 * The lifetime counts from the reading of the clock that went into the id. A later one could be overtaken by a delta that
 * was written, folded and collected before it lands.
 *
 * Cost: one LIST; one more each time an earlier answer was so slow that the clock cannot be told from it.
 * @throws HelmS3Error `timeout` when all answers are that slow
 */
export async function mint(session: Session, above: readonly (DeltaId | undefined)[] = []): Promise<Minted> {
  const { clock, storeClock } = session
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const readAt = clock.monotonic()
    const now = Math.floor(storeClock.now())
    const { deltas, date } = await listDeltas(session, lowestDeltaId(now))
    if (now > date + MAX_CLOCK_ERROR) continue
    const seen = [
      ...deltas.map(({ id }) => deltaTime(id)),
      ...above.flatMap((id) => (id === undefined || deltaTime(id) > date + MAX_CLOCK_LEAD ? [] : [deltaTime(id)])),
    ]
    const time = seen.reduce((highest, each) => Math.max(highest, each + 1), now)
    return {
      id: makeDeltaId(Math.min(time, MAX_DELTA_TIME), session.random.bytes(RANDOM_BYTES)),
      isFresh: () => clock.monotonic() - readAt <= ID_LIFETIME,
    }
  }
  throw new HelmS3Error('timeout', `every answer of ${session.location.url} took longer than a minute`, {
    hint: 'nothing was changed; try again when the store answers faster',
  })
}
