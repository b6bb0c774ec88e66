import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { uriEncode, uriEncodePath } from '../lib/store/s3/uri-encode.ts'
import { FAULTS } from './s3-fault.ts'

export interface KeyPair {
  readonly accessKey: string
  readonly secretKey: string
}

export interface SignedRequest {
  readonly method: string
  /** The decoded path. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

/** What a signature says about itself, in the header or in the query. */
interface Authorization {
  readonly accessKey: string
  /** `YYYYMMDD` */
  readonly day: string
  readonly region: string
  readonly service: string
  /** `YYYYMMDDTHHMMSSZ` */
  readonly stamp: string
  readonly signedHeaders: readonly string[]
  /** Hex. */
  readonly signature: string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const CREDENTIAL = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/
const FIELDS = /^Credential=([^,]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'
const PLAIN_PAYLOAD = /^(?:[0-9a-f]{64}|UNSIGNED-PAYLOAD)$/
const STREAMING_PAYLOAD = /^STREAMING-(?:UNSIGNED-PAYLOAD-TRAILER|AWS4-HMAC-SHA256-PAYLOAD(?:-TRAILER)?)$/
/** The seconds of a week. */
const WEEK = 7 * 24 * 60 * 60
/** Milliseconds by which a signature in the query may be ahead of the clock. */
const AHEAD = 15 * 60_000

/** The parameters that a signature adds to the query. */
export const SIGNATURE_PARAMETERS = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-SignedHeaders',
  'X-Amz-Signature',
] as const

/**
 * Checks the signature of a request, in its headers or in its query (AWS Signature Version 4, "Authenticating Requests:
 * Using the Authorization Header" and "Using Query Parameters" in the Amazon S3 API Reference). Any region is accepted.
 * The time of a signature in the headers is not compared with the clock, because the clock may have been moved. A
 * signature in the query expires at the end of its lifetime. The body is not looked at here: the code that reads it
 * compares it with its checksums, which are signed.
 * @param now milliseconds since 1970
 * @throws S3Fault `AccessDenied` for an unsigned request or header, and for one that has expired or is not valid yet,
 *   `AuthorizationHeaderMalformed`, `AuthorizationQueryParametersError`, `InvalidArgument`, `InvalidRequest`,
 *   `InvalidAccessKeyId`, `SignatureDoesNotMatch`
 */
export function checkSignature(request: SignedRequest, keys: KeyPair, now: number): void {
  const { headers, query } = request
  const isInQuery = query.has('X-Amz-Signature')
  if (isInQuery && headers.authorization !== undefined) throw FAULTS.invalidArgument('Only one auth mechanism allowed')
  const authorization = isInQuery ? queryAuthorization(query) : headerAuthorization(headers)
  if (authorization.accessKey !== keys.accessKey) throw FAULTS.invalidAccessKeyId()
  checkHeaders(headers, authorization)
  const payload = header(headers, 'x-amz-content-sha256') || (isInQuery ? UNSIGNED_PAYLOAD : '')
  checkPayload(payload)
  if (isInQuery) checkLifetime(query, now)
  const { day, region, service, signature, signedHeaders, stamp } = authorization
  const scope = `${day}/${region}/${service}/aws4_request`
  const canonical = sha256(canonicalRequest(request, signedHeaders, payload))
  const text = [ALGORITHM, stamp, scope, canonical].join('\n')
  const key = scope.split('/').reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${keys.secretKey}`)
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))) throw FAULTS.signatureDoesNotMatch()
}

function headerAuthorization(headers: IncomingHttpHeaders): Authorization {
  const value = headers.authorization
  if (value === undefined) throw FAULTS.accessDenied()
  if (!value.startsWith(`${ALGORITHM} `)) throw FAULTS.invalidRequest(`Please use ${ALGORITHM}.`)
  const fields = FIELDS.exec(value.slice(ALGORITHM.length).trim()) ?? []
  const [, credential = '', signedHeaders = '', signature = ''] = fields
  const parts = credentialParts(credential)
  if (parts === undefined) throw FAULTS.authorizationHeaderMalformed()
  const stamp = header(headers, 'x-amz-date')
  const isDate = STAMP.test(stamp) && stamp.startsWith(parts.day)
  if (!isDate) throw FAULTS.accessDenied('AWS authentication requires a valid x-amz-date header')
  return { ...parts, stamp, signedHeaders: signedHeaders.split(';'), signature }
}

function queryAuthorization(query: URLSearchParams): Authorization {
  const field = (name: (typeof SIGNATURE_PARAMETERS)[number]): string => query.get(name) ?? ''
  const isKnown = field('X-Amz-Algorithm') === ALGORITHM
  if (!isKnown) throw FAULTS.authorizationQueryParameters(`X-Amz-Algorithm only supports "${ALGORITHM}"`)
  const parts = credentialParts(field('X-Amz-Credential'))
  if (parts === undefined) throw FAULTS.authorizationQueryParameters('Error parsing the X-Amz-Credential parameter')
  const stamp = field('X-Amz-Date')
  const isDate = STAMP.test(stamp) && stamp.startsWith(parts.day)
  if (!isDate) throw FAULTS.authorizationQueryParameters('X-Amz-Date is no date, or not that of the credential')
  const signature = field('X-Amz-Signature')
  if (!/^[0-9a-f]{64}$/.test(signature)) throw FAULTS.signatureDoesNotMatch()
  return { ...parts, stamp, signedHeaders: field('X-Amz-SignedHeaders').split(';'), signature }
}

type Credential = Pick<Authorization, 'accessKey' | 'day' | 'region' | 'service'>

function credentialParts(credential: string): Credential | undefined {
  const match = CREDENTIAL.exec(credential)
  if (match === null) return undefined
  const [, accessKey = '', day = '', region = '', service = ''] = match
  return { accessKey, day, region, service }
}

/** Checks that a signature in the query is valid now. */
function checkLifetime(query: URLSearchParams, now: number): void {
  const lifetime = query.get('X-Amz-Expires') ?? ''
  const isLifetime = /^\d{1,6}$/.test(lifetime) && Number(lifetime) <= WEEK
  if (!isLifetime) throw FAULTS.authorizationQueryParameters('X-Amz-Expires must be seconds, at most a week')
  const date = Date.parse((query.get('X-Amz-Date') ?? '').replace(STAMP, '$1-$2-$3T$4:$5:$6Z'))
  if (Number.isNaN(date)) throw FAULTS.authorizationQueryParameters('X-Amz-Date is no date')
  if (date > now + AHEAD) throw FAULTS.accessDenied('Request is not valid yet')
  if (now > date + Number(lifetime) * 1000) throw FAULTS.accessDenied('Request has expired')
}

/** Checks that `host`, which every signature needs, and all `x-amz-` headers of the request are signed. */
function checkHeaders(headers: IncomingHttpHeaders, { signedHeaders }: Authorization): void {
  const needed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))]
  const isSigned = needed.every((name) => signedHeaders.includes(name))
  if (!isSigned) throw FAULTS.accessDenied('There were headers present in the request which were not signed')
}

function checkPayload(payload: string): void {
  if (payload === '') throw FAULTS.invalidRequest('Missing required header for this request: x-amz-content-sha256')
  const isKnown = PLAIN_PAYLOAD.test(payload) || STREAMING_PAYLOAD.test(payload)
  if (!isKnown) throw FAULTS.invalidArgument('x-amz-content-sha256 has a form that this store does not know')
}

function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[], payload: string): string {
  const { headers, method, path, query } = request
  return [
    method,
    uriEncodePath(path),
    canonicalQuery(query),
    ...signedHeaders.map((name) => `${name}:${header(headers, name)}`),
    '',
    signedHeaders.join(';'),
    payload,
  ].join('\n')
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
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
