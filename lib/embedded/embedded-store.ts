import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FolderObjects } from './folder-objects.ts'
import { KeyLock } from './key-lock.ts'
import { listObjects } from './list-objects.ts'
import { type Reply, copyObject, deleteObject, getObject, putObject, xmlReply } from './object-requests.ts'
import { readBody } from './request-body.ts'
import { FAULTS, S3Fault } from './s3-fault.ts'
import { type KeyPair, checkSignature } from './signature.ts'
import { elementTexts } from './xml.ts'

export interface EmbeddedStoreOptions extends KeyPair {
  /** Where the buckets are kept; made if need be. */
  readonly folder: string
  /** Undefined: any free one. */
  readonly port?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

export interface EmbeddedStore {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  /** Moves the clock of the store, in `Date` and `Last-Modified`, forward by so many milliseconds. */
  advance(milliseconds: number): void
  /** Ends all connections and the server. What was written stays in the folder. */
  close(): Promise<void>
}

/**
 * An S3 store in this process, for trying things out without account or network: path style, one key pair, bound to
 * 127.0.0.1. Conditional requests are exact. Objects are read and written whole: it is not meant for large ones.
 */
export async function startEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const objects = await FolderObjects.open(options.folder)
  const lock = new KeyLock()
  let ahead = 0
  const now = (): number => (options.now ?? Date.now)() + ahead
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    void answer(request, response, now, (message) => handle(message, objects, lock, options, now))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    advance: (milliseconds) => {
      ahead += milliseconds
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  now: () => number,
  handler: (request: IncomingMessage) => Promise<Reply>,
): Promise<void> {
  const requestId = randomUUID()
  let reply: Reply
  try {
    reply = await handler(request)
  } catch (error) {
    const fault = error instanceof S3Fault ? error : new S3Fault(500, 'InternalError', 'We encountered an internal error. Please try again.')
    reply = xmlReply('Error', { Code: fault.code, Message: fault.message, Resource: request.url ?? '', RequestId: requestId }, fault.status)
  }
  request.resume()
  response.sendDate = false
  const body = request.method === 'HEAD' ? undefined : reply.body
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  response.writeHead(reply.status, { date: new Date(now()).toUTCString(), 'x-amz-request-id': requestId, ...reply.headers, ...length })
  response.end(body)
}

async function handle(message: IncomingMessage, objects: FolderObjects, lock: KeyLock, keys: KeyPair, now: () => number): Promise<Reply> {
  const [path = '/', search = ''] = (message.url ?? '/').split('?', 2)
  const query = new URLSearchParams(search)
  const method = message.method ?? 'GET'
  checkSignature({ method, path, query, headers: message.headers }, keys)
  const [bucket = '', ...rest] = path.slice(1).split('/').map(decodeURIComponent)
  const key = rest.join('/')
  if (bucket === '') return listBuckets(objects, method)
  if (key === '') return lock.run(bucket, () => handleBucket(message, objects, bucket, query))
  if (objects.bucket(bucket) === undefined) throw FAULTS.noSuchBucket()
  const request = { bucket, key, message }
  switch (method) {
    case 'GET':
    case 'HEAD':
      return getObject(objects, request)
    case 'PUT': {
      const isCopy = message.headers['x-amz-copy-source'] !== undefined
      return lock.run(`${bucket}/${key}`, () => (isCopy ? copyObject : putObject)(objects, request, now))
    }
    case 'DELETE':
      return lock.run(`${bucket}/${key}`, () => deleteObject(objects, request))
    default:
      throw FAULTS.methodNotAllowed()
  }
}

async function handleBucket(message: IncomingMessage, objects: FolderObjects, bucket: string, query: URLSearchParams): Promise<Reply> {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw FAULTS.invalidBucketName()
  const records = objects.bucket(bucket)
  if (message.method === 'PUT') {
    if (records !== undefined) throw FAULTS.bucketExists()
    await objects.createBucket(bucket)
    return { status: 200, headers: { location: `/${bucket}` } }
  }
  if (records === undefined) throw FAULTS.noSuchBucket()
  switch (message.method) {
    case 'HEAD':
      return { status: 200, headers: { 'x-amz-bucket-region': 'us-east-1' } }
    case 'GET':
      if (query.has('location')) return xmlReply('LocationConstraint', '')
      if (query.get('list-type') !== '2') throw FAULTS.notImplemented('This request on a bucket')
      return { status: 200, headers: { 'content-type': 'application/xml' }, body: listObjects(bucket, records.values(), query) }
    case 'POST':
      if (!query.has('delete')) throw FAULTS.notImplemented('This request on a bucket')
      return deleteObjects(message, objects, bucket)
    case 'DELETE':
      if (records.size > 0) throw FAULTS.bucketNotEmpty()
      await objects.deleteBucket(bucket)
      return { status: 204 }
    case undefined:
    default:
      throw FAULTS.methodNotAllowed()
  }
}

async function deleteObjects(message: IncomingMessage, objects: FolderObjects, bucket: string): Promise<Reply> {
  const { bytes } = await readBody(message)
  const keys = elementTexts(bytes.toString(), 'Key')
  if (keys.length === 0 || keys.length > 1000) throw FAULTS.malformedXml()
  for (const key of keys) await objects.delete(bucket, key)
  return xmlReply('DeleteResult', { Deleted: keys.map((key) => ({ Key: key })) })
}

function listBuckets(objects: FolderObjects, method: string): Reply {
  if (method !== 'GET') throw FAULTS.methodNotAllowed()
  const buckets = objects.bucketNames().map((name) => ({ Name: name, CreationDate: new Date(0).toISOString() }))
  return xmlReply('ListAllMyBucketsResult', { Owner: { ID: 'embedded', DisplayName: 'embedded' }, Buckets: { Bucket: buckets } })
}
