import { type Range, byteRange } from './byte-range.ts'
import { checkEtag, checkWrite, isWanted } from './conditions.ts'
import type { ObjectRecord } from './folder-objects.ts'
import { checksumHeaders, describingHeaders, shownHeaders } from './object-headers.ts'
import type { Reply } from './reply.ts'
import { readRequestBody } from './request-body.ts'
import { type ObjectRequest, type Place, lockName } from './request.ts'
import { FAULTS } from './s3-fault.ts'

/**
 * Answers PutObject. The body is read before the lock is taken: a client that stops half-way blocks nobody. The first
 * of several clients to finish wins, as on S3.
 */
export async function putObject(place: Place, { bucket, key, message }: ObjectRequest): Promise<Reply> {
  const { lock, now, objects } = place
  const described = describingHeaders(message.headers)
  const { bytes, checksums } = await readRequestBody(message)
  return lock.run(lockName(bucket, key), async () => {
    checkWrite(message.headers, objects.bucket(bucket)?.get(key))
    const headers = { ...described, ...checksums }
    const { etag } = await objects.write(bucket, key, bytes, { lastModified: now(), headers })
    return { status: 200, headers: { etag, ...checksumHeaders({ headers }) } }
  })
}

/** Answers GetObject. It holds the lock, so that the headers and the bytes belong to the same object. */
export async function getObject({ lock, objects }: Place, request: ObjectRequest): Promise<Reply> {
  const { bucket, key } = request
  return lock.run(lockName(bucket, key), async () => {
    const record = objects.bucket(bucket)?.get(key)
    const { range, ...reply } = describe(record, request)
    if (record === undefined || range === undefined) return reply
    const [start, end] = range
    return { ...reply, body: (await objects.read(bucket, key)).subarray(start, end + 1) }
  })
}

export function headObject({ objects }: Place, request: ObjectRequest): Reply {
  const { range, ...reply } = describe(objects.bucket(request.bucket)?.get(request.key), request)
  if (range === undefined) return reply
  const [start, end] = range
  return { ...reply, headers: { ...reply.headers, 'content-length': String(end - start + 1) } }
}

export async function deleteObject({ lock, objects }: Place, { bucket, key, message }: ObjectRequest): Promise<Reply> {
  return lock.run(lockName(bucket, key), async () => {
    checkEtag(message.headers['if-match'], objects.bucket(bucket)?.get(key))
    await objects.delete(bucket, key)
    return { status: 204 }
  })
}

/**
 * The answer to GET and HEAD without the bytes, and the positions of the first and the last byte. There are no
 * positions when the client has the bytes already.
 */
function describe(record: ObjectRecord | undefined, { message }: ObjectRequest): Reply & { readonly range?: Range } {
  if (record === undefined) throw FAULTS.noSuchKey()
  const { headers } = message
  if (!isWanted(headers, record)) {
    return { status: 304, headers: { etag: record.etag, 'last-modified': new Date(record.lastModified).toUTCString() } }
  }
  const range = byteRange(headers.range, record.size)
  // A checksum covers the whole object. With a part of the object, a client might compare it with the wrong bytes.
  const shown = shownHeaders(record, headers['x-amz-checksum-mode'] === 'ENABLED' && range === undefined)
  if (range === undefined) return { status: 200, headers: shown, range: [0, record.size - 1] }
  const contentRange = `bytes ${range.join('-')}/${String(record.size)}`
  return { status: 206, headers: { ...shown, 'content-range': contentRange }, range }
}
