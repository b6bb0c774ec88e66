import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { FAULTS } from './s3-fault.ts'

export interface KeyPair {
  readonly accessKey: string
  readonly secretKey: string
}

export interface SignedRequest {
  readonly method: string
  /** Path as it came, percent-encoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
}

const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/

/**
 * Checks the signature in the headers of a request (AWS Signature Version 4). The time of signing is not compared with the
 * clock, which may have been moved.
 * @throws S3Fault `AccessDenied` for an unsigned request, `InvalidAccessKeyId`, `SignatureDoesNotMatch`
 */
export function checkSignature(request: SignedRequest, keys: KeyPair): void {
  const match = AUTHORIZATION.exec(request.headers.authorization ?? '')
  if (match === null) throw FAULTS.accessDenied()
  const [, accessKey = '', day = '', region = '', service = '', signedHeaders = '', signature = ''] = match
  if (accessKey !== keys.accessKey) throw FAULTS.invalidAccessKeyId()
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', header(request.headers, 'x-amz-date'), scope, sha256(canonicalRequest(request, signedHeaders))].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${keys.secretKey}`)
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex'))) throw FAULTS.signatureDoesNotMatch()
}

function canonicalRequest({ headers, method, path, query }: SignedRequest, signedHeaders: string): string {
  const names = signedHeaders.split(';')
  return [
    method,
    path,
    canonicalQuery(query),
    ...names.map((name) => `${name}:${header(headers, name)}`),
    '',
    signedHeaders,
    header(headers, 'x-amz-content-sha256'),
  ].join('\n')
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
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
