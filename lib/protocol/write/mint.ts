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
 * How far before the present the LIST of a mint begins, milliseconds. A delta that landed in the last minute may have
 * been minted as much as {@link PUSH_MAY_LIVE} earlier, and the estimate of the store's clock may be ahead.
 */
const LOOK_BACK = REMOVAL_SETTLES + PUSH_MAY_LIVE + MAX_CLOCK_ERROR

/** A new delta id and how long it may be used. */
export interface Minted {
  readonly id: DeltaId
  /** The `Date` of the LIST that the id was minted from: store clock, milliseconds since 1970. */
  readonly date: number
  /** Whether a request that carries the id may still be sent, by both clocks of this machine. */
  readonly isFresh: () => boolean
  /**
   * The deltas that the LIST showed. All that have landed in the last minute are among them, and so is every removal
   * that may still be deleting its archive.
   */
  readonly recent: readonly ListedDelta[]
  /** Until when the store may accept a request that carries the id: store clock, milliseconds since 1970. */
  readonly until: number
  /**
   * Milliseconds by which the highest id that this client has seen is above this one. It is 0 unless the store's clock
   * has been set back so far that no id above the highest would be well-formed. Then a version that was touched under a
   * higher id cannot be changed yet.
   */
  readonly isBelowBy: number
}

/**
 * Mints a new id. It is above every delta that this client has seen, listed or folded, and above the ids in `above`
 * (from the metadata of archives; ignored when they are too far ahead of the store's clock). So an operation that could
 * see another one gets a higher id than that one, whatever the clocks say. The random bits are fresh each time: two
 * clients that incremented the same id would collide.
 *
 * The time in the id is the `Date` of the LIST, or a millisecond after the latest id that was seen. The clocks of this
 * machine only tell from where to list. A delta that is collected by then is older than the new id by the grace window,
 * so every delta that could overtake the new id is seen, either now or by the look behind.
 *
 * The lifetime of the id counts from before the LIST. A delta that is sent later could be overtaken by one that was
 * written, folded and collected before it lands. The clocks of this machine may step or stand still (a laptop that
 * sleeps). Therefore the store is asked, too, to refuse what comes later, and the sender of the delta compares the
 * `Date` of the answer with {@link Minted.date}.
 *
 * Cost: one LIST; one more each time an answer took so long that the store's clock cannot be told from it.
 * @throws HelmS3Error `timeout` when all answers take that long
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

/** The error when nothing that is written now could come after the newest change of the version. `by`: milliseconds. */
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
