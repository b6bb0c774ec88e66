/** Time limits of the protocol, all in milliseconds. `docs/FORMAT.md` lists them for other implementations. */

import type { Pause, Retries } from './attempts.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Folded deltas younger than this are not collected, unless `compact` is told otherwise. */
export const DEFAULT_GRACE_WINDOW = 5 * MINUTE
export { MIN_GRACE_WINDOW } from '../../settings/repository-config.ts'

/**
 * A folded id is remembered for this long after it was first missed in the listing: longer than every deadline here.
 */
export const RETENTION = 60 * MINUTE

/** A minted id may be sent for this long, counted from the reading of the clock that went into it. */
export const ID_LIFETIME = 60 * SECOND

/** How far the estimate of the store's clock may be ahead: the time that an answer took. */
export const MAX_CLOCK_ERROR = 60 * SECOND

/** A request that was sent may still arrive this long after, although its sender has given it up. */
export const LONGEST_FLIGHT = 30 * SECOND

/**
 * An archive that no entry names may be that of a push under way for this long: its delta is sent by then, and has
 * arrived, or never will.
 */
export const PUSH_MAY_LIVE = ID_LIFETIME + LONGEST_FLIGHT

/** A delta whose id is further ahead of the store's clock than this is not well-formed. */
export const MAX_CLOCK_LEAD = 15 * MINUTE

/** From the start of LIST to the end of GET `index.yaml`; a slower view is read again. */
export const VIEW_DEADLINE = 60 * SECOND

/** A removal younger than this may still be deleting its archive. */
export const REMOVAL_SETTLES = 60 * SECOND

/** From the PUT of a removal to the DELETE of its archive; later than this the archive stays. */
export const DELETE_DEADLINE = 30 * SECOND

/**
 * An archive that no entry names may be that of a push under way, or of an old client before its index, for this long.
 */
export const ORPHAN_AGE = 60 * MINUTE

/** How long a push waits for removals of its version to settle before it gives up. */
export const SETTLE_PATIENCE = 10 * MINUTE

/** Requests of one command that may be under way at once; well below the sockets of one client (256). */
export const CONCURRENCY = 24

/** Archives that a reindex opens at once: enough for a distant store, within the sockets of one client. */
export const DEFAULT_CONCURRENCY = 64
export const MAX_CONCURRENCY = 256

/** Bytes. Larger archives are read a few at a time, so that they do not fill the memory. */
export const LARGE_ARCHIVE = 4 * 1024 * 1024
export const LARGE_AT_ONCE = 4

/** How often an operation starts again whose request came too late: the next one follows at once. */
export const LATE_RETRIES: Retries = { attempts: 8 }

/** Listings from which an id may be minted. */
export const MINT_RETRIES: Retries = { attempts: 10 }

/** Rounds of a push that other clients cross. */
export const PUSH_RETRIES: Retries = { attempts: 12, pause: { first: 100, growth: 2, longest: 3 * SECOND, jitter: 1 } }

/** A view, while what is read does not fit together. */
export const VIEW_RETRIES: Retries = { attempts: 40, pause: { first: 100, growth: 2, longest: 5 * SECOND, jitter: 1 } }

/** Compare-and-swaps of `index.yaml` that fold what others fold, too. */
export const FOLD_RETRIES: Retries = { attempts: 10, pause: { first: 200, growth: 2, longest: 5 * SECOND, jitter: 1 } }

/** Other compare-and-swaps: of a new `index.yaml`, and of the defaults of the repository. */
export const SWAP_RETRIES: Retries = { attempts: 8, pause: { first: 200, growth: 2, longest: SECOND, jitter: 1 } }

/** Looks of a rebuild, while new archives or deltas come. */
export const REBUILD_ROUNDS: Retries = { attempts: 50 }

/** A write that the store has not answered, and that a look does not find. */
const RESEND_PAUSE: Pause = { first: 500, growth: 1, longest: 500, jitter: 0.8 }

/** As long as its id lives. */
export const DELTA_RETRIES: Retries = { attempts: Infinity, pause: RESEND_PAUSE }
export const ARCHIVE_RETRIES: Retries = { attempts: 12, pause: RESEND_PAUSE }

/** A provenance file that other pushes write, too. */
export const PROVENANCE_RETRIES: Retries = { attempts: 6 }

/** A question that was refused: 0.7 seconds in all. */
export const REFUSED_RETRIES: Retries = { attempts: 3, pause: { first: 200, growth: 2.5, longest: 500, jitter: 0 } }

/** An archive that is not what its entry says, while a push by force or a deletion is between its writes. */
export const DISAGREEMENT_RETRIES: Retries = {
  attempts: 4,
  pause: { first: 750, growth: 2, longest: 3 * SECOND, jitter: 2 / 3 },
}
