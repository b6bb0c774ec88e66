import { createHash } from 'node:crypto'
import { elementTexts } from '../lib/store/s3/xml-text.ts'
import { byteRange } from './byte-range.ts'
import { checkWrite } from './conditions.ts'
import { readSource } from './copy-object.ts'
import type { FolderUpload } from './folder-uploads.ts'
import { OWNER } from './list-objects.ts'
import { describingHeaders } from './object-headers.ts'
import { type Reply, xmlReply } from './reply.ts'
import { readRequestBody } from './request-body.ts'
import { type BucketRequest, type ObjectRequest, type Place, lockName } from './request.ts'
import { FAULTS } from './s3-fault.ts'
import { isoSeconds } from './xml-document.ts'

/** The least bytes of a part that is not the last, and of an object of which a range is copied (S3 User Guide). */
const MIN_PART_BYTES = 5 * 1024 * 1024
const MAX_PARTS = 10_000
const MAX_UPLOADS = 1000

/** Answers CreateMultipartUpload. */
export async function createUpload({ now, uploads }: Place, { bucket, key, message }: ObjectRequest): Promise<Reply> {
  const headers = describingHeaders(message.headers)
  const { id } = await uploads.begin({ bucket, key, startedAt: now(), headers })
  return xmlReply('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id })
}

/** Answers UploadPart, and UploadPartCopy, which reads its source as it is at one moment. */
export async function uploadPart(place: Place, request: ObjectRequest): Promise<Reply> {
  const { headers } = request.message
  const number = partNumber(request)
  if (headers['x-amz-copy-source'] === undefined) {
    const { bytes, checksums } = await readRequestBody(request.message)
    return { status: 200, headers: { etag: await writePart(place, request, number, bytes), ...checksums } }
  }
  const { bytes } = await readSource(place, request)
  const etag = await writePart(place, request, number, copiedRange(bytes, headers['x-amz-copy-source-range']))
  return xmlReply('CopyPartResult', { ETag: etag, LastModified: isoSeconds(place.now()) })
}

/** Answers CompleteMultipartUpload: the object appears at once, under the conditions of a PUT. */
export async function completeUpload(place: Place, request: ObjectRequest): Promise<Reply> {
  const { lock, now, objects, uploads } = place
  const { bucket, key, message } = request
  const named = readCompletion((await readRequestBody(message)).bytes.toString())
  return lock.run(lockName(bucket, key), async () => {
    const upload = findUpload(place, request)
    checkWrite(message.headers, objects.bucket(bucket)?.get(key))
    const { bytes, etag } = await joinParts(place, upload, named)
    const { headers } = upload
    await objects.write(bucket, key, bytes, { lastModified: now(), headers, etag })
    await uploads.remove(upload)
    return xmlReply('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: etag })
  })
}

/** Answers AbortMultipartUpload. */
export async function abortUpload(place: Place, request: ObjectRequest): Promise<Reply> {
  return place.lock.run(lockName(request.bucket, request.key), async () => {
    await place.uploads.remove(findUpload(place, request))
    return { status: 204 }
  })
}

/** Answers ListMultipartUploads, on one page. */
export function listUploads({ uploads }: Place, { bucket, query }: BucketRequest): Reply {
  const prefix = query.get('prefix') ?? ''
  const open = uploads.list(bucket).filter(({ key }) => key.startsWith(prefix))
  return xmlReply('ListMultipartUploadsResult', {
    Bucket: bucket,
    Prefix: prefix,
    MaxUploads: MAX_UPLOADS,
    IsTruncated: open.length > MAX_UPLOADS,
    Upload: open.slice(0, MAX_UPLOADS).map(({ id, key, startedAt }) => ({
      Key: key,
      UploadId: id,
      Owner: OWNER,
      StorageClass: 'STANDARD',
      Initiated: isoSeconds(startedAt),
    })),
  })
}

function findUpload({ uploads }: Place, { bucket, key, query }: ObjectRequest): FolderUpload {
  const upload = uploads.find(query.get('uploadId') ?? '')
  if (upload?.bucket !== bucket || upload.key !== key) throw FAULTS.noSuchUpload()
  return upload
}

function writePart(place: Place, request: ObjectRequest, number: number, bytes: Uint8Array): Promise<string> {
  return place.lock.run(lockName(request.bucket, request.key), async () =>
    place.uploads.writePart(findUpload(place, request), number, bytes),
  )
}

function partNumber({ query }: ObjectRequest): number {
  const text = query.get('partNumber') ?? ''
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > MAX_PARTS) throw FAULTS.invalidArgument('Part number must be an integer from 1 to 10000')
  return number
}

/** The bytes that a range names. S3 knows only one form of ranges here, and no ranges of small objects. */
function copiedRange(bytes: Buffer, header: string | string[] | undefined): Buffer {
  if (header === undefined) return bytes
  if (!/^bytes=\d+-\d+$/.test(String(header))) throw FAULTS.invalidArgument('The copy source range is not valid')
  if (bytes.length <= MIN_PART_BYTES) throw FAULTS.invalidRequest('The source is too small for a range')
  const [start, end] = byteRange(String(header), bytes.length) ?? [0, -1]
  if (String(header) !== `bytes=${String(start)}-${String(end)}`) throw FAULTS.invalidRange()
  return bytes.subarray(start, end + 1)
}

interface NamedPart {
  readonly number: number
  /** Without quotes. */
  readonly etag: string
}

/** The parts that a completion names. */
function readCompletion(xml: string): NamedPart[] {
  const parts = xml
    .split(/<Part[\s>]/)
    .slice(1)
    .map((part) => {
      const [number = ''] = elementTexts(part, 'PartNumber')
      const [etag] = elementTexts(part, 'ETag')
      if (!/^\d{1,5}$/.test(number) || etag === undefined) throw FAULTS.malformedXml()
      return { number: Number(number), etag: etag.replaceAll('"', '') }
    })
  if (parts.length === 0) throw FAULTS.malformedXml()
  for (const [i, { number }] of parts.entries()) {
    if (number <= (parts[i - 1]?.number ?? 0)) throw FAULTS.invalidPartOrder()
  }
  return parts
}

/** The bytes of all parts, and the ETag that S3 gives an object of parts: the MD5 of their MD5s, and their number. */
async function joinParts(
  { uploads }: Place,
  upload: FolderUpload,
  named: readonly NamedPart[],
): Promise<{ readonly bytes: Buffer; readonly etag: string }> {
  const bodies: Buffer[] = []
  const digests: Buffer[] = []
  for (const { etag, number } of named) {
    const body = await uploads.readPart(upload, number)
    const digest = md5(body ?? Buffer.alloc(0))
    if (body === undefined || digest.toString('hex') !== etag) throw FAULTS.invalidPart()
    bodies.push(body)
    digests.push(digest)
  }
  if (bodies.slice(0, -1).some(({ length }) => length < MIN_PART_BYTES)) throw FAULTS.entityTooSmall()
  const etag = `"${md5(Buffer.concat(digests)).toString('hex')}-${String(named.length)}"`
  return { bytes: Buffer.concat(bodies), etag }
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest()
}
