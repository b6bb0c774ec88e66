/** Time limits of the protocol, all in milliseconds. `docs/FORMAT.md` lists them for other implementations. */

import { PAGE_SIZES } from '../../core/index/page-sizes.ts'
import { PART_LIMITS } from '../../core/index/plan-parts.ts'
import type { Pause, Retries } from './attempts.ts'
import type { PagingLimits } from './session.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Folded deltas younger than this are not collected, unless `compact` or the repository sets another grace window. */
export const DEFAULT_GRACE_WINDOW = 5 * MINUTE
export { MIN_GRACE_WINDOW } from '../../settings/repository-config.ts'

/**
 * A folded id is remembered for this long after it was first missing from the listing. That is longer than every
 * deadline here.
 */
export const RETENTION = 60 * MINUTE

/** A new id may be sent for this long, counted from the reading of the clock before the LIST of its mint. */
export const ID_LIFETIME = 60 * SECOND

/** How far the estimate of the store's clock may be ahead, because an answer took that long. */
export const MAX_CLOCK_ERROR = 60 * SECOND

/** A request may still arrive this long after it was sent, although its sender has given it up. */
export const LONGEST_FLIGHT = 30 * SECOND

/**
 * For this long an archive that no entry names may belong to a push under way. After that the delta of the push has
 * arrived, or never will.
 */
export const PUSH_MAY_LIVE = ID_LIFETIME + LONGEST_FLIGHT

/** A delta whose id is further ahead of the store's clock than this is not well-formed. */
export const MAX_CLOCK_LEAD = 15 * MINUTE

/** A view is read again when more time than this passes from the start of LIST to the end of GET `index.yaml`. */
export const VIEW_DEADLINE = 60 * SECOND

/** A removal younger than this may still be deleting its archive. */
export const REMOVAL_SETTLES = 60 * SECOND

/** When more time than this has passed since the PUT of a removal, its archive is not deleted any more and stays. */
export const DELETE_DEADLINE = 30 * SECOND

/**
 * For this long an archive that no entry names may belong to a push under way, or to an old client that has not yet
 * written its index.
 */
export const ORPHAN_AGE = 60 * MINUTE

/** How long a push waits for removals of its version to settle before it gives up. */
export const SETTLE_PATIENCE = 10 * MINUTE

/** Requests of one command that may be under way at once; well below the limit of 256 sockets for one client. */
export const CONCURRENCY = 24

/**
 * Archives that a reindex opens at once: enough for a distant store, and within the limit of sockets for one client.
 */
export const DEFAULT_CONCURRENCY = 64
export const MAX_CONCURRENCY = 256

/** How `index.yaml` is read and written in parts, bytes. */
export const PAGING: PagingLimits = { sizes: PAGE_SIZES, parts: PART_LIMITS, tail: 256 * 1024 }

/** Archives larger than this, in bytes, are read a few at a time, so that they do not fill the memory. */
export const LARGE_ARCHIVE = 4 * 1024 * 1024
export const LARGE_AT_ONCE = 4

/** For an operation whose request came too late: it starts again at once. */
export const LATE_RETRIES: Retries = { attempts: 8 }

/** For the LISTs from which an id may be minted. */
export const MINT_RETRIES: Retries = { attempts: 10 }

/** For a push that other clients cross. */
export const PUSH_RETRIES: Retries = { attempts: 12, pause: { first: 100, growth: 2, longest: 3 * SECOND, jitter: 1 } }

/** For a view whose parts do not fit together. */
export const VIEW_RETRIES: Retries = { attempts: 40, pause: { first: 100, growth: 2, longest: 5 * SECOND, jitter: 1 } }

/** For compare-and-swaps of `index.yaml` that fold what other clients fold as well. */
export const FOLD_RETRIES: Retries = { attempts: 10, pause: { first: 200, growth: 2, longest: 5 * SECOND, jitter: 1 } }

/** For other compare-and-swaps: of a new `index.yaml`, and of the defaults of the repository. */
export const SWAP_RETRIES: Retries = { attempts: 8, pause: { first: 200, growth: 2, longest: SECOND, jitter: 1 } }

/** For a rebuild, which looks again while new archives or deltas come. */
export const REBUILD_ROUNDS: Retries = { attempts: 50 }

/** Before a write is sent again that the store has not answered and that a look does not find. */
const RESEND_PAUSE: Pause = { first: 500, growth: 1, longest: 500, jitter: 0.8 }

/** For a delta: it is sent again as long as its id lives. */
export const DELTA_RETRIES: Retries = { attempts: Infinity, pause: RESEND_PAUSE }
export const ARCHIVE_RETRIES: Retries = { attempts: 12, pause: RESEND_PAUSE }

/** For a provenance file that other pushes write as well. */
export const PROVENANCE_RETRIES: Retries = { attempts: 6 }

/** For a question that was refused: 0.7 seconds in all. */
export const REFUSED_RETRIES: Retries = { attempts: 3, pause: { first: 200, growth: 2.5, longest: 500, jitter: 0 } }

/**
 * For an archive that is not what its entry says, which happens while a push by force or a deletion is between its
 * writes.
 */
export const DISAGREEMENT_RETRIES: Retries = {
  attempts: 4,
  pause: { first: 750, growth: 2, longest: 3 * SECOND, jitter: 2 / 3 },
}
