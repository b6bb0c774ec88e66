import { type UrlForm, archiveUrl } from '../../core/keys.ts'
import { makeEntry } from '../../core/log/chart-entry.ts'
import type { Addition, Delta } from '../../core/log/delta.ts'
import { type Entry, versionKey } from '../../core/log/entry.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { overtakenVersions } from '../read/look-behind.ts'
import { ID_LIFETIME } from '../session/limits.ts'
import type { Session } from '../session/session.ts'
import { appendDelta } from '../write/append-delta.ts'
import type { Minted } from '../write/mint.ts'
import type { Placed } from './place-all.ts'

/** How the urls of new entries are written. */
export interface EntryUrls {
  readonly urlForm: UrlForm
}

/** The delta of this attempt. A refreshed archive needs no addition: its entry is there already. */
export function makeDelta(session: Session, ours: readonly Placed[], options: EntryUrls): Delta {
  const additions = ours.flatMap(({ upload, placement }): Addition[] => {
    if (placement.kind === 'refreshed') return []
    return [
      { entry: entryOf(session, upload, options), ifAbsent: placement.kind === 'kept' || placement.kind === 'adopted' },
    ]
  })
  return { added: additions, removed: [] }
}

/** The entry that a push adds for a chart, dated by the clock of the store unless the upload has a date. */
export function entryOf({ location, storeClock }: Session, upload: ChartUpload, { urlForm }: EntryUrls): Entry {
  const created = upload.created ?? new Date(storeClock.now()).toISOString()
  return makeEntry(upload.metadata, { digest: upload.digest, url: archiveUrl(location, upload, urlForm), created })
}

/** A delta that is committed, and what the look behind it showed. */
export interface CommittedPush {
  /** The versions that deltas of higher ids touch, by version key. */
  readonly overtaken: ReadonlySet<string>
  readonly newerDeltas: number
  /**
   * Whether the look behind may have missed a delta that overtook this one, or this id could not be made higher than
   * everything that was seen.
   */
  readonly mayHaveMissed: boolean
}

/** What a push amounts to whose entries are all there already. */
export const NOTHING_TO_COMMIT: CommittedPush = { overtaken: new Set(), newerDeltas: 0, mayHaveMissed: false }

/**
 * Writes the delta, then looks behind it for deltas that have overtaken it. A delta that overtook it may be folded and
 * collected by the time of the look, and then the listing does not show it. That is possible only when more time than
 * the lifetime of the id has passed since it was minted. That time is taken from the clocks of this machine and,
 * because those may have stood still, from the dates of the store's answers.
 */
export async function commitPush(session: Session, minted: Minted, delta: Delta): Promise<CommittedPush | 'expired'> {
  const appended = await appendDelta(session, minted, delta)
  if (appended.outcome === 'expired') return 'expired'
  const look = await overtakenVersions(
    session,
    minted.id,
    delta.added.map(({ entry }) => entry),
  )
  const isInTime = appended.isTimely && minted.isFresh() && Math.abs(look.date - minted.date) <= ID_LIFETIME
  return {
    overtaken: new Set(look.overtaken.map(versionKey)),
    newerDeltas: look.newerDeltas,
    mayHaveMissed: !isInTime || minted.isBelowBy > 0 || session.storeClock.mayHaveGoneBack,
  }
}
