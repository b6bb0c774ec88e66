import type { Key } from '../../core/keys.ts'
import type { CopyOptions, CopyOutcome, CopySource, Upload, UploadedPart } from '../object-store.ts'
import type { S3Bucket } from './bucket.ts'
import { abortUpload, completeUpload, copyPart, createUpload } from './multipart.ts'
import { type Writing, mutate } from './mutate.ts'
import { headersSaying } from './said-with-objects.ts'

/**
 * See `ObjectStore.copyFrom`. Copies by a multipart upload of one part, because MinIO ignores a condition on
 * CopyObject, but not one on the end of an upload. Cost: three requests; one more when the copy is given up.
 */
export async function copyObject(
  { bucket, conditions, settings }: Writing,
  source: CopySource,
  key: Key,
  options: CopyOptions,
): Promise<CopyOutcome> {
  const { saidBy, says } = await settings.find()
  const action = { ...bucket.action('s3:PutObject', key), says, saidBy }
  const begun = await beginCopy(bucket, source, key, headersSaying(says, options))
  if (begun === undefined) return { outcome: 'unsupported' }
  const { part, upload } = begun
  const { inTime, when } = options
  const outcome = await mutate(bucket, action, { isConditional: when !== 'always' }, async () => {
    const { etag, headers } = await completeUpload(bucket, upload, [part], {
      headers: conditions.headers(when),
      inTime,
    })
    return { outcome: 'written', etag, date: bucket.dateIn(headers, action) } as const
  })
  if (outcome.outcome === 'refused') await abortUpload(bucket, upload)
  return outcome
}

/**
 * Begins a copy; nothing is visible yet. Undefined: the store does not support such uploads, or cannot read the
 * source.
 */
async function beginCopy(
  bucket: S3Bucket,
  source: CopySource,
  key: Key,
  headers: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly upload: Upload; readonly part: UploadedPart } | undefined> {
  let upload: Upload | undefined
  try {
    upload = await createUpload(bucket, key, headers)
    if (upload === undefined) return undefined
    const part = await copyPart(bucket, upload, 1, source)
    if (part !== undefined) return { upload, part }
  } catch (error) {
    if (bucket.signal?.aborted === true) throw error
  }
  if (upload !== undefined) await abortUpload(bucket, upload)
  return undefined
}
