import assert from 'node:assert/strict'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { type ObjectStore, asETag } from '../../../lib/store/object-store.ts'
import { Outage } from '../../../lib/store/s3/outage.ts'
import { type S3StoreOptions, createS3Store } from '../../../lib/store/s3/store.ts'
import { closed } from '../../support/local-server.ts'
import { localConfig } from '../../support/s3-buckets.ts'
import { type SkippingClock, skippingClock } from '../../support/skipping-clock.ts'

const KEYS = { accessKeyId: 'outages', secretAccessKey: 'secret' }
const KEY = asKey('charts/object')
const BYTES = Buffer.from('bytes')
const SECOND = 1000

/** What the store does with a request. */
type Answer = 'reset' | 'busy' | number

/** A store that can be unreachable. It treats its next requests as it is told to; all others succeed. */
class MovingStore {
  readonly lines: string[] = []
  readonly answers: Answer[] = []
  #server: Server | undefined
  #port = 0

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`
  }

  async come(): Promise<void> {
    this.#server = createServer((message, answer) => {
      this.lines.push(message.method ?? '')
      message.resume()
      const next = this.answers.shift()
      if (next === 'reset') {
        message.socket.destroy()
        return
      }
      const body =
        next === 'busy' ? '<Error><Code>XMinioServerNotInitialized</Code><Message>Not yet.</Message></Error>' : 'bytes'
      const status = next === 'busy' ? 503 : (next ?? 200)
      answer.writeHead(status, { date: new Date().toUTCString(), etag: '"e"', 'content-length': body.length })
      answer.end(message.method === 'HEAD' ? '' : body)
    })
    await new Promise<void>((resolve) => this.#server?.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async go(): Promise<void> {
    if (this.#server !== undefined) await closed(this.#server)
    this.#server = undefined
  }
}

describe('a store that does not answer', () => {
  let server: MovingStore
  let notices: string[]
  /** Called when the program says that it waits. */
  let onNotice: () => Promise<void>
  let happening: Promise<void>
  let clock: SkippingClock
  beforeEach(async () => {
    notices = []
    onNotice = async () => undefined
    happening = Promise.resolve()
    clock = skippingClock(() => happening)
    server = new MovingStore()
    await server.come()
  })
  afterEach(() => server.go())

  const open = (endpoint = server.url, options: S3StoreOptions = {}): Promise<ObjectStore> => {
    const notice = (line: string): void => {
      notices.push(line)
      happening = onNotice()
    }
    return createS3Store(localConfig({ endpoint, ...KEYS }), 'bucket', { clock, notice, ...options })
  }
  const waiting = (why: string): string => `helm-s3: waiting for ${server.url} to answer (${why}), up to 20 seconds`

  it('is waited for, with one notice, when it refuses connections', async () => {
    const store = await open()
    await server.go()
    onNotice = () => server.come()
    const heads = await Promise.all([store.head(KEY), store.head(KEY), store.get(KEY)])
    assert.ok(heads.every((head) => head?.etag === '"e"'))
    assert.deepEqual(notices, [waiting('connection refused')])
  })

  it('is waited for by reads, without a notice, when it fails or closes connections for a short time', async () => {
    const store = await open()
    for (const answers of [
      ['busy', 'busy', 'reset'],
      [500, 502, 504, 507],
    ] as const) {
      server.answers.push(...answers)
      assert.equal((await store.head(KEY))?.etag, '"e"')
      assert.deepEqual(server.answers, [])
    }
    assert.deepEqual(notices, [])
  })

  it('is given up after twenty seconds', async () => {
    const store = await open()
    await server.go()
    const start = clock.monotonic()
    await assert.rejects(store.get(KEY), { code: 'unreachable' })
    // On a busy machine the requests take a part of the twenty seconds. Only the sleeps have an upper limit.
    assert.ok(clock.monotonic() - start >= 20 * SECOND)
    assert.ok(clock.slept < 22 * SECOND, String(clock.slept))
    assert.deepEqual(notices, [waiting('connection refused')])
  })

  it('is not waited for again by a later request', async () => {
    const store = await open()
    await server.go()
    await assert.rejects(store.get(KEY), { code: 'unreachable' })
    const before = clock.slept
    await assert.rejects(store.get(KEY), { code: 'unreachable' })
    await assert.rejects(store.put(KEY, BYTES, { when: 'absent', inTime: () => true }), { code: 'unreachable' })
    assert.equal(clock.slept, before)
  })

  it('is waited for again by a later request when it has answered in between', async () => {
    const store = await open()
    await server.go()
    await assert.rejects(store.get(KEY), { code: 'unreachable' })
    await server.come()
    await store.head(KEY)
    await server.go()
    const start = clock.monotonic()
    await assert.rejects(store.get(KEY), { code: 'unreachable' })
    assert.ok(clock.monotonic() - start >= 20 * SECOND)
  })

  it('causes its own error after twenty seconds of failures', async () => {
    const store = await open()
    server.answers.push(...Array.from({ length: 500 }, () => 'busy' as const))
    await assert.rejects(
      store.get(KEY),
      (error: unknown) =>
        error instanceof HelmS3Error && error.code === 'store-failed' && error.message.includes('Not yet.'),
    )
    assert.deepEqual(notices, [waiting('status 503')])
  })

  it('is not waited for when it refuses a request with 400, 403 or 501', async () => {
    const store = await open()
    for (const status of [400, 403, 501]) {
      server.lines.length = 0
      server.answers.push(status)
      await assert.rejects(store.get(KEY), HelmS3Error)
      assert.deepEqual(server.lines, ['GET'])
    }
    assert.equal(clock.slept, 0)
  })

  it('is not waited for when its name cannot be resolved', async () => {
    const store = await open('http://no-such-host.invalid')
    await assert.rejects(store.get(KEY), { code: 'unreachable' })
    assert.ok(clock.slept < SECOND, String(clock.slept))
    assert.deepEqual(notices, [])
  })

  it('is waited for when its name cannot be resolved but it has answered before', () => {
    const signs = { status: undefined, name: 'Error', code: 'ENOTFOUND', message: '' }
    const outage = new Outage({ clock, place: 'http://minio:9000', notice: () => undefined })
    const attempts = { count: 4, startedAt: clock.monotonic(), failedAt: undefined }
    assert.equal(outage.mayTryAgain({ ...attempts }, signs), false)
    outage.noteAnswer({ isOver: true })
    assert.equal(outage.mayTryAgain({ ...attempts }, signs), true)
  })

  it('gets one more request, with a notice, when a request had no answer for twenty seconds', async () => {
    const outage = new Outage({ clock, place: server.url, notice: (line) => notices.push(line) })
    const attempts = { count: 1, startedAt: clock.monotonic(), failedAt: undefined }
    const signs = { status: undefined, name: 'TimeoutError', code: '', message: '' }
    await clock.sleep(20 * SECOND)
    assert.equal(outage.mayTryAgain(attempts, signs), true)
    assert.deepEqual(notices, [waiting('no answer')])
    await clock.sleep(20 * SECOND)
    assert.equal(outage.mayTryAgain(attempts, signs), false)
  })

  it('is not waited for any longer when the command is aborted', async () => {
    const controller = new AbortController()
    const store = await open(server.url, { signal: controller.signal })
    await server.go()
    onNotice = async () => controller.abort(new HelmS3Error('timeout', 'not done in time'))
    await assert.rejects(store.get(KEY), { code: 'unreachable' })
    assert.ok(clock.slept < 10 * SECOND, String(clock.slept))
  })

  describe('that gets a mutation', () => {
    const mutations = {
      PUT: (store: ObjectStore, inTime?: () => boolean) =>
        store.put(KEY, BYTES, { when: 'absent', ...(inTime && { inTime }) }),
      DELETE: (store: ObjectStore, inTime?: () => boolean) =>
        store.delete(KEY, { match: asETag('"e"'), ...(inTime && { inTime }) }),
    }
    for (const [method, mutate] of Object.entries(mutations)) {
      it(`gets it once when it answers again in time and no request was sent before: ${method}`, async () => {
        const store = await open()
        await server.go()
        onNotice = () => server.come()
        assert.match((await mutate(store, () => true)).outcome, /^(?:written|deleted)$/)
        assert.deepEqual(server.lines, [method])
        assert.deepEqual(notices, [waiting('connection refused')])
      })

      it(`does not get it when it is too late or no time limit is given: ${method}`, async () => {
        const store = await open()
        await server.go()
        await assert.rejects(mutate(store), { code: 'unreachable' })
        assert.equal(clock.slept, 0)
        onNotice = () => server.come()
        await assert.rejects(
          mutate(store, () => notices.length === 0),
          { code: 'unreachable' },
        )
        assert.deepEqual(server.lines, [])
      })

      it(`does not get it again when it may have been carried out: ${method}`, async () => {
        const store = await open()
        for (const answer of ['reset', 'busy', 500] as const) {
          server.lines.length = 0
          server.answers.push(answer)
          assert.equal((await mutate(store, () => true)).outcome, 'unknown')
          assert.deepEqual(server.lines, [method])
        }
      })
    }
  })
})
