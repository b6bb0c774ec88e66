import assert from 'node:assert/strict'
import { asKey } from '../../../lib/core/keys.ts'
import { checkSignature } from '../../../embedded/signature.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import type { DeleteOutcome, ObjectStore, PutOutcome } from '../../../lib/store/object-store.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { useEmbeddedBucket } from '../../support/embedded-bucket.ts'
import { type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts'
import { startForwardProxy } from '../../support/forward-proxy.ts'
import { type Handler, type LocalServer, answerWith, startServer } from '../../support/local-server.ts'
import { useProcessEnvironment } from '../../support/process-environment.ts'
import { localConfig } from '../../support/s3-buckets.ts'

const KEYS = { accessKeyId: 'expiry', secretAccessKey: 'a-secret-never-shown' }
const KEY = asKey('charts/with space+é.tgz')
const BYTES = Buffer.from('some bytes')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe('a mutation with a time limit', () => {
  const embedded = useEmbeddedBucket(KEYS)
  let proxy: FaultyProxy
  let store: ObjectStore
  beforeEach(async () => {
    proxy = await startFaultyProxy(embedded().endpoint)
    store = await createS3Store(localConfig({ endpoint: proxy.endpoint, ...KEYS }), 'bucket')
    await store.delete(KEY)
  })
  afterEach(() => proxy.close())

  const now = async (): Promise<number> => (await store.list('charts/')).date
  const put = async (until: number): Promise<string> => (await store.put(KEY, BYTES, { when: 'absent', until })).outcome
  /** Delays the next request with this method, by the clock of the store. */
  const holdUp = (method: string, time: number): void => {
    proxy.fail((line) => line.startsWith(method), {
      kind: 'hold',
      until: async () => {
        embedded().advance(time)
      },
    })
  }

  it('is refused by the store when it arrives after its limit', async () => {
    const until = (await now()) + MINUTE
    holdUp('PUT', MINUTE)
    assert.equal(await put(until), 'expired')
    assert.equal(await store.head(KEY), undefined)
    assert.equal(await put((await now()) + MINUTE), 'written')
    holdUp('DELETE', MINUTE)
    assert.equal((await store.delete(KEY, { until: (await now()) + MINUTE })).outcome, 'expired')
    assert.equal((await store.head(KEY))?.size, BYTES.length)
  })

  it('is carried out when it arrives within its limit', async () => {
    const until = (await now()) + MINUTE
    holdUp('PUT', MINUTE - 5000)
    assert.equal(await put(until), 'written')
  })

  it('has an unknown outcome, and is sent once, when the answer is lost', async () => {
    proxy.fail((line) => line.startsWith('PUT'), { kind: 'lose' })
    assert.equal(await put((await now()) + MINUTE), 'unknown')
    assert.equal(proxy.requests.filter((line) => line.startsWith('PUT')).length, 1)
  })

  it('may be the first request of a process whose clock is hours behind', async () => {
    embedded().advance(3 * HOUR)
    const time = await now()
    const mutate = async (until: number): Promise<string> => {
      const fresh = await createS3Store(localConfig({ endpoint: proxy.endpoint, ...KEYS }), 'bucket')
      return (await fresh.put(KEY, BYTES, { when: 'always', until })).outcome
    }
    assert.equal(await mutate(time + MINUTE), 'written')
    assert.equal(await mutate(time - MINUTE), 'expired')
    assert.equal(await mutate(time + HOUR), 'written')
  })
})

describe('a store that gets mutations with a time limit, signed in the query', () => {
  const setVariables = useProcessEnvironment()
  let server: LocalServer
  let handle: Handler
  let isInQuery: boolean[]
  let said: string[]
  beforeEach(async () => {
    isInQuery = []
    said = []
    server = await startServer((message, answer) => {
      message.resume()
      isInQuery.push(String(message.url).includes('X-Amz-Signature='))
      return handle(message, answer)
    })
  })
  afterEach(() => server.close())

  const open = (variables: Readonly<Record<string, string>> = {}): Promise<ObjectStore> => {
    const keys = {
      AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      AWS_SESSION_TOKEN: 'a/token+never-shown==',
    }
    const place = { AWS_ENDPOINT_URL: server.url, AWS_CONFIG_FILE: '/dev/null' }
    const connection = connectionSettings({}, undefined, setVariables({ ...place, ...keys, ...variables }))
    return createS3Store(connection, 'bucket', { detail: (line) => said.push(line) })
  }
  const soon = (): number => Date.now() + MINUTE
  const put = (store: ObjectStore, until = soon()): Promise<PutOutcome> =>
    store.put(KEY, BYTES, { when: 'absent', until })
  const remove = (store: ObjectStore): Promise<DeleteOutcome> => store.delete(KEY, { until: soon() })
  const fault = (code: string, message: string): string =>
    `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
  const denied = fault('AccessDenied', 'Access Denied')
  /** A store that refuses every signature in a query, and also those in a header if told to. */
  const refusing =
    (status: number, body: string, otherwise: readonly [status: number, body: string] = [200, '']): Handler =>
    (_, answer) => {
      const [stands, text] = isInQuery.at(-1) === true ? [status, body] : otherwise
      answerWith(answer, stands, text, { etag: '"e"' })
    }

  for (const [what, status, body] of [
    ['denies signatures in the query', 403, denied],
    ['does not implement signatures in the query', 501, fault('NotImplemented', 'Not implemented.')],
    ['refuses the form of signatures in the query', 400, fault('AuthorizationQueryParametersError', 'Not supported.')],
    ['refuses session tokens in the query', 400, fault('InvalidToken', 'The provided token is malformed.')],
  ] as const) {
    it(`gets signatures in the header from then on when it ${what}`, async () => {
      handle = refusing(status, body)
      const store = await open()
      assert.equal((await put(store)).outcome, 'written')
      assert.equal((await remove(store)).outcome, 'deleted')
      assert.deepEqual(isInQuery, [true, false, false])
      assert.equal(said.length, 1)
      assert.match(said[0] ?? '', /^helm-s3: the store accepts no signatures in the query, /)
    })
  }

  it('gets signatures in the header from then on when it denies the query and refuses the condition with the header', async () => {
    handle = refusing(403, denied, [412, fault('PreconditionFailed', 'It is there.')])
    const store = await open()
    assert.equal((await put(store)).outcome, 'refused')
    assert.equal((await put(store)).outcome, 'refused')
    assert.deepEqual(isInQuery, [true, false, false])
  })

  it('gets a signature in the query the next time, too, when it denies the request in both forms', async () => {
    handle = refusing(403, denied, [403, denied])
    const store = await open()
    for (const mutate of [put, remove]) {
      await assert.rejects(mutate(store), (error: unknown) => {
        assert.ok(error instanceof HelmS3Error && error.code === 'denied')
        const { cause, hint, message, stack } = error
        assert.doesNotMatch(JSON.stringify([message, hint, stack, cause, String(cause)]), /X-Amz|never-shown/)
        return true
      })
    }
    assert.deepEqual(isInQuery, [true, false, true, false])
    assert.deepEqual(said, [])
  })

  it('gets a signature in the query the next time, too, when it fails after it has denied the query', async () => {
    handle = refusing(403, denied, [503, fault('SlowDown', 'Slow down.')])
    const store = await open()
    assert.equal((await put(store)).outcome, 'unknown')
    assert.equal((await put(store)).outcome, 'unknown')
    assert.deepEqual(isInQuery, [true, false, true, false])
  })

  for (const [what, status, body, ahead] of [
    ['the message of S3', 403, fault('AccessDenied', 'Request has expired'), 0],
    ['another message and a later date', 403, fault('Forbidden', 'Nothing doing.'), MINUTE],
    ['another status, another message and a later date', 400, fault('ExpiredToken', 'Invalid argument.'), MINUTE],
  ] as const) {
    it(`gets no second request when it refuses a late one with ${what}`, async () => {
      handle = (_, answer) => {
        answerWith(answer, status, body, { date: new Date(Date.now() + ahead).toUTCString() })
      }
      const store = await open()
      assert.equal((await put(store)).outcome, 'expired')
      assert.equal((await remove(store)).outcome, 'expired')
      assert.deepEqual(isInQuery, [true, true])
    })
  }

  it('gets a signed checksum of the body, and the same headers as without a time limit', async () => {
    const urls: URL[] = []
    handle = (message, answer) => {
      const { headers, method = '', url = '' } = message
      const seen = new URL(url, 'http://x')
      urls.push(seen)
      const request = { method, path: decodeURIComponent(seen.pathname), query: seen.searchParams, headers }
      checkSignature(request, { accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey }, Date.now())
      answerWith(answer, 200, '', { etag: '"e"' })
    }
    const store = await open({ HELM_S3_EXPECTED_BUCKET_OWNER: '123456789012' })
    const described = { metadata: { a: 'b' }, contentType: 'x/y', cacheControl: 'no-cache' }
    await store.put(KEY, BYTES, { when: 'absent', until: soon(), ...described })
    const parameters = Object.fromEntries(urls[0]?.searchParams ?? [])
    assert.equal(
      parameters['X-Amz-SignedHeaders'],
      'content-length;content-type;host;if-none-match;x-amz-checksum-sha256;x-amz-expected-bucket-owner;x-amz-meta-a',
    )
    assert.equal(parameters['X-Amz-Expires'], '300')
    assert.equal(parameters['X-Amz-Security-Token'], 'a/token+never-shown==')
  })

  it('gets a valid signature at every kind of address', async () => {
    const lines: string[] = []
    handle = (message, answer) => {
      const { headers, method = '', url = '' } = message
      const { pathname, searchParams } = new URL(url, 'http://x')
      lines.push(`${method} ${String(headers.host)}${pathname}`)
      const request = { method, path: decodeURIComponent(pathname), query: searchParams, headers }
      checkSignature(request, { accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey }, Date.now())
      answerWith(answer, 200, '', { etag: '"e"' })
    }
    const proxy = await startForwardProxy(server.port)
    try {
      const named = { AWS_ENDPOINT_URL: 'http://store.example.test', HTTP_PROXY: proxy.url }
      const below = { AWS_ENDPOINT_URL: `${server.url}/a%20path/` }
      const ways = [below, named, { ...named, HELM_S3_FORCE_PATH_STYLE: 'false' }]
      for (const way of ways) assert.equal((await put(await open(way))).outcome, 'written')
    } finally {
      await proxy.close()
    }
    const key = 'charts/with%20space%2B%C3%A9.tgz'
    assert.deepEqual(lines, [
      `PUT 127.0.0.1:${String(server.port)}/a%20path/bucket/${key}`,
      `PUT store.example.test/bucket/${key}`,
      `PUT bucket.store.example.test/${key}`,
    ])
  })

  for (const [milliseconds, second] of [
    [0, -1],
    [1, 0],
    [999, 0],
    [1000, 0],
  ] as const) {
    it(`gets a signature that ends at or before the limit, here ${String(milliseconds)} ms after a second`, async () => {
      let end = 0
      handle = (message, answer) => {
        const { searchParams } = new URL(String(message.url), 'http://x')
        const stamp = String(searchParams.get('X-Amz-Date')).replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:')
        end = Date.parse(stamp) + Number(searchParams.get('X-Amz-Expires')) * 1000
        answerWith(answer, 200, '', { etag: '"e"' })
      }
      const whole = Math.floor(soon() / 1000) * 1000
      await put(await open(), whole + milliseconds)
      assert.equal(end, whole + second * 1000)
    })
  }
})
