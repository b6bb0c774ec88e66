/** Time limits of the protocol, all in milliseconds. `docs/FORMAT.md` lists them for other implementations. */

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Folded deltas younger than this are not collected, unless `compact` is told otherwise. */
export const DEFAULT_GRACE_WINDOW = 5 * MINUTE
export { MIN_GRACE_WINDOW } from '../core/repository-config.ts'

/** A folded id is remembered for this long after it was first missed in the listing: longer than every deadline here. */
export const RETENTION = 60 * MINUTE

/** A minted id may be sent for this long, counted from the reading of the clock that went into it. */
export const ID_LIFETIME = 60 * SECOND

/** How far the estimate of the store's clock may be ahead: the time that an answer took. */
export const MAX_CLOCK_ERROR = 60 * SECOND

/** A request that was sent may still arrive this long after, although its sender has given it up. */
export const LONGEST_FLIGHT = 30 * SECOND

/** An archive that no entry names may be that of a push under way for this long: its delta is sent by then, and has arrived, or never will. */
export const PUSH_MAY_LIVE = ID_LIFETIME + LONGEST_FLIGHT

/** A delta whose id is further ahead of the store's clock than this is not well-formed. */
export const MAX_CLOCK_LEAD = 15 * MINUTE

/** From the start of LIST to the end of GET `index.yaml`; a slower view is read again. */
export const VIEW_DEADLINE = 60 * SECOND

/** A removal younger than this may still be deleting its archive. */
export const REMOVAL_SETTLES = 60 * SECOND

/** From the PUT of a removal to the DELETE of its archive; later than this the archive stays. */
export const DELETE_DEADLINE = 30 * SECOND

/** An archive that no entry names may be that of a push under way, or of an old client before its index, for this long. */
export const ORPHAN_AGE = 60 * MINUTE

/** How long a push waits for removals of its version to settle before it gives up. */
export const SETTLE_PATIENCE = 10 * MINUTE

/** Requests of one command that may be under way at once; well below the sockets of one client (256). */
export const CONCURRENCY = 24

/** Archives that a reindex opens at once: enough for a distant store, within the sockets of one client. */
export const DEFAULT_CONCURRENCY = 64
export const MAX_CONCURRENCY = 256
