import { elementTexts } from '../lib/store/s3/xml-text.ts'
import { checkEtag } from './conditions.ts'
import { OWNER, listObjects } from './list-objects.ts'
import { type Reply, xmlReply } from './reply.ts'
import { readRequestBody } from './request-body.ts'
import { type BucketRequest, type Place, lockName } from './request.ts'
import { FAULTS, S3Fault } from './s3-fault.ts'
import { listUploads } from './upload-requests.ts'
import type { Xml } from './xml-document.ts'

/** The most keys of one DeleteObjects (Amazon S3 API Reference, "DeleteObjects"). */
const MAX_DELETIONS = 1000

const REGION = 'us-east-1'

export function listBuckets({ objects }: Place): Reply {
  const buckets = objects.buckets().map(({ name, createdAt }) => {
    return { Name: name, CreationDate: new Date(createdAt).toISOString() }
  })
  return xmlReply('ListAllMyBucketsResult', { Owner: OWNER, Buckets: { Bucket: buckets } })
}

export async function createBucket({ lock, now, objects }: Place, { bucket }: BucketRequest): Promise<Reply> {
  return lock.run(bucket, async () => {
    if (objects.bucket(bucket) !== undefined) throw FAULTS.bucketExists()
    await objects.createBucket(bucket, now())
    return { status: 200, headers: { location: `/${bucket}` } }
  })
}

export function headBucket({ objects }: Place, { bucket }: BucketRequest): Reply {
  if (objects.bucket(bucket) === undefined) throw FAULTS.noSuchBucket()
  return { status: 200, headers: { 'x-amz-bucket-region': REGION } }
}

export async function deleteBucket({ lock, objects, uploads }: Place, { bucket }: BucketRequest): Promise<Reply> {
  return lock.run(bucket, async () => {
    if (objects.bucket(bucket) === undefined) throw FAULTS.noSuchBucket()
    await objects.deleteBucket(bucket)
    for (const upload of uploads.list(bucket)) await uploads.remove(upload)
    return { status: 204 }
  })
}

/**
 * Answers GetBucketLocation, ListObjectsV2 and ListMultipartUploads. The store supports no other request about a
 * bucket.
 */
export function listBucket(place: Place, request: BucketRequest): Reply {
  const { bucket, query } = request
  const records = place.objects.bucket(bucket)
  if (records === undefined) throw FAULTS.noSuchBucket()
  if (query.has('location')) return xmlReply('LocationConstraint', '')
  if (query.has('uploads')) return listUploads(place, request)
  if (query.get('list-type') !== '2') throw FAULTS.notImplemented('This request on a bucket')
  return xmlReply('ListBucketResult', listObjects(bucket, records.values(), query))
}

/**
 * Answers DeleteObjects: every key is handled by itself, in the order of the request. A missing object counts as
 * deleted.
 */
export async function deleteObjects(place: Place, { bucket, message, query }: BucketRequest): Promise<Reply> {
  if (place.objects.bucket(bucket) === undefined) throw FAULTS.noSuchBucket()
  if (!query.has('delete')) throw FAULTS.notImplemented('This request on a bucket')
  const xml = (await readRequestBody(message)).bytes.toString()
  const requests = xml.split(/<Object[\s>]/).slice(1)
  if (requests.length === 0 || requests.length > MAX_DELETIONS) throw FAULTS.malformedXml()
  const isQuiet = elementTexts(xml, 'Quiet')[0] === 'true'
  const deleted: Xml[] = []
  const errors: Xml[] = []
  for (const request of requests) {
    const [key] = elementTexts(request, 'Key')
    if (key === undefined) throw FAULTS.malformedXml()
    try {
      await deleteOne(place, bucket, key, request)
      if (!isQuiet) deleted.push({ Key: key })
    } catch (error) {
      if (!(error instanceof S3Fault)) throw error
      errors.push({ Key: key, Code: error.code, Message: error.message })
    }
  }
  return xmlReply('DeleteResult', { Deleted: deleted, Error: errors })
}

async function deleteOne({ lock, objects }: Place, bucket: string, key: string, request: string): Promise<void> {
  if (elementTexts(request, 'VersionId').length > 0) throw FAULTS.notImplemented('Deletion of a version')
  const [etag] = elementTexts(request, 'ETag')
  await lock.run(lockName(bucket, key), async () => {
    checkEtag(etag, objects.bucket(bucket)?.get(key))
    await objects.delete(bucket, key)
  })
}
