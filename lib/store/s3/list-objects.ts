import type { Key } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import type { ListOptions, ListPage, ObjectVersion, OpenUpload } from '../object-store.ts'
import { readListAnswer, readUploadsAnswer, readVersionsAnswer } from './answer.ts'
import type { S3Bucket } from './bucket.ts'
import { signsOf, statusOf } from './error-signs.ts'
import type { S3Action } from './action.ts'
import { readDocument } from './read-body.ts'
import type { S3Request } from './requests.ts'

/** See `ObjectStore.list`. Cost: a LIST. */
export async function listObjects(
  bucket: S3Bucket,
  prefix: string,
  { startAfter, token, delimiter, most }: ListOptions,
): Promise<ListPage> {
  const action = bucket.action('s3:ListBucket', prefix)
  const query = {
    'list-type': '2',
    prefix,
    'start-after': startAfter,
    'continuation-token': token,
    delimiter,
    'max-keys': most === undefined ? undefined : String(most),
  }
  const { date, text } = await readBucketDocument(bucket, action, query)
  const page = readListAnswer(text, prefix)
  if (page === undefined || (token !== undefined && page.next === token))
    throw bucket.explanations.unsoundListing(action)
  return { ...page, date }
}

/**
 * See `ObjectStore.listVersions`. Cost: a LIST. The store lists by prefix. A longer key ends the versions of this one:
 * none of them comes after it.
 */
export async function listObjectVersions(bucket: S3Bucket, key: Key): Promise<readonly ObjectVersion[]> {
  const action = bucket.action('s3:ListBucketVersions', key)
  const document = await readBucketDocument(bucket, action, { versions: '', prefix: key }).catch(noDocument)
  if (document === undefined) return []
  const versions = readVersionsAnswer(document.text, key)
  if (versions === undefined) throw bucket.explanations.foreignAnswer(action)
  return versions
}

/** See `MultipartUploads.list`. Cost: a LIST. MinIO lists uploads only for a whole key. */
export async function listUploads(bucket: S3Bucket, prefix: string): Promise<readonly OpenUpload[]> {
  const action = bucket.action('s3:ListBucketMultipartUploads', prefix)
  const document = await readBucketDocument(bucket, action, { uploads: '', prefix }).catch(noUploads)
  return (document && readUploadsAnswer(document.text, prefix)) ?? []
}

/** Nothing, where the store says that it does not support what was asked for: 501, or 405 for the request as such. */
function noDocument(error: unknown): undefined {
  const status = statusOf(error instanceof HelmS3Error ? error.cause : error)
  if (status !== 405 && status !== 501) throw error
}

/** As {@link noDocument}; rclone and gofakes3 answer `NoSuchUpload` where no upload is open. */
function noUploads(error: unknown): undefined {
  if (signsOf(error instanceof HelmS3Error ? error.cause : error).name !== 'NoSuchUpload') noDocument(error)
}

/** Reads a document about the bucket. */
async function readBucketDocument(
  bucket: S3Bucket,
  action: S3Action,
  query: S3Request['query'] & object,
): Promise<{ readonly text: string; readonly date: number }> {
  for (let attempt = 1; ; attempt++) {
    const { body, headers } = await bucket.read({ method: 'GET', query }).catch(async (error: unknown) => {
      throw await bucket.explained(error, action)
    })
    try {
      return { text: await readDocument(body), date: bucket.dateIn(headers, action) }
    } catch (error) {
      await bucket.refuseToRepeat(error, attempt, action)
    }
  }
}
