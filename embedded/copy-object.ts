import { checkWrite, matches } from './conditions.ts'
import type { ObjectRecord } from './folder-objects.ts'
import { checksumHeaders, describingHeaders } from './object-headers.ts'
import { type Reply, xmlReply } from './reply.ts'
import { type ObjectRequest, type Place, lockName } from './request.ts'
import { FAULTS } from './s3-fault.ts'
import { isoSeconds } from './xml-document.ts'

interface Address {
  readonly bucket: string
  readonly key: string
}

interface Source {
  readonly record: ObjectRecord
  readonly bytes: Buffer
}

/**
 * Answers CopyObject: reads the source as it is at one moment, then writes the target under its own conditions. Only
 * one lock is held at a time.
 */
export async function copyObject(place: Place, request: ObjectRequest): Promise<Reply> {
  const { lock, now, objects } = place
  const { bucket, key, message } = request
  const directive = message.headers['x-amz-metadata-directive'] ?? 'COPY'
  if (directive !== 'COPY' && directive !== 'REPLACE') throw FAULTS.invalidArgument('Unknown metadata directive.')
  const from = sourceOf(message.headers['x-amz-copy-source'])
  if (from.bucket === bucket && from.key === key && directive === 'COPY') {
    throw FAULTS.invalidRequest('This copy request is illegal: it would change nothing.')
  }
  const { bytes, record } = await readSource(place, request)
  // The bytes stay the same, and so do their checksums.
  const replaced = { ...describingHeaders(message.headers), ...keptChecksums(record) }
  const headers = directive === 'COPY' ? record.headers : replaced
  return lock.run(lockName(bucket, key), async () => {
    checkWrite(message.headers, objects.bucket(bucket)?.get(key))
    const { etag, lastModified } = await objects.write(bucket, key, bytes, { lastModified: now(), headers })
    return xmlReply('CopyObjectResult', { ETag: etag, LastModified: isoSeconds(lastModified) })
  })
}

/** The object that a request copies from, as it is at one moment, under the conditions for it. */
export async function readSource(place: Place, { message }: ObjectRequest): Promise<Source> {
  const { lock, objects } = place
  const { bucket, key } = sourceOf(message.headers['x-amz-copy-source'])
  return lock.run(lockName(bucket, key), async () => {
    const records = objects.bucket(bucket)
    if (records === undefined) throw FAULTS.noSuchBucket()
    const record = records.get(key)
    if (record === undefined) throw FAULTS.noSuchKey()
    const match = message.headers['x-amz-copy-source-if-match']
    const absent = message.headers['x-amz-copy-source-if-none-match']
    if (typeof match === 'string' && !matches(match, record)) throw FAULTS.preconditionFailed()
    if (typeof absent === 'string' && matches(absent, record)) throw FAULTS.preconditionFailed()
    return { record, bytes: await objects.read(bucket, key) }
  })
}

/**
 * Reads `[/]BUCKET/KEY`, percent-encoded. A version after a question mark is refused, because this store has no
 * versions.
 */
function sourceOf(header: string | string[] | undefined): Address {
  const match = /^\/?([^/?]+)\/([^?]+)$/.exec(String(header))
  if (match === null) throw FAULTS.invalidArgument('Copy Source must be bucket/key')
  try {
    return { bucket: decodeURIComponent(match[1] ?? ''), key: decodeURIComponent(match[2] ?? '') }
  } catch {
    throw FAULTS.invalidArgument('Copy Source is not percent-encoded')
  }
}

function keptChecksums(record: ObjectRecord): Record<string, string> {
  return Object.fromEntries(Object.entries(record.headers).filter(([name]) => name in checksumHeaders(record)))
}
