import type { IncomingMessage } from 'node:http'
import type { FolderObjects, ObjectRecord } from './folder-objects.ts'
import { readBody } from './request-body.ts'
import { FAULTS } from './s3-fault.ts'
import { xmlDocument } from './xml.ts'

/** One request for one object. */
export interface ObjectRequest {
  readonly bucket: string
  readonly key: string
  readonly message: IncomingMessage
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

/** Names and values of the user metadata of one object (Amazon S3 User Guide, "Working with object metadata"). */
const MAX_METADATA_BYTES = 2048

export async function putObject(objects: FolderObjects, { bucket, key, message }: ObjectRequest, now: () => number): Promise<Reply> {
  const { bytes, checksums } = await readBody(message)
  const metadata = headersWith(message, 'x-amz-meta-')
  const metadataBytes = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + value.length, 0)
  if (metadataBytes > MAX_METADATA_BYTES) throw FAULTS.metadataTooLarge()
  checkWriteConditions(message, objects.bucket(bucket)?.get(key))
  const headers = { ...kept(message), ...metadata, ...checksums }
  const record = await objects.write(bucket, key, bytes, { lastModified: now(), headers })
  return { status: 200, headers: { etag: record.etag, ...checksums } }
}

export async function copyObject(objects: FolderObjects, request: ObjectRequest, now: () => number): Promise<Reply> {
  const source = decodeURIComponent(String(request.message.headers['x-amz-copy-source'])).replace(/^\//, '').replace(/\?.*$/, '')
  const [bucket = '', ...path] = source.split('/')
  const record = objects.bucket(bucket)?.get(path.join('/'))
  if (record === undefined) throw FAULTS.noSuchKey()
  checkWriteConditions(request.message, objects.bucket(request.bucket)?.get(request.key))
  const replaces = request.message.headers['x-amz-metadata-directive'] === 'REPLACE'
  const headers = replaces ? { ...kept(request.message), ...headersWith(request.message, 'x-amz-meta-') } : record.headers
  const copy = await objects.write(request.bucket, request.key, await objects.read(bucket, record.key), { lastModified: now(), headers })
  return xmlReply('CopyObjectResult', { ETag: copy.etag, LastModified: new Date(copy.lastModified).toISOString() })
}

export async function getObject(objects: FolderObjects, { bucket, key, message }: ObjectRequest): Promise<Reply> {
  const record = objects.bucket(bucket)?.get(key)
  if (record === undefined) throw FAULTS.noSuchKey()
  const { headers: asked, method } = message
  if (asked['if-match'] !== undefined && !matches(asked['if-match'], record)) throw FAULTS.preconditionFailed()
  if (asked['if-none-match'] !== undefined && matches(asked['if-none-match'], record)) return { status: 304, headers: { etag: record.etag } }

  const range = readRange(asked.range, record.size)
  const headers = { ...headersOf(record, asked['x-amz-checksum-mode'] === 'ENABLED' && range === undefined), 'accept-ranges': 'bytes' }
  const [start, end] = range ?? [0, record.size - 1]
  const partial = range === undefined ? {} : { 'content-range': `bytes ${String(start)}-${String(end)}/${String(record.size)}` }
  const status = range === undefined ? 200 : 206
  const length = { 'content-length': String(end - start + 1) }
  if (method === 'HEAD') return { status, headers: { ...headers, ...partial, ...length } }
  const bytes = await objects.read(bucket, key)
  return { status, headers: { ...headers, ...partial, ...length }, body: bytes.subarray(start, end + 1) }
}

export async function deleteObject(objects: FolderObjects, { bucket, key, message }: ObjectRequest): Promise<Reply> {
  const record = objects.bucket(bucket)?.get(key)
  const condition = message.headers['if-match']
  if (condition !== undefined) {
    if (record === undefined) throw FAULTS.noSuchKey()
    if (!matches(condition, record)) throw FAULTS.preconditionFailed()
  }
  await objects.delete(bucket, key)
  return { status: 204 }
}

export function xmlReply(root: string, content: Parameters<typeof xmlDocument>[1], status = 200): Reply {
  return { status, headers: { 'content-type': 'application/xml' }, body: xmlDocument(root, content) }
}

/** `If-None-Match: *` and `If-Match: "etag"`, as S3 takes them on PUT (User Guide, "Conditional writes"). */
function checkWriteConditions({ headers }: IncomingMessage, record: ObjectRecord | undefined): void {
  const absent = headers['if-none-match']
  const match = headers['if-match']
  if (absent !== undefined && match !== undefined) throw FAULTS.notImplemented('If-Match together with If-None-Match')
  if (absent !== undefined && absent !== '*') throw FAULTS.notImplemented('If-None-Match with an ETag on PUT')
  if (absent !== undefined && record !== undefined) throw FAULTS.preconditionFailed()
  if (match === undefined) return
  if (record === undefined) throw FAULTS.noSuchKey()
  if (!matches(match, record)) throw FAULTS.preconditionFailed()
}

function matches(condition: string, { etag }: ObjectRecord): boolean {
  return condition.split(',').some((each) => [etag, etag.slice(1, -1), '*'].includes(each.trim()))
}

/** First and last byte of `bytes=first-last`, `bytes=first-` or `bytes=-count`; undefined: the whole object. */
function readRange(range: string | undefined, size: number): readonly [number, number] | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(range ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (start >= size || start > end) throw FAULTS.invalidRange()
  return [start, end]
}

function headersOf(record: ObjectRecord, withChecksums: boolean): Record<string, string> {
  const shown = Object.entries(record.headers).filter(([name]) => withChecksums || !name.startsWith('x-amz-checksum-'))
  const isSummed = shown.some(([name]) => name.startsWith('x-amz-checksum-'))
  return {
    'content-type': 'binary/octet-stream',
    ...Object.fromEntries(shown),
    ...(isSummed ? { 'x-amz-checksum-type': 'FULL_OBJECT' } : {}),
    etag: record.etag,
    'last-modified': new Date(record.lastModified).toUTCString(),
  }
}

function kept(message: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    ['content-type', 'cache-control', 'content-disposition', 'content-language'].flatMap((name) => {
      const value = message.headers[name]
      return typeof value === 'string' ? [[name, value]] : []
    }),
  )
}

function headersWith(message: IncomingMessage, prefix: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(message.headers).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name, String(value)]] : [])),
  )
}
