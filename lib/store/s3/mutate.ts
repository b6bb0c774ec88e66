import type { NotDone, Until } from '../object-store.ts'
import type { S3Bucket } from './bucket.ts'
import { isAmbiguous, isExpired, isMissingObject, statusOf } from './error-signs.ts'
import type { S3Action } from './action.ts'
import type { ETagConditions } from './etag-conditions.ts'
import type { SaidWithObjects } from './said-with-objects.ts'

/** What the writes share. */
export interface Writing {
  readonly bucket: S3Bucket
  readonly conditions: ETagConditions
  readonly settings: SaidWithObjects
}

/**
 * Sends a mutation and distinguishes three outcomes: done, refused because of its condition or its time, and unknown.
 * Rejects when the mutation was not carried out for any other reason.
 */
export async function mutate<T extends { readonly outcome: string }>(
  bucket: S3Bucket,
  action: S3Action,
  { isConditional, until }: { readonly isConditional: boolean; readonly until?: Until | undefined },
  send: () => Promise<T>,
): Promise<T | NotDone> {
  if (bucket.signal?.aborted === true) throw await bucket.explained(bucket.signal.reason, action)
  if (!(await bucket.isSigned())) throw await bucket.explanations.withoutCredentials(action)
  try {
    return await send()
  } catch (error) {
    const status = statusOf(error)
    if (isConditional && status === 409) return { outcome: 'refused', isBusy: true }
    if (isConditional && (status === 412 || isMissingObject(error))) return { outcome: 'refused' }
    if (until !== undefined && isExpired(error, until)) return { outcome: 'expired' }
    if (isAmbiguous(error))
      return { outcome: 'unknown', cause: await bucket.explained(error, action), isFailure: status === 500 }
    throw await bucket.explained(error, action)
  }
}
