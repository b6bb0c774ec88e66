import type { IncomingHttpHeaders } from 'node:http'
import type { ObjectRecord } from './folder-objects.ts'
import { FAULTS } from './s3-fault.ts'

const KEPT = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'] as const
const CHECKSUM = 'x-amz-checksum-'
const METADATA = 'x-amz-meta-'
const ENCRYPTION = 'x-amz-server-side-encryption'

/**
 * The most bytes of the names and values of one object's user metadata (Amazon S3 User Guide, "Working with object
 * metadata").
 */
const MAX_METADATA_BYTES = 2048

/**
 * The headers of a PUT that belong to the object and are returned with it.
 * @throws S3Fault `MetadataTooLarge`, `NotImplemented` for encryption with keys that this store does not have
 */
export function describingHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith(METADATA))
  const size = metadata.reduce((sum, [name, value]) => sum + name.length - METADATA.length + String(value).length, 0)
  if (size > MAX_METADATA_BYTES) throw FAULTS.metadataTooLarge()
  const shown: Record<string, string> = Object.fromEntries(metadata.map(([name, value]) => [name, String(value)]))
  for (const name of KEPT) {
    if (headers[name] !== undefined) shown[name] = headers[name]
  }
  const encoding = contentEncoding(headers['content-encoding'])
  return { ...shown, ...encryption(headers), ...(encoding === '' ? {} : { 'content-encoding': encoding }) }
}

/** The headers of GET and HEAD that describe the object. Its checksums are included only when they are asked for. */
export function shownHeaders(record: ObjectRecord, withChecksums: boolean): Record<string, string> {
  return {
    'content-type': 'binary/octet-stream',
    ...Object.fromEntries(Object.entries(record.headers).filter(([name]) => !name.startsWith(CHECKSUM))),
    ...(withChecksums ? checksumHeaders(record) : {}),
    etag: record.etag,
    'last-modified': new Date(record.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
  }
}

/** The checksums of an object and what they cover. Objects of parts have none in this store. */
export function checksumHeaders({ headers }: Pick<ObjectRecord, 'headers'>): Record<string, string> {
  const checksums = Object.entries(headers).filter(([name]) => name.startsWith(CHECKSUM))
  return checksums.length === 0 ? {} : { ...Object.fromEntries(checksums), [`${CHECKSUM}type`]: 'FULL_OBJECT' }
}

/** The content encoding without `aws-chunked`, which describes the transfer and not the object. */
function contentEncoding(value = ''): string {
  return value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'aws-chunked')
    .join(',')
}

/** SSE-S3 is accepted, and named in answers as S3 does it. Nothing is encrypted here. */
function encryption(headers: IncomingHttpHeaders): Record<string, string> {
  const asked = Object.entries(headers).filter(([name]) => name.startsWith(ENCRYPTION))
  const isPlain = asked.every(([name, value]) => name === ENCRYPTION && value === 'AES256')
  if (!isPlain) throw FAULTS.notImplemented('Encryption other than SSE-S3')
  return asked.length === 0 ? {} : { [ENCRYPTION]: 'AES256' }
}
