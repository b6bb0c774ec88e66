import { type DeltaId, MAX_DELTA_TIME, deltaTime, lowestDeltaId, makeDeltaId } from '../../core/log/delta-id.ts'
import type { VersionId } from '../../core/log/entry.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatAge } from '../../text/format.ts'
import { attempts } from '../session/attempts.ts'
import {
  ID_LIFETIME,
  MAX_CLOCK_ERROR,
  MAX_CLOCK_LEAD,
  MINT_RETRIES,
  PUSH_MAY_LIVE,
  REMOVAL_SETTLES,
} from '../session/limits.ts'
import { type ListedDelta, listDeltas } from '../read/list-deltas.ts'
import type { Session } from '../session/session.ts'
import { startLimit } from '../session/stopwatch.ts'

const RANDOM_BYTES = 10

/**
 * What landed in the last minute may have been minted a minute and a flight before; the clock by which it is listed may
 * be ahead. Milliseconds.
 */
const LOOK_BACK = REMOVAL_SETTLES + PUSH_MAY_LIVE + MAX_CLOCK_ERROR

/** A new delta id and how long it may be used. */
export interface Minted {
  readonly id: DeltaId
  /** The `Date` of the LIST that it was minted from: store clock, milliseconds since 1970. */
  readonly date: number
  /** Whether a request that carries the id may still be sent, by both clocks of this machine. */
  readonly isFresh: () => boolean
  /**
   * The deltas that the LIST showed: all that have landed in the last minute are among them, and so every removal that
   * may still be deleting its archive.
   */
  readonly recent: readonly ListedDelta[]
  /** Until when the store may take such a request: store clock, milliseconds since 1970. */
  readonly until: number
  /**
   * Milliseconds by which the highest id that this client has seen is above this one. 0, but where the store's clock
   * has been set back so far that no id above it would be well-formed: then a version that was touched up there cannot
   * be changed yet.
   */
  readonly isBelowBy: number
}

/**
 * Mints an id above every delta that this client has seen, listed or folded, and above the ids in `above` (those in the
 * metadata of archives; ignored when too far ahead of the store's clock). So what could see another sorts after it,
 * whatever the clocks say. The random bits are fresh each time: two clients that increment the same id would collide.
 *
 * The time in the id is the `Date` of that LIST, or a moment after what was seen; the clocks of this machine only tell
 * from where to list. What is collected by then is older by the grace window, so that whatever could overtake the id is
 * seen, now or by the look behind.
 *
 * The lifetime counts from before the LIST. A later delta could be overtaken by one that was written, folded and
 * collected before it lands. The clocks of this machine may stand still (a laptop that sleeps) or step: so the store is
 * asked, too, to refuse what comes later, and whoever sends the id compares the `Date` of the answer with {@link
 * Minted.date}.
 *
 * Cost: one LIST; one more each time an earlier answer was so slow that the clock cannot be told from it.
 * @throws HelmS3Error `timeout` when all answers are that slow
 */
export async function mint(session: Session, above: readonly (DeltaId | undefined)[] = []): Promise<Minted> {
  const { knownIds, storeClock } = session
  for await (const _ of attempts(session, MINT_RETRIES)) {
    const isFresh = startLimit(session, ID_LIFETIME)
    const now = Math.floor(storeClock.now())
    const { date, deltas } = await listDeltas(session, lowestDeltaId(now - LOOK_BACK))
    if (now > date + MAX_CLOCK_ERROR) continue
    const reach = date + MAX_CLOCK_LEAD
    const timeOf = (id: DeltaId | undefined): number => (id === undefined ? 0 : deltaTime(id))
    const highestSeen = timeOf(knownIds.highest)
    const raised = [highestSeen, ...above.map(timeOf)].map((time) => time + 1).filter((time) => time <= reach)
    const time = Math.max(date, ...raised)
    return {
      id: makeDeltaId(Math.min(time, MAX_DELTA_TIME), session.random.bytes(RANDOM_BYTES)),
      date,
      recent: deltas,
      isFresh,
      until: date + ID_LIFETIME,
      isBelowBy: Math.max(0, highestSeen - time),
    }
  }
  throw new HelmS3Error('timeout', `every answer of ${session.location.url} took longer than a minute`, {
    hint: 'nothing was changed; try again when the store answers faster',
  })
}

/** Nothing that is written now could come after the newest change of the version. `by`: milliseconds. */
export function clockWentBack({ name, version }: VersionId, by: number): HelmS3Error {
  return new HelmS3Error(
    'conflict',
    `the clock of the store has been set back: the newest change of ${name} ${version} lies ${formatAge(by)} ahead ` +
      `of it`,
    {
      hint:
        'nothing that is written now would count: set the clock of the store right, or wait until it has passed ' +
        'that time',
    },
  )
}
