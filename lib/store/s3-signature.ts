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
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'
/** What proxies may change on the way. */
const UNSIGNED = ['cache-control', 'user-agent']

/**
 * The headers of a request, with a signature (AWS Signature Version 4; "Authenticating Requests: Using the Authorization
 * Header" in the Amazon S3 API Reference). The whole body is signed by its hash.
 */
export function signRequest(request: UnsignedRequest, scope: SigningScope): Record<string, string> {
  const { keys } = scope
  const stamp = stampOf(scope)
  const headers: Record<string, string> = { ...request.headers, 'x-amz-content-sha256': request.payload, 'x-amz-date': stamp }
  if (keys.sessionToken !== undefined) headers['x-amz-security-token'] = keys.sessionToken
  const signature = signatureOf({ ...request, headers }, scope)
  const fields = { Credential: credentialOf(scope), SignedHeaders: namesOf(headers).join(';'), Signature: signature }
  headers['authorization'] = `${ALGORITHM} ${Object.entries(fields).map((field) => field.join('=')).join(', ')}`
  return headers
}

/**
 * The query of a request with a signature that ends `lifetime` seconds after `time`: the store refuses the request when
 * it arrives later ("Authenticating Requests: Using Query Parameters" in the Amazon S3 API Reference). It is sent with
 * the same headers. The body is not signed: a header has to tell its checksum.
 */
export function signQuery(request: Omit<UnsignedRequest, 'payload'>, scope: SigningScope, lifetime: number): string {
  const added = encodeQuery({
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': credentialOf(scope),
    'X-Amz-Date': stampOf(scope),
    'X-Amz-Expires': String(lifetime),
    'X-Amz-Security-Token': scope.keys.sessionToken,
    'X-Amz-SignedHeaders': namesOf(request.headers).join(';'),
  })
  const query = inOrder(`${request.query}&${added}`.split('&').filter((pair) => pair !== ''))
  return `${query}&X-Amz-Signature=${signatureOf({ ...request, query, payload: UNSIGNED_PAYLOAD }, scope)}`
}

/** A query as it stands in a URL and in what is signed: encoded, and in the order of the encoded names. What is undefined is left out. */
export function encodeQuery(query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return inOrder(pairs.map((pair) => pair.map(uriEncode).join('=')))
}

function inOrder(pairs: readonly string[]): string {
  const named = pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair] as const)
  return named.sort(([a], [b]) => (a < b ? -1 : Number(a > b))).map(([, pair]) => pair).join('&')
}

function signatureOf({ headers, method, path, payload, query }: UnsignedRequest, scope: SigningScope): string {
  const names = namesOf(headers)
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`)
  const canonical = [method, path, query, ...lines, '', names.join(';'), payload].join('\n')
  const parts = scopeOf(scope)
  const digest = createHash('sha256').update(canonical).digest('hex')
  const text = [ALGORITHM, stampOf(scope), parts.join('/'), digest].join('\n')
  return createHmac('sha256', signingKey(scope.keys.secretAccessKey, parts)).update(text).digest('hex')
}

/** Of the headers that are signed, in order. */
function namesOf(headers: UnsignedRequest['headers']): readonly string[] {
  return Object.keys(headers).filter((name) => !UNSIGNED.includes(name)).sort()
}

/** `YYYYMMDDTHHMMSSZ` */
function stampOf({ time }: SigningScope): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function scopeOf(scope: SigningScope): readonly string[] {
  return [stampOf(scope).slice(0, 8), scope.region, scope.service, 'aws4_request']
}

function credentialOf(scope: SigningScope): string {
  return [scope.keys.accessKeyId, ...scopeOf(scope)].join('/')
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
