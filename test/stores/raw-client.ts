import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { type IncomingHttpHeaders, Agent, request as httpRequest } from 'node:http'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import type { RunningStore } from '../e2e/support/servers.ts'

/** One S3 request, as it is sent. */
export interface RawRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Undefined: the service itself. */
  readonly bucket?: string
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
  /** The signature goes into the query, and holds for so many seconds, from so many seconds ago. */
  readonly expiring?: { readonly seconds: number; readonly ago: number }
}

export interface RawAnswer {
  /** 0: none came. */
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Names of headers as they came. */
  readonly names: readonly string[]
  readonly body: Buffer
  /** The `Code` of an error. */
  readonly code: string | undefined
}

/** Sends requests once each, signed, and hides nothing of the answers. */
export type RawClient = (request: RawRequest) => Promise<RawAnswer>

/** Milliseconds. */
const LONGEST = 60_000

/** A client of a store: AWS Signature Version 4, the bucket in the path. A request without an answer has status 0. */
export function rawClient(
  store: Pick<RunningStore, 'accessKeyId' | 'endpoint' | 'region' | 'secretAccessKey'>,
): RawClient {
  const { hostname, port } = new URL(store.endpoint)
  const signer = new SignatureV4({
    service: 's3',
    region: store.region,
    credentials: { accessKeyId: store.accessKeyId, secretAccessKey: store.secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
  })
  // A connection for each: one that was kept might end under a request.
  const agent = new Agent({ keepAlive: false })

  return async (request) => {
    const body = Buffer.from(request.body ?? '')
    const unsigned = {
      protocol: 'http:',
      hostname,
      port: Number(port),
      method: request.method,
      path: pathOf(request),
      query: { ...request.query },
      headers: { host: `${hostname}:${port}`, ...request.headers },
    }
    const { headers, query } =
      request.expiring === undefined
        ? await signer.sign({
            ...unsigned,
            headers: { 'x-amz-content-sha256': sha256Hex(body), ...unsigned.headers },
          })
        : await signer.presign(
            { ...unsigned, body: {} },
            {
              signingDate: new Date(Date.now() - request.expiring.ago * 1000),
              expiresIn: request.expiring.seconds,
              unhoistableHeaders: new Set(Object.keys(unsigned.headers)),
            },
          )
    const path = withQuery(unsigned.path, query as Readonly<Record<string, string>>)
    return send({ agent, hostname, port: Number(port), method: request.method, path, headers }, body)
  }
}

function send(
  options: Readonly<{
    agent: Agent
    hostname: string
    port: number
    method: string
    path: string
    headers: Record<string, string>
  }>,
  body: Buffer,
): Promise<RawAnswer> {
  const headers = { ...options.headers, ...(hasBody(options.method) ? { 'content-length': String(body.length) } : {}) }
  return new Promise((resolve) => {
    const none = (): void => {
      resolve({ status: 0, headers: {}, names: [], body: Buffer.alloc(0), code: undefined })
    }
    const outgoing = httpRequest({ ...options, headers, timeout: LONGEST }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.once('error', none)
      answer.once('end', () => {
        const whole = Buffer.concat(chunks)
        const { headers: given, rawHeaders, statusCode: status = 0 } = answer
        const names = rawHeaders.filter((_, i) => i % 2 === 0)
        resolve({ status, headers: given, names, body: whole, code: codeOf(whole) })
      })
    })
    outgoing.once('timeout', () => outgoing.destroy())
    // What refuses a long body early may close the connection under the rest of it, after its answer.
    outgoing.once('error', none)
    outgoing.end(body)
  })
}

const hasBody = (method: string): boolean => method === 'PUT' || method === 'POST'

function codeOf(body: Buffer): string | undefined {
  if (body.length > 10_000) return undefined
  const text = body.toString('utf8')
  return text.includes('<Error') ? /<Code>([^<]*)<\/Code>/.exec(text)?.[1] : undefined
}

function pathOf({ bucket, key }: RawRequest): string {
  if (bucket === undefined) return '/'
  return key === undefined ? `/${bucket}` : `/${bucket}/${key.split('/').map(encode).join('/')}`
}

function withQuery(path: string, query: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

/** Everything but letters, digits, `-`, `.`, `_` and `~`, as AWS signs. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function sha256Hex(body: Uint8Array | string): string {
  return createHash('sha256').update(body).digest('hex')
}

export function sha256Base64(body: Uint8Array | string): string {
  return createHash('sha256').update(body).digest('base64')
}
