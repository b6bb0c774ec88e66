import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FolderObjects } from './folder-objects.ts'
import { FolderUploads } from './folder-uploads.ts'
import { KeyLock } from './key-lock.ts'
import { type Reply, faultReply } from './reply.ts'
import { route } from './request-router.ts'
import type { Place } from './request.ts'
import type { KeyPair } from './signature.ts'

export interface EmbeddedStoreOptions extends KeyPair {
  /** The folder for the buckets, which is created when it is missing. Only one store at a time may use it. */
  readonly folder: string
  /** The port. Undefined: any free one. */
  readonly port?: number
  /** The clock, milliseconds since 1970. */
  readonly now?: () => number
}

export interface EmbeddedStore {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  /** Moves the clock of the store, in `Date` and `Last-Modified`, forward by this many milliseconds. */
  advance(milliseconds: number): void
  /** Ends all connections and the server, and waits for pending writes. What was written stays in the folder. */
  close(): Promise<void>
}

/**
 * An S3 store in this process, for trying things out without an account or a network: path style, one key pair, bound
 * to 127.0.0.1. Conditional requests are exact. Objects are read and written as a whole, so it is not meant for large
 * ones.
 * @throws HelmS3Error `local-file` when an object in the folder is damaged
 */
export async function startEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  let ahead = 0
  const now = (): number => (options.now ?? Date.now)() + ahead
  const objects = await FolderObjects.open(options.folder)
  const uploads = await FolderUploads.open(options.folder)
  const place: Place = { objects, uploads, lock: new KeyLock(), keys: options, now }
  const running = new Set<Promise<void>>()
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const answered = answer(request, response, place)
    running.add(answered)
    void answered.finally(() => running.delete(answered))
  })
  await listen(server, options.port ?? 0)
  return {
    endpoint: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    advance: (milliseconds) => {
      ahead += milliseconds
    },
    close: async () => {
      await stop(server)
      await Promise.all(running)
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, place: Place): Promise<void> {
  const requestId = randomUUID()
  const fault = (error: unknown): Reply => faultReply(error, (request.url ?? '').replace(/\?.*/, ''), requestId)
  const reply = await route(request, place).catch(fault)
  // The rest of a body that nobody has read is discarded, so that the connection can serve the next request.
  request.resume()
  const body = request.method === 'HEAD' ? undefined : reply.body
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  response.sendDate = false
  response.writeHead(reply.status, {
    date: new Date(place.now()).toUTCString(),
    server: 'helm-s3-embedded',
    'x-amz-request-id': requestId,
    ...reply.headers,
    ...length,
  })
  response.end(body)
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}

async function stop(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
    server.closeAllConnections()
  })
}
