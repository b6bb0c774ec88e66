import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import {
  S3AnswerError,
  contentRangeOf,
  readListAnswer,
  readUploadsAnswer,
  readVersionsAnswer,
} from '../../../lib/store/s3/answer.ts'
import { S3Bucket } from '../../../lib/store/s3/bucket.ts'
import type { S3Clients } from '../../../lib/store/s3/connect.ts'
import { copyObject } from '../../../lib/store/s3/copy-object.ts'
import { deleteObject } from '../../../lib/store/s3/delete-object.ts'
import { ETagConditions } from '../../../lib/store/s3/etag-conditions.ts'
import { listObjectVersions, listObjects, listUploads } from '../../../lib/store/s3/list-objects.ts'
import { putObject } from '../../../lib/store/s3/put-object.ts'
import { getObject, getObjectUnless, headObject } from '../../../lib/store/s3/read-object.ts'
import { getObjectRange } from '../../../lib/store/s3/read-range.ts'
import { TailReader } from '../../../lib/store/s3/read-tail.ts'
import { BucketRegion } from '../../../lib/store/s3/region.ts'
import { S3Requests, type S3Route } from '../../../lib/store/s3/requests.ts'
import { SaidWithObjects } from '../../../lib/store/s3/said-with-objects.ts'
import { streamObject } from '../../../lib/store/s3/stream-object.ts'
import { asETag } from '../../../lib/store/object-store.ts'
import { xmlDocument } from '../../../embedded/xml-document.ts'
import { skippingClock } from '../../support/skipping-clock.ts'
import { type FuzzTarget, texts } from '../target.ts'

/** What a store answers, or whatever stands between here and it. */

/** Of a listing as a store sends it. */
const listing = (root: string, content: Parameters<typeof xmlDocument>[1]): Buffer =>
  Buffer.from(xmlDocument(root, content))
const CONTENTS = [1, 2].map((i) => ({
  Key: `charts/app-1.0.${String(i)}.tgz`,
  ETag: '"e"',
  Size: 7,
  LastModified: '2026-01-01T00:00:00.000Z',
}))

const DOCUMENTS: readonly Buffer[] = [
  listing('ListBucketResult', {
    Name: 'b',
    Prefix: '',
    KeyCount: 2,
    MaxKeys: 1000,
    IsTruncated: false,
    Contents: CONTENTS,
  }),
  listing('ListVersionsResult', { Name: 'b', IsTruncated: false, Version: [{ ...CONTENTS[0], VersionId: '1' }] }),
  listing('ListMultipartUploadsResult', {
    Bucket: 'b',
    Upload: [{ Key: 'charts/index.yaml', UploadId: 'u', Initiated: '2026-01-01T00:00:00.000Z' }],
  }),
  listing('Error', { Code: 'NoSuchKey', Message: 'The & "key" <is> missing', Region: 'eu-west-1' }),
]

/** The answer to every request of one operation, as text: `get 200`, headers, an empty line, the body. */
interface Answer {
  readonly operation: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

function readAnswer(bytes: Buffer): Answer {
  const at = bytes.indexOf('\n\n')
  const [head, body] = at < 0 ? [bytes, Buffer.alloc(0)] : [bytes.subarray(0, at), bytes.subarray(at + 2)]
  const [first = '', ...lines] = head.toString('latin1').split('\n')
  const [operation = '', status = ''] = first.split(' ')
  const fields = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return colon < 1 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const]
  })
  // Node.js gives no other status.
  const code = Math.min(999, Math.max(200, Math.trunc(Number(status)) || 200))
  return { operation, status: code, headers: Object.fromEntries(fields), body }
}

/** What asks to slow down makes the rate limiter of the SDK wait in real time. */
function asksToWait({ body, headers, status }: Answer): boolean {
  const words = /throttl|slow ?down|limitexceeded|priorrequest|toomanyrequests|transactionin/i
  return status === 429 || status === 503 || words.test(body.toString('latin1') + Object.values(headers).join(' '))
}

const CONNECTION = connectionSettings({ 'endpoint-url': 'http://127.0.0.1:9' }, undefined, {})
const ADDRESS = {
  protocol: 'http:',
  hostname: '127.0.0.1',
  port: 9,
  path: '/b',
  signing: { service: 's3', region: 'eu-west-1' },
} as const

/** A bucket whose every request gets this answer. */
function bucketAnswering({ body, headers, status }: Answer): S3Bucket {
  const response = (): unknown => ({ statusCode: status, headers, body: Readable.from([body]) })
  const region = new BucketRegion({ bucket: 'b', endpoint: 'e' }, 'eu-west-1', new Map(), () => undefined)
  const route: S3Route = {
    handler: { handle: async () => ({ response: response() }) } as unknown as S3Route['handler'],
    clock: skippingClock(),
    place: 'e',
    notice: () => undefined,
    region,
    followsRegion: true,
    headers: {},
    sendsChecksums: true,
    addressIn: async () => ADDRESS,
    keys: async () => undefined,
    detail: () => undefined,
  }
  const keys = { accessKeyId: 'a', secretAccessKey: 's' }
  const credentials: S3Clients['credentials'] = async () => ({ who: 'me', load: async () => keys, tried: [] })
  const clients = {
    requests: new S3Requests(route),
    endpoint: 'e',
    region,
    profile: undefined,
    place: 'p',
    credentials,
  }
  return new S3Bucket(clients, CONNECTION, 'b', undefined)
}

const KEY = asKey('charts/index.yaml')
const ETAG = asETag('"e"')
const BODY = Buffer.from('body')

type Operation = (bucket: S3Bucket, answer: Answer) => Promise<unknown>

const writing = (bucket: S3Bucket): Parameters<typeof putObject>[0] => ({
  bucket,
  conditions: new ETagConditions({ head: (key) => headObject(bucket, key), detail: () => undefined }),
  settings: new SaidWithObjects(),
})

/** What one answer is asked for. Each checks what it was given, as far as the answer must be right. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  head: async (bucket) => {
    const head = await headObject(bucket, KEY)
    if (head !== undefined) assert.ok(Number.isFinite(head.date) && Number.isFinite(head.lastModified))
  },
  get: async (bucket, { body }) => {
    const object = await getObject(bucket, KEY, {})
    if (object !== undefined) assert.ok(Buffer.from(object.body).equals(body))
  },
  first: (bucket) => getObject(bucket, KEY, { first: 10 }),
  unless: (bucket) => getObjectUnless(bucket, KEY, ETAG),
  tail: async (bucket) => {
    const tail = await new TailReader(bucket).read(KEY, 100, ETAG)
    if (tail !== undefined && 'body' in tail) assert.ok(tail.body.length <= tail.size)
  },
  range: async (bucket) => {
    const range = await getObjectRange(bucket, KEY, { start: 10, end: 20 }, ETAG)
    if (typeof range !== 'string') assert.equal(range.length, 10)
  },
  list: async (bucket) => {
    const { objects } = await listObjects(bucket, 'charts/', { token: 't' })
    for (const { key } of objects) assert.ok(key.startsWith('charts/'))
  },
  versions: (bucket) => listObjectVersions(bucket, KEY),
  uploads: (bucket) => listUploads(bucket, 'charts/'),
  stream: async (bucket, { body }) => {
    const pieces: Uint8Array[] = []
    for await (const piece of (await streamObject(bucket, KEY)) ?? []) pieces.push(piece)
    if (pieces.length > 0) assert.ok(Buffer.concat(pieces).equals(body))
  },
  put: (bucket) => putObject(writing(bucket), KEY, BODY, { when: { match: ETAG }, until: 2_000_000_000_000 }),
  create: (bucket) =>
    putObject(writing(bucket), KEY, BODY, { when: 'absent', metadata: { a: 'b' }, optionalMetadata: 'a' }),
  delete: (bucket) => deleteObject(writing(bucket), KEY, { match: ETAG, inTime: () => true, until: 2_000_000_000_000 }),
  copy: (bucket) => copyObject(writing(bucket), { bucket: 'b', key: KEY, etag: ETAG }, KEY, { when: { match: ETAG } }),
}

const DATE = 'date: Thu, 01 Jan 2026 00:00:00 GMT\n'
const OBJECT =
  `${DATE}etag: "e"\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT\nx-amz-meta-delta: 01KDVDHW00W4ZFSB9QX34DCGVZ\n` +
  `x-amz-meta-chart-metadata: {"name":"app"}\ncontent-type: application/yaml\n`
const ERROR = '<Error><Code>PreconditionFailed</Code><Message>no</Message><Region>eu-west-2</Region></Error>'

export const STORE_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  'store-documents': {
    corpus: () => DOCUMENTS,
    take: (bytes) => {
      const text = bytes.toString()
      for (const { key, lastModified, size } of readListAnswer(text, 'charts/')?.objects ?? []) {
        assert.ok(key.startsWith('charts/') && Number.isFinite(lastModified) && size >= 0)
      }
      for (const { key } of readUploadsAnswer(text, 'charts/') ?? []) assert.ok(key.startsWith('charts/'))
      readVersionsAnswer(text, asKey('charts/app-1.0.1.tgz'))
      assert.equal(typeof new S3AnswerError({ status: 400, headers: {} }, text).name, 'string')
    },
  },
  'store-answers': {
    corpus: () => [
      ...texts(
        ...['head', 'get', 'stream', 'first', 'unless', 'put', 'create'].map(
          (operation) => `${operation} 200\n${OBJECT}content-length: 4\n\nbody`,
        ),
        `tail 206\n${OBJECT}content-range: bytes 0-3/4\ncontent-length: 4\n\nbody`,
        `range 206\n${OBJECT}content-range: bytes 10-19/40\ncontent-length: 10\n\n0123456789`,
        `get 200\n${OBJECT}x-amz-checksum-sha256: Iw2DWNyOhJC0xY3VsvAQ8qHvnjGzU0Y1a4nc/l2mFxI=\ncontent-length: 4\n\nbody`,
        `unless 304\n${DATE}etag: "e"\n\n`,
        `delete 204\n${DATE}\n`,
        `delete 501\n${DATE}\n${ERROR}`,
        `put 412\n${DATE}x-amz-bucket-region: eu-west-2\n\n${ERROR}`,
        `head 301\n${DATE}x-amz-bucket-region: eu-west-2\n\n`,
        `copy 200\n${DATE}\n<R><UploadId>u</UploadId><ETag>"e"</ETag></R>`,
        `list 403\n${DATE}\n<Error><Code>RequestTimeTooSkewed</Code></Error>`,
      ),
      ...['list', 'versions', 'uploads'].flatMap((operation) =>
        DOCUMENTS.map((document) => Buffer.concat([Buffer.from(`${operation} 200\n${DATE}\n`), document])),
      ),
    ],
    take: async (bytes) => {
      const answer = readAnswer(bytes)
      const range = contentRangeOf(answer.headers)
      if (range !== undefined) assert.ok(range.start >= 0 && range.end > 0)
      if (asksToWait(answer)) return
      const operation = OPERATIONS[answer.operation] ?? OPERATIONS['get']
      try {
        await operation?.(bucketAnswering(answer), answer)
      } catch (error) {
        if (!(error instanceof HelmS3Error)) throw error
      }
    },
  },
}
