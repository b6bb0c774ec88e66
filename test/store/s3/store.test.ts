import assert from 'node:assert/strict'
import { asKey, parseRepositoryUrl } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { initRepository } from '../../../lib/protocol/base/init.ts'
import { pushCharts } from '../../../lib/protocol/push/push.ts'
import { createSession } from '../../../lib/protocol/open-session.ts'
import { NO_OBJECT_SETTINGS } from '../../../lib/settings/objects.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { systemRandom } from '../../../lib/sys/random.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { upload } from '../../protocol/fixture.ts'
import { useEmbeddedBucket } from '../../support/embedded-bucket.ts'
import { type FaultyProxy, startFaultyProxy } from '../../support/faulty-proxy.ts'
import { localConfig } from '../../support/s3-buckets.ts'
import { skippingClock } from '../../support/skipping-clock.ts'

const KEYS = { accessKeyId: 'faults', secretAccessKey: 'a-secret-never-shown' }
const KEY = asKey('charts/object')
const BYTES = Buffer.from('some bytes that are longer than a word')

const isPut = (line: string): boolean => line.startsWith('PUT')
const isGet = (line: string): boolean => line.startsWith('GET') && !line.includes('list-type')
const isList = (line: string): boolean => line.includes('list-type')

describe('the S3 adapter on a network that fails', () => {
  const embedded = useEmbeddedBucket(KEYS)
  let proxy: FaultyProxy
  let store: ObjectStore

  beforeEach(async () => {
    proxy = await startFaultyProxy(embedded().endpoint)
    store = await createS3Store({ ...localConfig({ endpoint: proxy.endpoint, ...KEYS }), stall: 400 }, 'bucket')
    await (await direct()).delete(KEY)
  })
  afterEach(() => proxy.close())

  const direct = (): Promise<ObjectStore> =>
    createS3Store(localConfig({ endpoint: embedded().endpoint, ...KEYS }), 'bucket')
  const puts = (): number => proxy.requests.filter(isPut).length

  it('sends a PUT once and reports an unknown outcome when the answer is lost', async () => {
    proxy.fail(isPut, { kind: 'lose' })
    assert.equal((await store.put(KEY, BYTES, { when: 'absent' })).outcome, 'unknown')
    assert.equal(puts(), 1)
    assert.equal((await store.get(KEY))?.size, BYTES.length)
  })

  it('sends a PUT once and reports an unknown outcome when the connection is dropped, hangs, or the store fails', async () => {
    const error = '<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>'
    proxy.fail(
      isPut,
      { kind: 'drop' },
      { kind: 'hang' },
      { kind: 'answer', status: 503, body: error },
      { kind: 'answer', status: 500, body: '' },
    )
    for (let i = 1; i <= 4; i++) {
      assert.equal((await store.put(KEY, BYTES, { when: 'absent' })).outcome, 'unknown')
      assert.equal(puts(), i)
    }
    assert.equal(await store.head(KEY), undefined)
  })

  it('makes a push fail at the fifth 500 with a hint about the settings of the object', async () => {
    const clock = skippingClock()
    const location = parseRepositoryUrl('s3://bucket/refused')
    const session = (over: ObjectStore): ReturnType<typeof createSession> =>
      createSession({ store: over, location, clock, random: systemRandom, origin: {} })
    await initRepository(session(await direct()), { form: 'json', force: true })
    const connection = { ...localConfig({ endpoint: proxy.endpoint, ...KEYS }), stall: 400 }
    const encrypting = await createS3Store(connection, 'bucket', {
      objectSettings: async () => ({ ...NO_OBJECT_SETTINGS, sse: 'AES256' }),
    })
    const refusal = {
      kind: 'answer',
      status: 500,
      body: '<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>',
    } as const
    proxy.fail(isPut, ...Array.from({ length: 100 }, () => refusal))
    const push = pushCharts(session(encrypting), [upload('app', '1.0.0')], {
      force: false,
      ignoreIfExists: false,
      dryRun: false,
      relative: true,
      contentType: 'application/gzip',
    })
    await assert.rejects(push, {
      code: 'store-failed',
      message: /write s3:\/\/bucket\/refused\/app-1\.0\.0\.tgz: InternalError/,
      hint: /leave out --sse and AWS_S3_SSE/,
    })
    assert.equal(puts(), 5)
    assert.ok(clock.slept < 3000)
  })

  it('sends a DELETE once and reports an unknown outcome when the answer is lost', async () => {
    const put = await store.put(KEY, BYTES, { when: 'absent' })
    proxy.fail((line) => line.startsWith('DELETE'), { kind: 'lose' })
    assert.ok(put.outcome === 'written')
    assert.equal((await store.delete(KEY, { match: put.etag })).outcome, 'unknown')
    assert.equal(proxy.requests.filter((line) => line.startsWith('DELETE')).length, 1)
  })

  it('reports a PUT as refused when the store answers 409', async () => {
    const body = '<Error><Code>ConditionalRequestConflict</Code><Message>conflict</Message></Error>'
    proxy.fail(isPut, { kind: 'answer', status: 409, body })
    assert.equal((await store.put(KEY, BYTES, { when: 'absent' })).outcome, 'refused')
  })

  it('does not accept the HTML page of a proxy as success', async () => {
    const page = { kind: 'answer', status: 200, body: '<html>please log in</html>' } as const
    proxy.fail(isPut, page)
    assert.equal((await store.put(KEY, BYTES, { when: 'absent' })).outcome, 'unknown')
    proxy.fail(isList, page)
    await assert.rejects(store.list('charts/'), { code: 'store-failed' })
    proxy.fail(isGet, page)
    await assert.rejects(store.get(KEY), { code: 'store-failed' })
  })

  it('repeats a read that is lost, cut off or changed on the way', async () => {
    await store.put(KEY, BYTES, { when: 'absent', sha256: sha256(BYTES) })
    for (const fault of [
      { kind: 'lose' },
      { kind: 'drop' },
      { kind: 'cut', after: 5 },
      { kind: 'change' },
      { kind: 'hang' },
    ] as const) {
      proxy.fail(isGet, fault)
      assert.deepEqual(Buffer.from((await store.get(KEY))?.body ?? []), BYTES, fault.kind)
    }
    proxy.fail(isList, { kind: 'lose' }, { kind: 'answer', status: 503, body: '' })
    assert.equal((await store.list('charts/')).objects.length, 1)
  })

  it('fails when a read is cut off each time', async () => {
    await store.put(KEY, BYTES, { when: 'absent' })
    proxy.fail(isGet, ...Array.from({ length: 20 }, () => ({ kind: 'cut', after: 3 }) as const))
    await assert.rejects(store.get(KEY), HelmS3Error)
    assert.ok(proxy.requests.filter(isGet).length <= 5)
  })

  const drain = async (pieces: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> => {
    assert.ok(pieces !== undefined)
    const all: Uint8Array[] = []
    for await (const piece of pieces) all.push(piece)
    return Buffer.concat(all)
  }

  it('requests the rest of a stream that is cut off', async () => {
    await store.put(KEY, BYTES, { when: 'absent', sha256: sha256(BYTES) })
    proxy.fail(isGet, { kind: 'cut', after: 5 }, { kind: 'drop' }, { kind: 'cut', after: 7 })
    assert.deepEqual(await drain(await store.stream(KEY)), BYTES)
    assert.equal(proxy.requests.filter(isGet).length, 4)
  })

  it('fails when a stream is cut off and the object is replaced', async () => {
    await store.put(KEY, BYTES, { when: 'absent' })
    proxy.fail(isGet, { kind: 'cut', after: 5 })
    const pieces = await store.stream(KEY)
    await (await direct()).put(KEY, Buffer.from(BYTES.toString().toUpperCase()), { when: 'always' })
    await assert.rejects(drain(pieces), { code: 'corrupt-download' })
  })

  it('ends a stream with an error when bytes are missing or changed', async () => {
    await store.put(KEY, BYTES, { when: 'absent', sha256: sha256(BYTES) })
    const cut = { kind: 'cut', after: 2 } as const
    for (const faults of [[cut, cut, cut], [{ kind: 'change' }]] as const) {
      proxy.fail(isGet, ...faults)
      const pieces = await store.stream(KEY)
      assert.ok(pieces !== undefined)
      await assert.rejects(async () => {
        for await (const piece of pieces) assert.ok(piece.length > 0)
      }, HelmS3Error)
    }
  })

  it('fails as unreachable when nothing answers, also for a PUT', async () => {
    await proxy.close()
    const impatient = await createS3Store(localConfig({ endpoint: proxy.endpoint, ...KEYS }), 'bucket', {
      clock: skippingClock(),
    })
    await assert.rejects(impatient.put(KEY, BYTES, { when: 'absent' }), { code: 'unreachable' })
    await assert.rejects(impatient.get(KEY), { code: 'unreachable' })
    proxy = await startFaultyProxy(embedded().endpoint)
  })

  it('reports a refused signature without the secret key, and a missing bucket', async () => {
    const wrong = { ...KEYS, secretAccessKey: 'another-secret-never-shown' }
    const stranger = await createS3Store(localConfig({ endpoint: embedded().endpoint, ...wrong }), 'bucket')
    const attempts = [
      () => stranger.get(KEY),
      () => stranger.head(KEY),
      () => stranger.list('charts/'),
      () => stranger.put(KEY, BYTES, { when: 'always' }),
    ]
    for (const attempt of attempts) {
      await assert.rejects(attempt(), (error: unknown) => {
        assert.ok(error instanceof HelmS3Error && error.code === 'denied')
        assert.match(error.message, /SignatureDoesNotMatch/)
        assert.doesNotMatch(error.message + String(error.hint), /never-shown/)
        return true
      })
    }
    const elsewhere = await createS3Store(localConfig({ endpoint: embedded().endpoint, ...KEYS }), 'no-such-bucket')
    await assert.rejects(elsewhere.list(''), { code: 'missing-bucket' })
  })

  it('stops at once when the signal is aborted', async () => {
    const controller = new AbortController()
    const aborted = await createS3Store(localConfig({ endpoint: proxy.endpoint, ...KEYS }), 'bucket', {
      signal: controller.signal,
    })
    proxy.fail(isPut, { kind: 'hang' })
    const put = aborted.put(KEY, BYTES, { when: 'absent' })
    setTimeout(() => controller.abort(new HelmS3Error('timeout', 'not done in time')), 100)
    assert.equal((await put).outcome, 'unknown')
    await assert.rejects(aborted.put(KEY, BYTES, { when: 'absent' }), { code: 'timeout' })
  })
})
