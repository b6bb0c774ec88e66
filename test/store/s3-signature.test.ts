import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { Readable } from 'node:stream'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { type UnsignedRequest, encodeQuery, signQuery, signRequest } from '../../lib/store/s3-signature.ts'
import { sha256 } from '../../lib/sys/sha256.ts'
import { uriEncodePath } from '../../lib/sys/uri-encode.ts'

/** What the SDK signs with. */
class Sha256 {
  readonly #hash
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array)
  }
  update(data: Uint8Array | string): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {
    throw new Error('not used')
  }
}

/** The example of "Authenticating Requests: Using the Authorization Header" (Amazon S3 API Reference): PUT of an object. */
const EXAMPLE: UnsignedRequest = {
  method: 'PUT',
  path: uriEncodePath('/test$file.text'),
  query: '',
  headers: { host: 'examplebucket.s3.amazonaws.com', date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
  payload: sha256(Buffer.from('Welcome to Amazon S3.')),
}
const EXAMPLE_KEYS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }

const text = fc.string({ unit: fc.oneof(fc.constantFrom(...' /+%&=?#~*!\'()$:;,@é\u{1f600}'), fc.constantFrom(...'abcXYZ019-._')), maxLength: 20 })
const value = fc.string({ unit: fc.constantFrom(...'ab: =/"*  09'), maxLength: 12 })
const request = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'DELETE'),
  key: text,
  query: fc.dictionary(text, text, { maxKeys: 4 }),
  headers: fc.dictionary(fc.constantFrom('range', 'if-match', 'content-type', 'x-amz-meta-a', 'x-amz-acl', 'cache-control', 'user-agent'), value),
  body: fc.uint8Array({ maxLength: 20 }),
  token: fc.option(fc.constant('a/session+token=='), { nil: undefined }),
  region: fc.constantFrom('us-east-1', 'eu-central-1'),
  time: fc.date({ min: new Date('2015-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
})

describe('the signature of a request that is sent', () => {
  it('is that of the worked example of S3', () => {
    const { authorization } = signRequest(EXAMPLE, { keys: EXAMPLE_KEYS, region: 'us-east-1', service: 's3', time: Date.UTC(2013, 4, 24) })
    assert.equal(
      authorization,
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        'SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, ' +
        'Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    )
  })

  it('is that of the SDK, for any key, query, headers and body', async () => {
    await fc.assert(
      fc.asyncProperty(request, async ({ body, headers: given, key, method, query, region, time, token }) => {
        const keys = { accessKeyId: 'AKID', secretAccessKey: 'secret', ...(token === undefined ? {} : { sessionToken: token }) }
        const headers = { ...given, host: 'bucket.example.test' }
        const payload = sha256(body)
        const ours = signRequest({ method, path: `/bucket/${uriEncodePath(key)}`, query: encodeQuery(query), headers, payload }, { keys, region, service: 's3', time: time.getTime() })
        const signer = new SignatureV4({ service: 's3', region, credentials: keys, sha256: Sha256, uriEscapePath: false, applyChecksum: true })
        const theirs = await signer.sign(
          { protocol: 'https:', hostname: 'bucket.example.test', method, path: `/bucket/${uriEncodePath(key)}`, query, headers: { ...headers, 'x-amz-content-sha256': payload }, body },
          { signingDate: time },
        )
        assert.deepEqual(ours, theirs.headers)
      }),
      { numRuns: 300 },
    )
  })
})

describe('the signature of a request that expires', () => {
  it('is that of the worked example of S3', () => {
    const get = { method: 'GET', path: '/test.txt', query: '', headers: { host: 'examplebucket.s3.amazonaws.com' } }
    const scope = { keys: EXAMPLE_KEYS, region: 'us-east-1', service: 's3', time: Date.UTC(2013, 4, 24) }
    assert.equal(
      signQuery(get, scope, 86_400),
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&' +
        'X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&' +
        'X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&' +
        'X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })

  it('is that of the SDK, for any key, query, headers and lifetime', async () => {
    const lifetime = fc.integer({ min: 1, max: 604_800 })
    await fc.assert(
      fc.asyncProperty(request, lifetime, async (random, expiresIn) => {
        const { headers: given, key, method, query, region, time, token } = random
        const session = token === undefined ? {} : { sessionToken: token }
        const keys = { accessKeyId: 'AKID', secretAccessKey: 'secret', ...session }
        const headers = { ...given, host: 'bucket.example.test', 'x-amz-checksum-sha256': 'a+/=' }
        const path = `/bucket/${uriEncodePath(key)}`
        const scope = { keys, region, service: 's3', time: time.getTime() }
        const ours = signQuery({ method, path, query: encodeQuery(query), headers }, scope, expiresIn)
        const options = { uriEscapePath: false, applyChecksum: true }
        const signer = new SignatureV4({ service: 's3', region, credentials: keys, sha256: Sha256, ...options })
        // A body that cannot be read before it is sent has no hash in a signature of the SDK.
        const body = Readable.from([])
        const theirs = await signer.presign(
          { protocol: 'https:', hostname: 'bucket.example.test', method, path, query, headers, body },
          { signingDate: time, expiresIn, unhoistableHeaders: new Set(Object.keys(headers)) },
        )
        const parameters = Object.fromEntries([...new URLSearchParams(ours)])
        assert.deepEqual(parameters, { ...theirs.query })
        const inOrder = encodeQuery({ ...parameters, 'X-Amz-Signature': undefined })
        assert.ok(ours.startsWith(`${inOrder}&X-Amz-Signature=`), 'encoded, and in order')
      }),
      { numRuns: 300 },
    )
  })
})
