import type { Key } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import { type PutOptions, type PutOutcome, asETag } from '../object-store.ts'
import { signsOf } from './error-signs.ts'
import { type Writing, mutate } from './mutate.ts'
import { headersSaying } from './said-with-objects.ts'

/**
 * See `ObjectStore.put`. Cost: a PUT; one more when the store refuses the optional metadata, and what
 * {@link ETagConditions} says for a condition on an ETag.
 * @throws HelmS3Error `unsupported-store` when nothing can be replaced in this store, see {@link ETagConditions}
 */
export async function putObject(
  writing: Writing,
  key: Key,
  body: Uint8Array,
  options: PutOptions,
): Promise<PutOutcome> {
  const { metadata = {}, optionalMetadata: optional } = options
  try {
    return await putOnCondition(writing, key, body, options)
  } catch (error) {
    if (optional === undefined || metadata[optional] === undefined || !isMetadataTooLarge(error)) throw error
    // The store refused the request, so it may be sent again.
    const { [optional]: _, ...others } = metadata
    return putOnCondition(writing, key, body, { ...options, metadata: others })
  }
}

function isMetadataTooLarge(error: unknown): boolean {
  return signsOf(error instanceof HelmS3Error ? error.cause : error).name === 'MetadataTooLarge'
}

async function putOnCondition(writing: Writing, key: Key, body: Uint8Array, options: PutOptions): Promise<PutOutcome> {
  const { bucket, conditions } = writing
  const { when } = options
  if (typeof when !== 'object') return sendPut(writing, key, body, options)
  const send = (isBare: boolean): Promise<PutOutcome> => sendPut(writing, key, body, options, isBare)
  const put = await conditions.send('PUT', key, when.match, send)
  if (put.outcome !== 'refuses-current') return put
  throw bucket.explanations.refusesShownETag(bucket.action('s3:PutObject', key), when.match)
}

async function sendPut(
  { bucket, conditions, settings }: Writing,
  key: Key,
  body: Uint8Array,
  options: PutOptions,
  isBare?: boolean,
): Promise<PutOutcome> {
  const { saidBy, says } = await settings.find()
  const hasMetadata = Object.keys(options.metadata ?? {}).length > 0
  const action = { ...bucket.action('s3:PutObject', key), says, saidBy, hasMetadata }
  const { inTime, sha256, until, when } = options
  const headers = {
    'cache-control': options.cacheControl,
    ...headersSaying(says, options),
    ...conditions.headers(when, isBare),
  }
  return mutate(bucket, action, { isConditional: when !== 'always', until }, async () => {
    const request = { method: 'PUT', key, headers, body, isObject: true, sha256, inTime, until } as const
    const { headers: answered } = await bucket.sendOnce(request)
    if (answered['etag'] === undefined) throw new Error('an answer without an ETag, which no S3 store gives')
    return { outcome: 'written', etag: asETag(answered['etag']), date: bucket.dateIn(answered, action) }
  })
}
