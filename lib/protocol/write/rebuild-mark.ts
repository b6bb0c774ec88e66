import { type Key, rebuildMarkKey } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type { DeltaListing, RebuildMark } from '../read/list-deltas.ts'
import type { Session } from '../session/session.ts'

const RANDOM_BYTES = 8

/** A mark is written again after this long, milliseconds. */
const RENEWAL = 5 * 60_000

/** A mark that is older than this is that of a rebuild that died, milliseconds. */
const LIFETIME = 20 * 60_000

/** A rebuild that has begun, and says so in `index.d/`. */
export interface MarkedRebuild {
  /** To be called now and then while it lasts. Cost: nothing, or one PUT each five minutes. */
  readonly renew: () => Promise<void>
  /** Takes the mark away. Never fails: a mark that stays counts for twenty minutes. Cost: one DELETE. */
  readonly end: () => Promise<void>
}

/**
 * Says in `index.d/` that `index.yaml` is being made anew, so that nobody takes archives which it does not name yet for
 * orphans. Each rebuild has a mark of its own. The only place that writes marks. Where that is not allowed, there is
 * none. Cost: one PUT.
 */
export async function markRebuild(session: Session): Promise<MarkedRebuild> {
  const { clock, location, origin, random, store } = session
  const key = rebuildMarkKey(location, Buffer.from(random.bytes(RANDOM_BYTES)).toString('hex'))
  const body = Buffer.from(`${JSON.stringify({ user: origin.user, host: origin.host, tool: origin.tool })}\n`)
  let writtenAt = clock.monotonic()
  const write = async (): Promise<void> => {
    writtenAt = clock.monotonic()
    await quietly(session, () => store.put(key, body, { when: 'always', contentType: 'application/json' }))
  }
  await write()
  return {
    renew: async () => {
      if (clock.monotonic() - writtenAt > RENEWAL) await write()
    },
    end: () => quietly(session, () => store.delete(key)),
  }
}

/** The rebuilds that are under way: those whose mark is young. */
export function rebuildsUnderWay({ date, rebuilds }: DeltaListing): readonly RebuildMark[] {
  return rebuilds.filter(({ lastModified }) => date - lastModified < LIFETIME)
}

/** Removes the marks of rebuilds that died. Cost: one DELETE each. */
export async function sweepRebuildMarks(session: Session, { date, rebuilds }: DeltaListing): Promise<void> {
  const isOld = ({ lastModified }: RebuildMark): boolean => date - lastModified >= LIFETIME
  const remove = (key: Key): Promise<void> => quietly(session, () => session.store.delete(key))
  await Promise.all(rebuilds.filter(isOld).map(({ key }) => remove(key)))
}

/** A mark is a help: its failure is none of the rebuild. */
async function quietly({ detail }: Session, request: () => Promise<unknown>): Promise<void> {
  try {
    await request()
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
    detail(`helm-s3: the mark of a rebuild: ${error.message}`)
  }
}
