import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { type SignedRequest, checkSignature } from '../../embedded/signature.ts'
import { BUCKET, START, eachWithStore } from './running-store.ts'

/** The worked examples of "Authenticating Requests: Using the Authorization Header" (Amazon S3 API Reference). */
const EXAMPLE_KEYS = { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const GREETING = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072'
const COMMON = {
  host: 'examplebucket.s3.amazonaws.com',
  'x-amz-date': '20130524T000000Z',
  'x-amz-content-sha256': EMPTY,
}

function authorization(signedHeaders: string, signature: string): string {
  const credential = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'
  return `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`
}

const GET_OBJECT: SignedRequest = {
  method: 'GET',
  path: '/test.txt',
  query: new URLSearchParams(),
  headers: {
    ...COMMON,
    range: 'bytes=0-9',
    authorization: authorization(
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ),
  },
}

const PUT_OBJECT: SignedRequest = {
  method: 'PUT',
  path: '/test$file.text',
  query: new URLSearchParams(),
  headers: {
    ...COMMON,
    date: 'Fri, 24 May 2013 00:00:00 GMT',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    'x-amz-content-sha256': GREETING,
    authorization: authorization(
      'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ),
  },
}

const LIST_OBJECTS: SignedRequest = {
  method: 'GET',
  path: '/',
  query: new URLSearchParams('max-keys=2&prefix=J'),
  headers: {
    ...COMMON,
    authorization: authorization(
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ),
  },
}

describe('the signature of a request', () => {
  const refused = (signed: SignedRequest, code: string, keys = EXAMPLE_KEYS): void => {
    assert.throws(
      () => {
        checkSignature(signed, keys, START)
      },
      { code },
    )
  }

  it('is that of the worked examples of S3', () => {
    for (const signed of [GET_OBJECT, PUT_OBJECT, LIST_OBJECTS]) checkSignature(signed, EXAMPLE_KEYS, START)
  })

  it('covers the method, the path, the query, the signed headers and the secret', () => {
    const { headers } = GET_OBJECT
    refused({ ...GET_OBJECT, method: 'DELETE' }, 'SignatureDoesNotMatch')
    refused({ ...GET_OBJECT, path: '/test.tx' }, 'SignatureDoesNotMatch')
    refused({ ...GET_OBJECT, query: new URLSearchParams('a=') }, 'SignatureDoesNotMatch')
    refused({ ...LIST_OBJECTS, query: new URLSearchParams('max-keys=2&prefix=K') }, 'SignatureDoesNotMatch')
    refused({ ...GET_OBJECT, headers: { ...headers, range: 'bytes=0-8' } }, 'SignatureDoesNotMatch')
    refused({ ...GET_OBJECT, headers: { ...headers, 'x-amz-content-sha256': GREETING } }, 'SignatureDoesNotMatch')
    refused(GET_OBJECT, 'SignatureDoesNotMatch', { ...EXAMPLE_KEYS, secretKey: 'another' })
  })

  it('must be present, use a known key and cover every header of S3', () => {
    const { authorization: _, ...anonymous } = GET_OBJECT.headers
    refused({ ...GET_OBJECT, headers: anonymous }, 'AccessDenied')
    refused({ ...GET_OBJECT, headers: { ...GET_OBJECT.headers, 'x-amz-meta-added': 'x' } }, 'AccessDenied')
    refused({ ...GET_OBJECT, headers: { ...GET_OBJECT.headers, authorization: 'Basic eDp4' } }, 'InvalidRequest')
    const cut = { ...GET_OBJECT.headers, authorization: 'AWS4-HMAC-SHA256 Credential=x' }
    refused({ ...GET_OBJECT, headers: cut }, 'AuthorizationHeaderMalformed')
    refused(GET_OBJECT, 'InvalidAccessKeyId', { ...EXAMPLE_KEYS, accessKey: 'another' })
  })
})

/** The worked example of "Authenticating Requests: Using Query Parameters", which is valid for a day. */
const QUERY_GET: SignedRequest = {
  method: 'GET',
  path: '/test.txt',
  query: new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
    'X-Amz-Date': '20130524T000000Z',
    'X-Amz-Expires': '86400',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  }),
  headers: { host: 'examplebucket.s3.amazonaws.com' },
}

describe('the signature in a query', () => {
  const made = Date.UTC(2013, 4, 24)
  const day = 86_400_000
  const without = (name: string, value?: string): SignedRequest => {
    const query = new URLSearchParams(QUERY_GET.query)
    if (value === undefined) query.delete(name)
    else query.set(name, value)
    return { ...QUERY_GET, query }
  }
  const refused = (signed: SignedRequest, code: string, message?: string, now = made): void => {
    assert.throws(
      () => {
        checkSignature(signed, EXAMPLE_KEYS, now)
      },
      message === undefined ? { code } : { code, message },
    )
  }

  it('is that of the worked example of S3, and is valid only during its lifetime', () => {
    for (const now of [made, made + day, made - 15 * 60_000]) checkSignature(QUERY_GET, EXAMPLE_KEYS, now)
    refused(QUERY_GET, 'AccessDenied', 'Request has expired', made + day + 1)
    refused(QUERY_GET, 'AccessDenied', 'Request is not valid yet', made - 15 * 60_000 - 1)
  })

  it('covers the method, the path, the query, its lifetime and every header of S3', () => {
    refused({ ...QUERY_GET, method: 'PUT' }, 'SignatureDoesNotMatch')
    refused({ ...QUERY_GET, path: '/test' }, 'SignatureDoesNotMatch')
    refused(without('X-Amz-Expires', '86401'), 'SignatureDoesNotMatch')
    refused(without('versionId', '1'), 'SignatureDoesNotMatch')
    refused({ ...QUERY_GET, headers: { ...QUERY_GET.headers, 'x-amz-acl': 'private' } }, 'AccessDenied')
  })

  it('must be complete and the only signature of the request', () => {
    const code = 'AuthorizationQueryParametersError'
    const names = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires']
    for (const name of names) refused(without(name), code)
    for (const lifetime of ['604801', '-1', 'x']) refused(without('X-Amz-Expires', lifetime), code)
    refused(without('X-Amz-Date', '20130525T000000Z'), code)
    refused(without('X-Amz-Signature', 'x'), 'SignatureDoesNotMatch')
    refused({ ...QUERY_GET, headers: { ...QUERY_GET.headers, authorization: 'AWS4-HMAC-SHA256 x' } }, 'InvalidArgument')
  })
})

describe('a request to the embedded store', () => {
  const current = eachWithStore()

  it('is answered with a request id and the date of the store even when it is refused', async () => {
    const { headers, status } = await fetch(current().store.endpoint)
    assert.equal(status, 403)
    assert.equal(headers.get('date'), 'Fri, 02 Jan 2026 03:04:05 GMT')
    assert.match(headers.get('x-amz-request-id') ?? '', /^.{8,}$/)
    assert.equal(headers.get('content-type'), 'application/xml')
  })

  it('is refused when its signed body was changed on the way', async () => {
    const { client, put } = current()
    await put('kept', 'first')
    const changed = new PutObjectCommand({ Bucket: BUCKET, Key: 'kept', Body: 'second' })
    changed.middlewareStack.add(
      (next) => (call) => {
        const { request: sent } = call as { request: { body: unknown } }
        sent.body = 'SECOND'
        return next(call)
      },
      { step: 'finalizeRequest', priority: 'low', name: 'change' },
    )
    await assert.rejects(client.send(changed), { name: 'XAmzContentSHA256Mismatch' })
    const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'kept' }))
    assert.equal(ContentLength, 5)
  })

  it('writes nothing when it is cut off, and the store keeps working', async () => {
    const { client, put } = current()
    for (let i = 0; i < 5; i++) await breakOff(client, 'half')
    await assert.rejects(client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'half' })), { name: 'NotFound' })
    await put('half', 'whole')
    const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'half' }))
    assert.equal(ContentLength, 5)
  })
})

/** A client that announces more bytes than it sends, and hangs up. */
async function breakOff(client: S3Client, key: string): Promise<void> {
  const abort = new AbortController()
  async function* body(): AsyncGenerator<Buffer> {
    yield Buffer.alloc(200_000)
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    abort.abort()
    yield Buffer.alloc(1)
  }
  const Body = Readable.from(body(), { objectMode: false })
  const half = new PutObjectCommand({ Bucket: BUCKET, Key: key, Body, ContentLength: 400_000 })
  await assert.rejects(client.send(half, { abortSignal: abort.signal }))
}
