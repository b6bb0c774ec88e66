import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { IncomingHttpHeaders } from 'node:http'
import { asKey } from '../../../lib/core/keys.ts'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import { type MultipartUploads, type ObjectStore, asETag } from '../../../lib/store/object-store.ts'
import { type S3StoreOptions, createS3Store } from '../../../lib/store/s3/store.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { type LocalServer, answerWith, bodyOf, startServer } from '../../support/local-server.ts'
import { localConfig } from '../../support/s3-buckets.ts'
import { skippingClock } from '../../support/skipping-clock.ts'

const KEYS = { accessKeyId: 'uploads', secretAccessKey: 'secret' }
const KEY = asKey('charts/index.yaml')
const UPLOAD = { key: KEY, id: 'id/1' }
const ETAG = asETag('"e1"')
const SOURCE = { bucket: 'bucket', key: asKey('charts/a b+é'), etag: ETAG, range: { start: 10, end: 20 } }
const PARTS = [
  { number: 1, etag: '"p1"' },
  { number: 2, etag: 'p<2>&' },
]
const COMPLETE = `POST ${KEY}?uploadId=id%2F1`

/** Status, body and headers; `cut`: the connection ends without an answer. */
type Answered = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>] | 'cut'
type Way = (request: { readonly line: string; readonly headers: IncomingHttpHeaders }) => Answered | undefined

const fault = (code: string): string => `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>m</Message></Error>`

describe('a multipart upload', () => {
  let server: LocalServer
  let way: Way
  let store: ObjectStore
  let uploads: MultipartUploads
  const asked: { readonly line: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = []

  before(async () => {
    server = await startServer(async (message, answer) => {
      const line = `${String(message.method)} ${String(message.url).replace('/bucket/', '')}`
      const { headers } = message
      asked.push({ line, headers, body: await bodyOf(message) })
      const answered = way({ line, headers }) ?? asS3(line)
      if (answered === 'cut') message.socket.destroy()
      else answerWith(answer, answered[0], answered[1], answered[2])
    })
  })
  after(() => server.close())
  beforeEach(async () => {
    asked.length = 0
    way = () => undefined
    await open()
  })

  async function open(options: S3StoreOptions = {}, settings = localConfig({ endpoint: server.url, ...KEYS })) {
    store = await createS3Store(settings, 'bucket', { clock: skippingClock(), ...options })
    assert.ok(store.uploads !== undefined)
    uploads = store.uploads
  }

  function asS3(line: string): Answered {
    if (line.endsWith('?uploads=')) return [200, '<R><UploadId>id/1</UploadId></R>']
    if (line === COMPLETE) return [200, '<R><ETag>&quot;whole-2&quot;</ETag></R>']
    if (line.startsWith('DELETE')) return [204, '']
    return [200, line.startsWith('PUT') ? '<R><ETag>&quot;copy&quot;</ETag></R>' : '', { etag: ETAG }]
  }

  const lines = (): string[] => asked.map(({ line }) => line)
  const begin = () => uploads.begin(KEY, {})
  const copy = () => uploads.copyPart(UPLOAD, 1, SOURCE)
  const send = () => uploads.sendPart(UPLOAD, 2, Buffer.from('bytes'))
  const complete = () => uploads.complete(UPLOAD, PARTS, { when: { match: ETAG } })

  it('begins with the content type, the metadata and the settings of the object', async () => {
    const settings = { acl: 'private', sse: 'AES256', sseKmsKeyId: undefined, tags: undefined }
    await open({ objectSettings: async () => settings })
    const options = { contentType: 'application/yaml', cacheControl: 'no-cache', metadata: { newest: 'x' } }
    assert.deepEqual(await uploads.begin(KEY, options), UPLOAD)
    const [{ headers = {}, line } = {}] = asked
    assert.equal(line, `POST ${KEY}?uploads=`)
    assert.deepEqual(
      [
        'content-type',
        'cache-control',
        'x-amz-meta-newest',
        'x-amz-acl',
        'x-amz-server-side-encryption',
        'if-match',
      ].map((name) => headers[name]),
      ['application/yaml', 'no-cache', 'x', 'private', 'AES256', undefined],
    )
  })

  it('copies a part from a range of an object on condition of its ETag', async () => {
    assert.deepEqual(await copy(), { number: 1, etag: '"copy"' })
    const [{ headers = {}, line } = {}] = asked
    assert.equal(line, `PUT ${KEY}?partNumber=1&uploadId=id%2F1`)
    assert.equal(headers['x-amz-copy-source'], 'bucket/charts/a%20b%2B%C3%A9')
    assert.equal(headers['x-amz-copy-source-if-match'], ETAG)
    assert.equal(headers['x-amz-copy-source-range'], 'bytes=10-19')
  })

  it('sends a part with its hash in the signature and without a checksum header', async () => {
    assert.deepEqual(await send(), { number: 2, etag: ETAG })
    const [{ body, headers = {}, line } = {}] = asked
    assert.deepEqual([line, body], [`PUT ${KEY}?partNumber=2&uploadId=id%2F1`, 'bytes'])
    assert.equal(headers['x-amz-content-sha256'], sha256(Buffer.from('bytes')))
    assert.equal(headers['x-amz-checksum-sha256'], undefined)
  })

  for (const [when, name, value] of [
    [{ match: ETAG }, 'if-match', ETAG],
    ['absent', 'if-none-match', '*'],
  ] as const) {
    it(`is completed with its parts and the condition ${name}`, async () => {
      const outcome = await uploads.complete(UPLOAD, PARTS, { when })
      assert.ok(outcome.outcome === 'written' && outcome.date > 0)
      assert.equal(outcome.etag, '"whole-2"')
      const [{ body = '', headers = {}, line } = {}] = asked
      assert.equal(line, COMPLETE)
      assert.equal(headers[name], value)
      assert.equal(
        body.replace(/<CompleteMultipartUpload [^>]*>/, ''),
        '<Part><PartNumber>1</PartNumber><ETag>&quot;p1&quot;</ETag></Part>' +
          '<Part><PartNumber>2</PartNumber><ETag>p&lt;2>&amp;</ETag></Part></CompleteMultipartUpload>',
      )
    })
  }

  for (const [what, answered] of [
    ['403', [403, fault('AccessDenied')]],
    ['501', [501, fault('NotImplemented')]],
    ['411', [411, fault('MissingContentLength')]],
    ['500', [500, fault('InternalError')]],
    ['502', [502, fault('BadGateway')]],
    ['404 NoSuchUpload', [404, fault('NoSuchUpload')]],
    ['an error with the status 200', [200, fault('InternalError')]],
    ['an empty body', [200, '']],
    ['no answer', 'cut'],
  ] as const satisfies readonly (readonly [string, Answered])[]) {
    it(`is not supported, without a retry, when beginning it or copying a part is answered with ${what}`, async () => {
      way = () => answered
      assert.equal(await begin(), 'unsupported')
      assert.equal(await copy(), 'unsupported')
      if (what !== 'an error with the status 200') assert.equal(await send(), 'unsupported')
      assert.equal(asked.filter(({ line }) => !line.startsWith('HEAD')).length, asked.length)
      assert.equal(new Set(lines()).size, asked.length, 'each was sent once')
    })
  }

  for (const [what, answered] of [
    ['412', [412, fault('PreconditionFailed')]],
    ['404 NoSuchKey', [404, fault('NoSuchKey')]],
    ['PreconditionFailed with the status 200', [200, fault('PreconditionFailed')]],
  ] as const satisfies readonly (readonly [string, Answered])[]) {
    it(`does not copy a part when the source has another ETag: ${what}`, async () => {
      way = ({ line }) => (line.startsWith('HEAD') ? [200, '', { etag: '"e2"' }] : answered)
      assert.equal(await copy(), 'refused')
    })
  }

  it('is not supported when the store refuses the ETag that it shows for the source of a part', async () => {
    way = ({ line }) => (line.startsWith('PUT') ? [412, fault('PreconditionFailed')] : undefined)
    assert.equal(await copy(), 'unsupported')
    assert.deepEqual(lines(), [`PUT ${KEY}?partNumber=1&uploadId=id%2F1`, 'HEAD charts/a%20b%2B%C3%A9'])
    assert.equal(await uploads.copyPart(UPLOAD, 1, { ...SOURCE, bucket: 'other' }), 'refused')
  })

  for (const [what, answered, outcome] of [
    ['412', [412, fault('PreconditionFailed')], { outcome: 'refused' }],
    ['404 NoSuchKey', [404, fault('NoSuchKey')], { outcome: 'refused' }],
    ['409', [409, fault('ConditionalRequestConflict')], { outcome: 'refused', isBusy: true }],
    ['PreconditionFailed with the status 200', [200, fault('PreconditionFailed')], { outcome: 'refused' }],
    [
      'ConditionalRequestConflict with the status 200',
      [200, fault('ConditionalRequestConflict')],
      { outcome: 'refused', isBusy: true },
    ],
    ['InternalError with the status 200', [200, fault('InternalError')], { outcome: 'unknown', isFailure: false }],
    ['a body that names no object', [200, '<R/>'], { outcome: 'unknown', isFailure: false }],
    ['500', [500, fault('InternalError')], { outcome: 'unknown', isFailure: true }],
    ['503', [503, fault('SlowDown')], { outcome: 'unknown', isFailure: false }],
    ['no answer', 'cut', { outcome: 'unknown', isFailure: false }],
    ['404 NoSuchUpload', [404, fault('NoSuchUpload')], { outcome: 'unknown' }],
    ['400 EntityTooSmall', [400, fault('EntityTooSmall')], { outcome: 'unsupported' }],
    ['400 InvalidPart', [400, fault('InvalidPart')], { outcome: 'unsupported' }],
    ['403', [403, fault('AccessDenied')], { outcome: 'unsupported' }],
    ['501', [501, fault('NotImplemented')], { outcome: 'unsupported' }],
  ] as const satisfies readonly (readonly [string, Answered, object])[]) {
    it(`is ${outcome.outcome}, without a retry, when its completion is answered with ${what}`, async () => {
      way = ({ line }) => (line.startsWith('HEAD') ? [200, '', { etag: '"e2"' }] : answered)
      const { cause, ...rest } = { cause: undefined, ...(await complete()) }
      assert.deepEqual(rest, outcome)
      assert.equal(cause !== undefined, outcome.outcome === 'unknown')
      assert.equal(lines().filter((line) => line === COMPLETE).length, 1)
    })
  }

  describe('in a store that accepts ETags only without quotes (Ceph)', () => {
    const isQuoted = (headers: IncomingHttpHeaders): boolean => headers['if-match'] === ETAG

    it('is completed without quotes, and so is the next upload at once', async () => {
      way = ({ headers }) => (isQuoted(headers) ? [412, fault('PreconditionFailed')] : undefined)
      assert.equal((await complete()).outcome, 'written')
      assert.equal((await complete()).outcome, 'written')
      assert.deepEqual(lines(), [COMPLETE, `HEAD ${KEY}`, COMPLETE, COMPLETE])
    })

    it('does not prove that a PUT accepts quotes when the completion ignores its condition', async () => {
      way = ({ headers, line }) =>
        line === `PUT ${KEY}` && isQuoted(headers) ? [412, fault('PreconditionFailed')] : undefined
      assert.equal((await complete()).outcome, 'written')
      const put = await store.put(KEY, Buffer.from('x'), { when: { match: ETAG } })
      assert.equal(put.outcome, 'written')
    })

    it('is not supported when the ETag is refused with and without quotes', async () => {
      way = ({ line }) => (line === COMPLETE ? [412, fault('PreconditionFailed')] : undefined)
      assert.deepEqual(await complete(), { outcome: 'unsupported' })
    })
  })

  it('fails when the store cannot be reached', async () => {
    const gone = await startServer(() => undefined)
    await gone.close()
    await open({}, localConfig({ endpoint: gone.url, ...KEYS }))
    for (const request of [begin, copy, send, complete]) await assert.rejects(request(), { code: 'unreachable' })
    await uploads.abort(UPLOAD)
  })

  it('is retried, while the store cannot be reached, as long as the caller allows', async () => {
    const gone = await startServer(() => undefined)
    await gone.close()
    await open({}, localConfig({ endpoint: gone.url, ...KEYS }))
    let left = 3
    const inTime = (): boolean => left-- > 0
    await assert.rejects(uploads.complete(UPLOAD, PARTS, { when: 'absent', inTime }), { code: 'unreachable' })
    assert.ok(left < 0)
  })

  it('fails when the command ends', async () => {
    const ending = new AbortController()
    await open({ signal: ending.signal })
    way = () => {
      ending.abort()
      return 'cut'
    }
    for (const request of [begin, copy, send, complete]) await assert.rejects(request(), { code: 'timeout' })
    assert.equal(asked.length, 1)
  })

  it('sends no request without credentials', async () => {
    await open(
      {},
      connectionSettings({}, undefined, { AWS_ENDPOINT_URL: server.url, AWS_EC2_METADATA_DISABLED: 'true' }),
    )
    for (const request of [begin, copy, send, complete]) await assert.rejects(request(), { code: 'denied' })
    assert.deepEqual(asked, [])
  })

  it('is aborted with one request, without an error when that fails', async () => {
    await uploads.abort(UPLOAD)
    way = () => [403, fault('AccessDenied')]
    await uploads.abort(UPLOAD)
    assert.deepEqual(lines(), Array(2).fill(`DELETE ${KEY}?uploadId=id%2F1`))
  })

  describe('that is open', () => {
    const one = (key: string, id: string): string =>
      `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>2026-11-27T01:02:03.000Z</Initiated></Upload>`

    it('is listed with its start time', async () => {
      const open = one(KEY, 'a&amp;b') + one(`${KEY}.old`, '2') + one('charts/other', '3')
      way = () => [200, `<ListMultipartUploadsResult>${open}</ListMultipartUploadsResult>`]
      const startedAt = Date.parse('2026-11-27T01:02:03Z')
      assert.deepEqual(await uploads.list(KEY), [
        { key: KEY, id: 'a&b', startedAt },
        { key: `${KEY}.old`, id: '2', startedAt },
      ])
      assert.deepEqual(lines(), ['GET /bucket?prefix=charts%2Findex.yaml&uploads='])
    })

    for (const [what, answered] of [
      ['501', [501, fault('NotImplemented')]],
      ['405', [405, fault('MethodNotAllowed')]],
      ['another document', [200, '<ListBucketResult></ListBucketResult>']],
    ] as const satisfies readonly (readonly [string, Answered])[]) {
      it(`is not listed when the store answers with ${what}`, async () => {
        way = () => answered
        assert.deepEqual(await uploads.list(KEY), [])
      })
    }

    it('is not listed without the permission, which the error names', async () => {
      way = () => [403, fault('AccessDenied')]
      await assert.rejects(uploads.list(KEY), {
        code: 'denied',
        message: /^list the uploads to s3:\/\/bucket\/charts\/index.yaml/,
        hint: /s3:ListBucketMultipartUploads/,
      })
    })
  })
})
