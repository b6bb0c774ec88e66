import type { Key } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type { DeleteOptions, DeleteOutcome, ETag, PutCondition } from '../object-store.ts'
import { signsOf } from './error-signs.ts'
import type { RefusesCurrent } from './etag-conditions.ts'
import { type Writing, mutate } from './mutate.ts'
import { headObject } from './read-object.ts'

type Timely = { readonly [Name in 'inTime' | 'until']: DeleteOptions[Name] | undefined }

type Deleting = Omit<Writing, 'settings'>

/**
 * See `ObjectStore.delete`. Some stores refuse a condition as such (LocalStack answers 501, whatever the ETag; others
 * answer 412 for the very ETag that they show, in both forms). They are treated like a store that ignores conditions,
 * except that the object is looked at just before. Cost then: a HEAD and another DELETE; the refused requests are sent
 * only once in a process.
 */
export async function deleteObject(
  deleting: Deleting,
  key: Key,
  { inTime, match, strict = false, until }: DeleteOptions,
): Promise<DeleteOutcome> {
  const { bucket, conditions } = deleting
  const options = { inTime, until }
  if (match === undefined) return sendDelete(deleting, key, options, 'always')
  if (strict || !conditions.refusesDelete) {
    const deletion = await deleteMatching(deleting, key, match, options, strict)
    if (deletion.outcome !== 'refuses-current') return deletion
    if (strict) return { outcome: 'refused' }
    conditions.giveUpDelete()
  }
  if ((await headObject(bucket, key))?.etag !== match) return { outcome: 'refused' }
  if (inTime?.() === false) return { outcome: 'expired' }
  return sendDelete(deleting, key, options, 'always')
}

async function deleteMatching(
  deleting: Deleting,
  key: Key,
  match: ETag,
  options: Timely,
  strict: boolean,
): Promise<DeleteOutcome | RefusesCurrent> {
  const send = async (isBare: boolean): Promise<DeleteOutcome> =>
    options.inTime?.() === false ? { outcome: 'expired' } : sendDelete(deleting, key, options, { match }, isBare)
  try {
    return await deleting.conditions.send('DELETE', key, match, send)
  } catch (error) {
    if (strict || !refusesCondition(error)) throw error
    return { outcome: 'refuses-current' }
  }
}

/** Whether the store says that it does not support the condition of a request. The request was not carried out. */
function refusesCondition(error: unknown): boolean {
  const { name, status } = signsOf(error instanceof HelmS3Error ? error.cause : error)
  return status === 501 || (status === 400 && name === 'NotImplemented')
}

async function sendDelete(
  { bucket, conditions }: Deleting,
  key: Key,
  { inTime, until }: Timely,
  when: PutCondition,
  isBare?: boolean,
): Promise<DeleteOutcome> {
  const action = bucket.action('s3:DeleteObject', key)
  return mutate(bucket, action, { isConditional: when !== 'always', until }, async () => {
    const request = { method: 'DELETE', key, headers: conditions.headers(when, isBare), inTime, until } as const
    const { headers } = await bucket.sendOnce(request)
    return { outcome: 'deleted', date: bucket.dateIn(headers, action) }
  })
}
