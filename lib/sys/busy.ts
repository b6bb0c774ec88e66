/**
 * Work that may take seconds without waiting for anything, so that no timer and no signal handler runs meanwhile. So
 * the work itself checks whether its time is up, and signals end the process at once.
 */

/** What is to happen while a process is busy. */
export interface Attendant {
  /** Called before work during which no timer and no signal handler runs. */
  readonly begin?: () => void
  readonly end?: () => void
  /** Throws when the time of the operation is up. */
  readonly check?: () => void
}

const attendants = new Set<Attendant>()
let depth = 0

/** Sets the attendant for all work that {@link whileBusy} does. @returns a function that removes it again */
export function attend(attendant: Attendant): () => void {
  attendants.add(attendant)
  return () => attendants.delete(attendant)
}

/** Does work that keeps the process busy. */
export function whileBusy<T>(work: () => T): T {
  depth++
  if (depth === 1) for (const { begin } of attendants) begin?.()
  try {
    return work()
  } finally {
    depth--
    if (depth === 0) for (const { end } of attendants) end?.()
  }
}

/**
 * Call this repeatedly in the middle of such work.
 * @throws HelmS3Error `timeout`
 */
export function stillInTime(): void {
  for (const { check } of attendants) check?.()
}
