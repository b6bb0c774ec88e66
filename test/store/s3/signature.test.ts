import assert from 'node:assert/strict'
import { type BodilessRequest, signHeaders, signQuery } from '../../../lib/store/s3/signature.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'

/** The keys, the bucket and the time of the worked examples in the Amazon S3 API Reference. */
const SCOPE = {
  keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 's3',
  time: Date.UTC(2013, 4, 24),
}
const HOST = 'examplebucket.s3.amazonaws.com'
const CREDENTIAL = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request'
const NOTHING = sha256(Buffer.from(''))

function request(changes: Partial<BodilessRequest>): BodilessRequest {
  return {
    protocol: 'https:',
    hostname: HOST,
    method: 'GET',
    path: '/',
    query: {},
    headers: { host: HOST },
    ...changes,
  }
}

describe('the signature in the headers of a request', () => {
  for (const [what, changes, names, signature] of [
    [
      'a GET of a range',
      { path: '/test.txt', headers: { host: HOST, range: 'bytes=0-9' } },
      'host;range;x-amz-content-sha256;x-amz-date',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'a parameter without a value',
      { query: { lifecycle: '' } },
      'host;x-amz-content-sha256;x-amz-date',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'a listing',
      { query: { prefix: 'J', 'max-keys': '2' } },
      'host;x-amz-content-sha256;x-amz-date',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ] as const) {
    it(`is that of the worked example of S3: ${what}`, async () => {
      const { headers } = await signHeaders(request(changes), NOTHING, SCOPE)
      assert.deepEqual(headers, {
        ...request(changes).headers,
        'x-amz-content-sha256': NOTHING,
        'x-amz-date': '20130524T000000Z',
        authorization: `AWS4-HMAC-SHA256 Credential=${CREDENTIAL}, SignedHeaders=${names}, Signature=${signature}`,
      })
    })
  }

  it('does not cover headers that proxies may change, and covers the session token', async () => {
    const headers = { host: HOST, 'cache-control': 'no-cache', 'user-agent': 'helm-s3/1', 'x-amz-meta-a': 'b' }
    const keys = { ...SCOPE.keys, sessionToken: 'a/session+token==' }
    const signed = await signHeaders(request({ headers }), NOTHING, { ...SCOPE, keys })
    assert.equal(signed.headers['x-amz-security-token'], 'a/session+token==')
    assert.equal(signed.headers['user-agent'], 'helm-s3/1')
    const names = 'host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-security-token'
    assert.match(signed.headers['authorization'] ?? '', new RegExp(`SignedHeaders=${names},`))
  })
})

describe('the signature in the query of a request', () => {
  it('is that of the worked example of S3', async () => {
    const signed = await signQuery(request({ path: '/test.txt' }), SCOPE, 86_400)
    assert.deepEqual(signed, {
      ...request({ path: '/test.txt' }),
      query: {
        'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
        'X-Amz-Credential': CREDENTIAL,
        'X-Amz-Date': '20130524T000000Z',
        'X-Amz-Expires': '86400',
        'X-Amz-SignedHeaders': 'host',
        'X-Amz-Signature': 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
      },
    })
  })

  it('moves no header to the query, and includes the session token', async () => {
    const headers = { host: HOST, 'content-type': 'text/plain', 'x-amz-checksum-sha256': 'a+/=', 'x-amz-meta-a': 'b' }
    const keys = { ...SCOPE.keys, sessionToken: 'a/session+token==' }
    const signed = await signQuery(request({ headers, query: { uploadId: 'u' } }), { ...SCOPE, keys }, 300)
    assert.deepEqual(signed.headers, headers)
    const names = ['Algorithm', 'Credential', 'Date', 'Expires', 'Security-Token', 'Signature', 'SignedHeaders']
    assert.deepEqual(Object.keys(signed.query).sort(), [...names.map((name) => `X-Amz-${name}`), 'uploadId'])
    assert.equal(signed.query['X-Amz-Security-Token'], 'a/session+token==')
    const signedNames = 'content-type;host;x-amz-checksum-sha256;x-amz-meta-a'
    assert.equal(signed.query['X-Amz-SignedHeaders'], signedNames)
  })
})
