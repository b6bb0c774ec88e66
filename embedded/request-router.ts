import type { IncomingMessage } from 'node:http'
import { createBucket, deleteBucket, deleteObjects, headBucket, listBucket, listBuckets } from './bucket-requests.ts'
import { copyObject } from './copy-object.ts'
import { deleteObject, getObject, headObject, putObject } from './object-requests.ts'
import type { Reply } from './reply.ts'
import type { BucketRequest, ObjectRequest, Place } from './request.ts'
import { FAULTS } from './s3-fault.ts'
import { SIGNATURE_PARAMETERS, checkSignature } from './signature.ts'
import { abortUpload, completeUpload, createUpload, uploadPart } from './upload-requests.ts'

const MAX_KEY_BYTES = 1024
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/

/** The parameter with which the AWS SDK names the operation in every request. The store does not need it. */
const OPERATION = 'x-id'

/** The requests of multipart uploads, by their method and their parameters. */
const UPLOAD_REQUESTS: Readonly<Record<string, (place: Place, request: ObjectRequest) => Promise<Reply>>> = {
  'POST uploads': createUpload,
  'PUT partNumber&uploadId': uploadPart,
  'POST uploadId': completeUpload,
  'DELETE uploadId': abortUpload,
}

/**
 * Answers one request of the S3 API in path style: `/`, `/BUCKET` or `/BUCKET/KEY`.
 * @throws S3Fault
 */
export async function route(message: IncomingMessage, place: Place): Promise<Reply> {
  const url = message.url ?? '/'
  const mark = url.indexOf('?')
  const path = decodePath(mark < 0 ? url : url.slice(0, mark))
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1))
  const method = message.method ?? 'GET'
  checkSignature({ method, path, query, headers: message.headers }, place.keys, place.now())
  for (const name of [OPERATION, ...SIGNATURE_PARAMETERS]) query.delete(name)
  const slash = path.indexOf('/', 1)
  const bucket = slash < 0 ? path.slice(1) : path.slice(1, slash)
  const key = slash < 0 ? '' : path.slice(slash + 1)
  if (bucket === '') {
    if (method !== 'GET') throw FAULTS.methodNotAllowed()
    return listBuckets(place)
  }
  if (!BUCKET_NAME.test(bucket)) throw FAULTS.invalidBucketName()
  if (key === '') return routeBucket(method, place, { bucket, query, message })
  return routeObject(method, place, { bucket, key, query, message })
}

async function routeBucket(method: string, place: Place, request: BucketRequest): Promise<Reply> {
  switch (method) {
    case 'GET':
      return listBucket(place, request)
    case 'POST':
      return deleteObjects(place, request)
    case 'HEAD':
      refuseParameters(request)
      return headBucket(place, request)
    case 'PUT':
      refuseParameters(request)
      return createBucket(place, request)
    case 'DELETE':
      refuseParameters(request)
      return deleteBucket(place, request)
    default:
      throw FAULTS.methodNotAllowed()
  }
}

async function routeObject(method: string, place: Place, request: ObjectRequest): Promise<Reply> {
  if (Buffer.byteLength(request.key) > MAX_KEY_BYTES) throw FAULTS.keyTooLong()
  const ofUpload = UPLOAD_REQUESTS[`${method} ${[...request.query.keys()].sort().join('&')}`]
  if (ofUpload === undefined) refuseParameters(request)
  if (place.objects.bucket(request.bucket) === undefined) throw FAULTS.noSuchBucket()
  if (ofUpload !== undefined) return ofUpload(place, request)
  switch (method) {
    case 'GET':
      return getObject(place, request)
    case 'HEAD':
      return headObject(place, request)
    case 'PUT':
      if (request.message.headers['x-amz-copy-source'] !== undefined) return copyObject(place, request)
      return putObject(place, request)
    case 'DELETE':
      return deleteObject(place, request)
    default:
      throw FAULTS.methodNotAllowed()
  }
}

/**
 * Refuses unknown parameters. They name another operation (`?tagging`, `?uploadId`) or another version, and the plain
 * operation would do harm.
 */
function refuseParameters({ query }: BucketRequest): void {
  for (const name of query.keys()) throw FAULTS.notImplemented(`The query parameter ${name}`)
}

function decodePath(path: string): string {
  try {
    if (path.startsWith('/')) return decodeURIComponent(path)
  } catch {
    // The path is not percent-encoded UTF-8.
  }
  throw FAULTS.invalidUri()
}
