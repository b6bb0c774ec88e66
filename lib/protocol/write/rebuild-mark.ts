import { type Key, rebuildMarkKey } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type { DeltaListing, RebuildMark } from '../read/list-deltas.ts'
import type { Session } from '../session/session.ts'

const RANDOM_BYTES = 8

/** How often a mark is written again, milliseconds. */
const RENEWAL = 5 * 60_000

/** A mark older than this belongs to a rebuild that died, milliseconds. */
const LIFETIME = 20 * 60_000

/** A rebuild that has begun and has its mark in `index.d/`. */
export interface MarkedRebuild {
  /**
   * Writes the mark again when it is old enough; to be called now and then during the rebuild. Cost: nothing, or one
   * PUT every five minutes.
   */
  readonly renew: () => Promise<void>
  /** Removes the mark. Never fails: a mark that stays counts for twenty minutes. Cost: one DELETE. */
  readonly end: () => Promise<void>
}

/**
 * Writes a mark to `index.d/` which says that `index.yaml` is being rebuilt, so that no client takes archives for
 * orphans because the index does not name them yet. Each rebuild has its own mark. The only place that writes marks.
 * Where that is not permitted, there is none. Cost: one PUT.
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

/** The rebuilds that are under way, which are those with a young mark. */
export function rebuildsUnderWay({ date, rebuilds }: DeltaListing): readonly RebuildMark[] {
  return rebuilds.filter(({ lastModified }) => date - lastModified < LIFETIME)
}

/** Removes the marks of rebuilds that died. Cost: one DELETE each. */
export async function sweepRebuildMarks(session: Session, { date, rebuilds }: DeltaListing): Promise<void> {
  const isOld = ({ lastModified }: RebuildMark): boolean => date - lastModified >= LIFETIME
  const remove = (key: Key): Promise<void> => quietly(session, () => session.store.delete(key))
  await Promise.all(rebuilds.filter(isOld).map(({ key }) => remove(key)))
}

/** Runs a request for a mark. A mark is only a help: when it fails, the rebuild goes on. */
async function quietly({ detail }: Session, request: () => Promise<unknown>): Promise<void> {
  try {
    await request()
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
    detail(`helm-s3: the mark of a rebuild: ${error.message}`)
  }
}
