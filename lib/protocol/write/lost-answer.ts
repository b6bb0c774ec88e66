import { HelmS3Error, whyUnanswered } from '../../errors.ts'

/**
 * A write whose answer may be lost. It is not sent blindly again: it may have met what came in between
 * (docs/decisions/0006).
 */
export interface UncertainWrite {
  /** As the message names it. */
  readonly what: string
  /** How to find out. */
  readonly wayOut: string
}

/**
 * Looks what became of a write whose answer was lost.
 * @param lost what came instead of the answer, where it tells more than why the look failed
 * @throws HelmS3Error `outcome-unknown` when no look can be had
 */
export async function lookAfter<T>(
  write: UncertainWrite,
  look: () => Promise<T>,
  lost?: { readonly cause: unknown },
): Promise<T> {
  try {
    return await look()
  } catch (cause) {
    throw outcomeUnknown(write, cause, lost)
  }
}

/** The error of a write of which nobody knows whether it took effect. `lost`: see {@link lookAfter}. */
export function outcomeUnknown({ what, wayOut }: UncertainWrite, cause: unknown, lost = { cause }): HelmS3Error {
  const { hint, reason } = whyUnanswered(lost.cause)
  return new HelmS3Error('outcome-unknown', `no answer to the write of ${what}${reason}`, {
    hint: `${hint}${wayOut}`,
    cause,
  })
}
