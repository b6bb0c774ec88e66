import { createHash, createHmac } from 'node:crypto'
import type { StaticCredentials } from '../settings/connection.ts'
import { uriEncode } from '../sys/uri-encode.ts'

/** A request as it will be sent, but for its signature. */
export interface UnsignedRequest {
  readonly method: string
  /** Encoded, see `uriEncodePath`. */
  readonly path: string
  /** Encoded and in order, see {@link encodeQuery}. */
  readonly query: string
  /** Names in lower case; `host` among them. */
  readonly headers: Readonly<Record<string, string>>
  /** SHA-256 of the body, lower-case hex. */
  readonly payload: string
}

export interface SigningScope {
  readonly keys: StaticCredentials
  readonly region: string
  /** `s3`, but for buckets on Outposts. */
  readonly service: string
  /** Milliseconds since 1970. The store takes what differs from its clock by less than 15 minutes. */
  readonly time: number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
/** What proxies may change on the way. */
const UNSIGNED = ['cache-control', 'user-agent']

/**
 * The headers of a request, with a signature (AWS Signature Version 4; "Authenticating Requests: Using the Authorization
 * Header" in the Amazon S3 API Reference). The whole body is signed by its hash.
 */
export function signRequest(request: UnsignedRequest, { keys, region, service, time }: SigningScope): Record<string, string> {
  const stamp = new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const headers: Record<string, string> = { ...request.headers, 'x-amz-content-sha256': request.payload, 'x-amz-date': stamp }
  if (keys.sessionToken !== undefined) headers['x-amz-security-token'] = keys.sessionToken
  const names = Object.keys(headers).filter((name) => !UNSIGNED.includes(name)).sort()
  const signedHeaders = names.join(';')
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`)
  const canonical = [request.method, request.path, request.query, ...lines, '', signedHeaders, request.payload].join('\n')
  const scope = [stamp.slice(0, 8), region, service, 'aws4_request']
  const text = [ALGORITHM, stamp, scope.join('/'), createHash('sha256').update(canonical).digest('hex')].join('\n')
  const signature = createHmac('sha256', signingKey(keys.secretAccessKey, scope)).update(text).digest('hex')
  headers['authorization'] = `${ALGORITHM} Credential=${keys.accessKeyId}/${scope.join('/')}, SignedHeaders=${signedHeaders}, Signature=${signature}`
  return headers
}

/** A query as it stands in a URL and in what is signed: encoded, and in the order of the encoded names. What is undefined is left out. */
export function encodeQuery(query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[uriEncode(name), uriEncode(value)] as const]))
  const inOrder = pairs.sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
  return inOrder.map((pair) => pair.join('=')).join('&')
}

let lastKey: { readonly name: string; readonly key: Buffer } | undefined

/** It holds for a day: most requests of a process have the same. */
function signingKey(secret: string, scope: readonly string[]): Buffer {
  const name = [secret, ...scope].join('/')
  if (lastKey?.name !== name) {
    const key = scope.reduce<Buffer | string>((outer, part) => createHmac('sha256', outer).update(part).digest(), `AWS4${secret}`)
    lastKey = { name, key: Buffer.from(key) }
  }
  return lastKey.key
}
