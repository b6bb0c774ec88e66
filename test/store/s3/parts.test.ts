import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { asKey } from '../../../lib/core/keys.ts'
import { type ObjectStore, asETag } from '../../../lib/store/object-store.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { type LocalServer, startServer } from '../../support/local-server.ts'
import { localConfig } from '../../support/s3-buckets.ts'
import { skippingClock } from '../../support/skipping-clock.ts'

const KEYS = { accessKeyId: 'parts', secretAccessKey: 'secret' }
const KEY = asKey('charts/index.yaml')
const ETAG = asETag('"e1"')
const BODY = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251))
const WHOLE = 'GET whole'

type Headers = Readonly<Record<string, string | number>>

/** An answer: its status, its headers, and its body, of which `cut` bytes are sent before the connection breaks. */
interface Answered {
  readonly status: number
  readonly headers?: Headers
  readonly body?: Buffer
  readonly cut?: number
}

/** How a store answers a request; undefined: as S3 does. */
type Way = (range: string | undefined, message: IncomingMessage) => Answered | undefined

const refusal = (status: number, code: string): Answered => ({
  status,
  body: Buffer.from(`<Error><Code>${code}</Code></Error>`),
})
const partial = (start: number, end: number, of: Headers = {}, body: Buffer = BODY): Answered => ({
  status: 206,
  headers: { 'content-range': `bytes ${String(start)}-${String(end - 1)}/${String(body.length)}`, ...of },
  body: body.subarray(start, end),
})

describe('a part of an object', () => {
  let server: LocalServer
  let store: ObjectStore
  let way: Way
  let body: Buffer
  const asked: string[] = []

  before(async () => {
    server = await startServer((message, answer) => {
      const range = message.headers.range
      asked.push(`${String(message.method)} ${range ?? (message.method === 'HEAD' ? '' : 'whole')}`.trim())
      send(answer, way(range, message) ?? asS3(range, message), message)
    })
  })
  after(() => server.close())
  beforeEach(async () => {
    asked.length = 0
    body = BODY
    way = () => undefined
    const clock = skippingClock()
    store = await createS3Store(localConfig({ endpoint: server.url, ...KEYS }), 'bucket', { clock })
  })

  function asS3(range: string | undefined, { headers }: IncomingMessage): Answered {
    if (headers['if-none-match'] === ETAG) return { status: 304 }
    const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? []
    if (range === undefined) return { status: 200, body }
    if (body.length === 0) return refusal(416, 'InvalidRange')
    if (first === '') return partial(Math.max(0, body.length - Number(last)), body.length, {}, body)
    return partial(Number(first), Math.min(Number(last) + 1, body.length), {}, body)
  }

  function send(
    answer: ServerResponse,
    { body: sent, cut, headers, status }: Answered,
    message: IncomingMessage,
  ): void {
    answer.writeHead(status, {
      date: new Date().toUTCString(),
      etag: ETAG,
      ...(sent === undefined ? {} : { 'content-length': sent.length }),
      ...headers,
    })
    if (message.method === 'HEAD') answer.end()
    else if (cut === undefined) answer.end(sent)
    else answer.write(sent?.subarray(0, cut), () => answer.destroy())
  }

  /** Reads the last hundred bytes, and checks that they are there. */
  const readTail = async (): Promise<void> => {
    const tail = await store.getTail(KEY, 100)
    assert.ok(tail !== undefined && 'body' in tail)
    assert.ok(tail.body.length >= Math.min(100, body.length))
    assert.deepEqual(Buffer.from(tail.body), body.subarray(tail.size - tail.body.length))
    assert.deepEqual([tail.size, tail.etag], [body.length, ETAG])
  }

  describe('at its end', () => {
    it('is requested by its length, in one request', async () => {
      await readTail()
      const same = await store.getTail(KEY, 100, ETAG)
      assert.deepEqual(Object.keys(same ?? {}).sort(), ['date', 'unchanged'])
      assert.deepEqual(asked, ['GET bytes=-100', 'GET bytes=-100'])
    })

    it('is taken from the whole object when the store ignores the range', async () => {
      way = (range) => (range === undefined ? undefined : { status: 200, body })
      await readTail()
      await readTail()
      assert.deepEqual(asked, ['GET bytes=-100', 'GET bytes=-100'])
    })

    for (const [name, status, code] of [
      ['rclone, gofakes3', 416, 'InvalidRange'],
      ['s3s-fs', 500, 'InternalError'],
    ] as const) {
      it(`is the whole of a shorter object when the store refuses the range (${name}), and ranges are used again`, async () => {
        const short = BODY.subarray(0, 50)
        way = (range) => (range !== undefined && body === short ? refusal(status, code) : undefined)
        body = short
        await readTail()
        body = BODY
        await readTail()
        assert.deepEqual(asked, ['GET bytes=-100', WHOLE, 'GET bytes=-100'])
      })
    }

    for (const [status, code] of [
      [416, 'InvalidRange'],
      [500, 'InternalError'],
      [501, 'NotImplemented'],
      [400, 'InvalidArgument'],
    ] as const) {
      it(`is read from the whole object from then on when ${String(status)} refuses a range of a longer object`, async () => {
        way = (range) => (range === undefined ? undefined : refusal(status, code))
        await readTail()
        await readTail()
        const same = await store.getTail(KEY, 100, ETAG)
        assert.ok(same !== undefined && 'unchanged' in same)
        assert.deepEqual(asked, ['GET bytes=-100', WHOLE, WHOLE, WHOLE])
      })
    }

    for (const [what, odd] of [
      ['the first bytes instead of the last (s3rver)', partial(0, 101)],
      ['bytes from the middle', partial(800, 900)],
      ['fewer bytes than were requested', partial(950, 1000)],
      ['a range without the size', { ...partial(900, 1000), headers: { 'content-range': 'bytes 900-999/*' } }],
      ['no content range', { status: 206, body: BODY.subarray(900) }],
      ['fewer bytes than its range', { ...partial(900, 1000), body: BODY.subarray(950) }],
      ['a content range with the status 200', { ...partial(900, 1000), status: 200 }],
    ] as const) {
      it(`is read from the whole object from then on when the store sends ${what}`, async () => {
        way = (range) => (range === undefined ? undefined : odd)
        await readTail()
        await readTail()
        assert.deepEqual(asked, ['GET bytes=-100', WHOLE, WHOLE])
      })
    }

    it('is not read when a store sends an object that has the given ETag', async () => {
      way = (range) => (range === undefined ? undefined : partial(900, 1000))
      const same = await store.getTail(KEY, 100, ETAG)
      assert.ok(same !== undefined && 'unchanged' in same)
    })

    it('is requested again when the answer is cut off or does not match its checksum', async () => {
      const checksum = Buffer.from(sha256(BODY), 'hex').toString('base64')
      const answers: Answered[] = [
        { ...partial(900, 1000), cut: 50 },
        { status: 200, body: Buffer.alloc(1000, 'x'), headers: { 'x-amz-checksum-sha256': checksum } },
        partial(900, 1000, { 'x-amz-checksum-sha256': checksum }),
      ]
      way = () => answers.shift()
      await readTail()
      assert.deepEqual(asked, ['GET bytes=-100', 'GET bytes=-100', 'GET bytes=-100'])
    })

    it('is requested again when a gateway answers with 502 or 504', async () => {
      const answers = [refusal(502, 'BadGateway'), refusal(504, 'GatewayTimeout')]
      way = () => answers.shift()
      await readTail()
      assert.deepEqual(asked, ['GET bytes=-100', 'GET bytes=-100', 'GET bytes=-100'])
    })

    it('is returned without a checksum, because that may be the checksum of the whole object', async () => {
      way = () => partial(900, 1000, { 'x-amz-checksum-sha256': Buffer.from(sha256(BODY), 'hex').toString('base64') })
      const tail = await store.getTail(KEY, 100)
      assert.ok(tail !== undefined && 'body' in tail)
      assert.equal(tail.sha256, undefined)
    })

    it('fails without the permission, beyond the size limit and without a bucket', async () => {
      way = () => refusal(403, 'AccessDenied')
      await assert.rejects(store.getTail(KEY, 100), { code: 'denied' })
      way = () => refusal(404, 'NoSuchBucket')
      await assert.rejects(store.getTail(KEY, 100), { code: 'missing-bucket' })
      assert.deepEqual(asked, ['GET bytes=-100', 'GET bytes=-100'])
      way = () => ({ status: 200, headers: { 'content-length': 2 ** 45 }, body: Buffer.from('x'), cut: 1 })
      await assert.rejects(store.getTail(KEY, 100), { code: 'too-large' })
      way = () => refusal(404, 'NoSuchKey')
      assert.equal(await store.getTail(KEY, 100), undefined)
    })
  })

  describe('in the middle', () => {
    const RANGE = { start: 10, end: 20 }
    const read = (): ReturnType<ObjectStore['getRange']> => store.getRange(KEY, RANGE, ETAG)

    it('is requested on condition of the ETag', async () => {
      const conditions: unknown[] = []
      way = (_, { headers }) => void conditions.push(headers['if-match'])
      const bytes = await read()
      assert.ok(typeof bytes !== 'string')
      assert.deepEqual(Buffer.from(bytes), BODY.subarray(10, 20))
      assert.deepEqual([asked, conditions], [['GET bytes=10-19'], [ETAG]])
    })

    for (const [what, odd] of [
      ['ignores the condition (s3rver, gofakes3)', partial(10, 20, { etag: '"e2"' })],
      ['sends an empty ETag', partial(10, 20, { etag: '' })],
      ['sends another range', partial(10, 21)],
      ['sends fewer bytes than its content range', { ...partial(10, 20), body: BODY.subarray(10, 19) }],
      ['sends no content range', { status: 206, body: BODY.subarray(10, 20) }],
      ['sends the whole object', { status: 200, body: BODY }],
      ['answers with 416', refusal(416, 'InvalidRange')],
      ['answers with 501', refusal(501, 'NotImplemented')],
    ] as const) {
      it(`is not supported by a store that ${what}`, async () => {
        way = () => odd
        assert.equal(await read(), 'unsupported')
        assert.equal(asked.length, 1)
      })
    }

    it('is reported as changed when the condition is refused and the object has another ETag or is missing', async () => {
      way = (_, { method }) => (method === 'HEAD' ? { status: 200, headers: { etag: '"e2"' } } : refusal(412, 'X'))
      assert.equal(await read(), 'changed')
      way = (_, { method }) => (method === 'HEAD' ? { status: 404 } : refusal(412, 'X'))
      assert.equal(await read(), 'changed')
      way = () => refusal(404, 'NoSuchKey')
      assert.equal(await read(), 'changed')
    })

    it('is not supported by a store that refuses the ETag that it shows', async () => {
      way = (_, { method }) => (method === 'HEAD' ? undefined : refusal(412, 'PreconditionFailed'))
      assert.equal(await read(), 'unsupported')
    })

    it('is requested again when the answer is cut off or the store fails', async () => {
      const answers = [{ ...partial(10, 20), cut: 5 }, refusal(500, 'InternalError')]
      way = () => answers.shift()
      const bytes = await read()
      assert.ok(typeof bytes !== 'string')
      assert.deepEqual(Buffer.from(bytes), BODY.subarray(10, 20))
      assert.equal(asked.length, 3)
    })

    it('fails without the permission and without a bucket', async () => {
      way = () => refusal(403, 'AccessDenied')
      await assert.rejects(read(), { code: 'denied' })
      way = () => refusal(404, 'NoSuchBucket')
      await assert.rejects(read(), { code: 'missing-bucket' })
    })
  })
})
