import { HelmS3Error, whyUnanswered } from '../../errors.ts'

/**
 * A write whose answer may get lost. It is not sent again blindly, because by then it could overwrite what others have
 * written in between (docs/decisions/0006).
 */
export interface UncertainWrite {
  /** What was written, as the message names it. */
  readonly what: string
  /** How the user can find out what became of the write. */
  readonly wayOut: string
}

/**
 * Looks what became of a write whose answer was lost.
 * @param lost what came instead of the answer, when it tells more than the reason why the look failed
 * @throws HelmS3Error `outcome-unknown` when the look fails
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

/** The error for a write that may or may not have taken effect. `lost`: see {@link lookAfter}. */
export function outcomeUnknown({ what, wayOut }: UncertainWrite, cause: unknown, lost = { cause }): HelmS3Error {
  const { hint, reason } = whyUnanswered(lost.cause)
  return new HelmS3Error('outcome-unknown', `no answer to the write of ${what}${reason}`, {
    hint: `${hint}${wayOut}`,
    cause,
  })
}
