/**
 * Work that may take seconds without waiting for anything: no timer and no signal gets a turn meanwhile. So the work
 * itself asks whether its time is up, and signals end the process at once.
 */

/** Who looks after a process that is busy. */
export interface Attendant {
  /** From now on nothing else gets a turn. */
  readonly begin?: () => void
  readonly end?: () => void
  /** Throws when the time of the operation is up. */
  readonly check?: () => void
}

const attendants = new Set<Attendant>()
let depth = 0

/** Lets someone look after all work that {@link whileBusy} does. @returns what ends that */
export function attend(attendant: Attendant): () => void {
  attendants.add(attendant)
  return () => attendants.delete(attendant)
}

/** Does such work. */
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
 * To be called now and then in the middle of such work.
 * @throws HelmS3Error `timeout`
 */
export function stillInTime(): void {
  for (const { check } of attendants) check?.()
}
