import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { uriEncode, uriEncodePath } from '../sys/uri-encode.ts'
import { FAULTS } from './s3-fault.ts'

export interface KeyPair {
  readonly accessKey: string
  readonly secretKey: string
}

export interface SignedRequest {
  readonly method: string
  /** Decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

interface Authorization {
  readonly accessKey: string
  /** `YYYYMMDD` */
  readonly day: string
  readonly region: string
  readonly service: string
  readonly signedHeaders: readonly string[]
  /** Hex. */
  readonly signature: string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const CREDENTIAL = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/
const FIELDS = /^Credential=([^,]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/
const PLAIN_PAYLOAD = /^(?:[0-9a-f]{64}|UNSIGNED-PAYLOAD)$/
const STREAMING_PAYLOAD = /^STREAMING-(?:UNSIGNED-PAYLOAD-TRAILER|AWS4-HMAC-SHA256-PAYLOAD(?:-TRAILER)?)$/

/**
 * Checks the signature in the headers of a request (AWS Signature Version 4, "Authenticating Requests: Using the
 * Authorization Header"). The time of signing is not compared with the clock, which may have been moved; any region
 * will do. The body is not looked at: whoever reads it compares it with `x-amz-content-sha256`, which is signed.
 * @throws S3Fault `AccessDenied` for an unsigned request or header, `AuthorizationHeaderMalformed`, `InvalidRequest`,
 * `InvalidAccessKeyId`, `SignatureDoesNotMatch`, `NotImplemented` for a signature in the query
 */
export function checkSignature(request: SignedRequest, keys: KeyPair): void {
  if (request.query.has('X-Amz-Signature')) throw FAULTS.notImplemented('A signature in the query')
  const authorization = parseAuthorization(request.headers.authorization)
  if (authorization.accessKey !== keys.accessKey) throw FAULTS.invalidAccessKeyId()
  checkHeaders(request.headers, authorization)
  const { day, region, service, signature, signedHeaders } = authorization
  const scope = `${day}/${region}/${service}/aws4_request`
  const canonical = sha256(canonicalRequest(request, signedHeaders))
  const text = [ALGORITHM, header(request.headers, 'x-amz-date'), scope, canonical].join('\n')
  const key = scope.split('/').reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${keys.secretKey}`)
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))) throw FAULTS.signatureDoesNotMatch()
}

function parseAuthorization(value: string | undefined): Authorization {
  if (value === undefined) throw FAULTS.accessDenied()
  if (!value.startsWith(`${ALGORITHM} `)) throw FAULTS.invalidRequest(`Please use ${ALGORITHM}.`)
  const fields = FIELDS.exec(value.slice(ALGORITHM.length).trim()) ?? []
  const [, credential = '', signedHeaders = '', signature = ''] = fields
  const match = CREDENTIAL.exec(credential)
  if (match === null) throw FAULTS.authorizationHeaderMalformed()
  const [, accessKey = '', day = '', region = '', service = ''] = match
  return { accessKey, day, region, service, signedHeaders: signedHeaders.split(';'), signature }
}

/** What is there must be signed, and what the signature rests on must be there. */
function checkHeaders(headers: IncomingHttpHeaders, { day, signedHeaders }: Authorization): void {
  const needed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))]
  const isSigned = needed.every((name) => signedHeaders.includes(name))
  if (!isSigned) throw FAULTS.accessDenied('There were headers present in the request which were not signed')
  const date = header(headers, 'x-amz-date')
  const isDate = /^\d{8}T\d{6}Z$/.test(date) && date.startsWith(day)
  if (!isDate) throw FAULTS.accessDenied('AWS authentication requires a valid x-amz-date header')
  const payload = header(headers, 'x-amz-content-sha256')
  if (payload === '') throw FAULTS.invalidRequest('Missing required header for this request: x-amz-content-sha256')
  const isKnown = PLAIN_PAYLOAD.test(payload) || STREAMING_PAYLOAD.test(payload)
  if (!isKnown) throw FAULTS.invalidArgument('x-amz-content-sha256 has a form that this store does not know')
}

function canonicalRequest({ headers, method, path, query }: SignedRequest, signedHeaders: readonly string[]): string {
  return [
    method,
    uriEncodePath(path),
    canonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${header(headers, name)}`),
    '',
    signedHeaders.join(';'),
    header(headers, 'x-amz-content-sha256'),
  ].join('\n')
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([name, value], [otherName, otherValue]) => compare(name, otherName) || compare(value, otherValue))
    .map((pair) => pair.join('='))
    .join('&')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim().replace(/ +/g, ' ')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
