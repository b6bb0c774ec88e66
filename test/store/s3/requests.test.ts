import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable, pipeline } from 'node:stream'
import { asKey } from '../../../lib/core/keys.ts'
import {
  type DeleteOptions,
  type DeleteOutcome,
  type ObjectStore,
  type PutOutcome,
  type StoredObject,
  type VersionName,
  asETag,
} from '../../../lib/store/object-store.ts'
import { connectionSettings } from '../../../lib/settings/connection.ts'
import { createS3Store } from '../../../lib/store/s3/store.ts'
import { type Handler, type LocalServer, startServer } from '../../support/local-server.ts'
import { localConfig } from '../../support/s3-buckets.ts'

const KEYS = { accessKeyId: 'requests', secretAccessKey: 'secret' }
const KEY = asKey('charts/object')
const HOUR = 3_600_000

describe('a request to the store', () => {
  let server: LocalServer
  let handle: Handler
  let store: ObjectStore
  const asked: { readonly line: string; readonly time: number; readonly agent: string | undefined }[] = []
  before(async () => {
    server = await startServer((message, answer) => {
      const [, year, month, day, hour, minute, second] =
        /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(String(message.headers['x-amz-date'])) ?? []
      const time = Date.parse(
        `${String(year)}-${String(month)}-${String(day)}T${String(hour)}:${String(minute)}:${String(second)}Z`,
      )
      asked.push({
        line: `${String(message.method)} ${String(message.url)}`,
        time,
        agent: message.headers['user-agent'],
      })
      message.resume()
      return handle(message, answer)
    })
  })
  after(() => server.close())
  beforeEach(async () => {
    asked.length = 0
    store = await createS3Store(localConfig({ endpoint: server.url, ...KEYS }), 'bucket')
  })

  /** A store whose clock is ahead, and that accepts only signatures of its own time. */
  const aheadBy =
    (offset: number): Handler =>
    (message, answer) => {
      const now = Date.now() + offset
      const isRefused = Math.abs((asked.at(-1)?.time ?? 0) - now) > HOUR / 4
      const body =
        isRefused && message.method !== 'HEAD'
          ? '<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>'
          : ''
      answer.writeHead(isRefused ? 403 : 200, {
        date: new Date(now).toUTCString(),
        etag: '"e"',
        'content-length': body.length,
      })
      answer.end(body)
    }

  for (const hours of [2, -2]) {
    it(`is signed for the time of the store after an answer shows that the store is ${String(hours)} hours ahead`, async () => {
      handle = aheadBy(hours * HOUR)
      assert.equal((await store.head(KEY))?.etag, '"e"')
      assert.equal((await store.put(KEY, Buffer.from('bytes'), { when: 'absent' })).outcome, 'written')
      assert.deepEqual(
        asked.map(({ line }) => line),
        ['HEAD /bucket/charts/object', 'HEAD /bucket/charts/object', 'PUT /bucket/charts/object'],
      )
    })
  }

  it('is sent only twice when the signature is still refused with the time of the store', async () => {
    handle = (_, answer) => {
      const body = '<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>'
      answer.writeHead(403, {
        date: new Date(Date.now() + asked.length * HOUR).toUTCString(),
        'content-length': body.length,
      })
      answer.end(body)
    }
    await assert.rejects(store.list('charts/'), { code: 'denied' })
    assert.equal(asked.length, 2)
  })

  it('names this program as its user agent', async () => {
    handle = aheadBy(0)
    await store.head(KEY)
    assert.match(String(asked[0]?.agent), /^helm-s3\/\S+$/)
  })

  for (const [what, status, body, outcome] of [
    [
      'success',
      200,
      '<CompleteMultipartUploadResult><ETag>&quot;copied&quot;</ETag></CompleteMultipartUploadResult>',
      'written',
    ],
    ['a refused condition', 412, '<Error><Code>PreconditionFailed</Code></Error>', 'refused'],
    ['a failure in an answer with the status 200', 200, '<Error><Code>InternalError</Code></Error>', 'unknown'],
  ] as const) {
    it(`for a copy within the store has the outcome of the last of its three requests: ${what}`, async () => {
      handle = (message, answer) => {
        const url = String(message.url)
        const text =
          message.method === 'PUT'
            ? '<CopyPartResult><ETag>"part"</ETag></CopyPartResult>'
            : url.endsWith('?uploads=')
              ? '<R><UploadId>1</UploadId></R>'
              : body
        const isLast = message.method === 'POST' && !url.endsWith('?uploads=')
        answer.writeHead(isLast ? status : 200, { date: new Date().toUTCString(), 'content-length': text.length })
        answer.end(text)
      }
      const copied = await store.copyFrom?.({ bucket: 'other', key: asKey('a b'), etag: asETag('"e"') }, KEY, {
        when: 'absent',
      })
      assert.equal(copied?.outcome, outcome)
      const path = '/bucket/charts/object'
      const requests = [`POST ${path}?uploads=`, `PUT ${path}?partNumber=1&uploadId=1`, `POST ${path}?uploadId=1`]
      assert.deepEqual(
        asked.map(({ line }) => line),
        outcome === 'refused' ? [...requests, `DELETE ${path}?uploadId=1`] : requests,
      )
    })
  }

  it('fails when a listing is truncated without a continuation token', async () => {
    handle = (_, answer) => {
      const body = '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>'
      answer.writeHead(200, { date: new Date().toUTCString(), 'content-length': body.length })
      answer.end(body)
    }
    await assert.rejects(store.list(''), { code: 'store-failed' })
  })

  it('fails when an object or a document is larger than the limit', async () => {
    const endless = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: Buffer.alloc(1024 * 1024, 'x') }) }),
    }
    handle = (message, answer) => {
      const isList = String(message.url).includes('list-type')
      answer.writeHead(200, {
        date: new Date().toUTCString(),
        etag: '"e"',
        ...(isList ? {} : { 'content-length': 2 ** 45 }),
      })
      pipeline(Readable.from(endless), answer, () => undefined)
    }
    await assert.rejects(store.get(KEY), { code: 'too-large' })
    await assert.rejects(store.get(KEY, { most: 7 }), { code: 'too-large', message: /at most 7 B/ })
    await assert.rejects(store.list('charts/'), { code: 'too-large', message: /at most 16 MiB/ })
    assert.equal(asked.length, 3)
  })

  describe('that writes', () => {
    const checksums: (string | undefined)[] = []
    const BYTES = Buffer.from('bytes')
    const SHA256 = createHash('sha256').update(BYTES).digest('base64')
    /** A store that refuses checksums in this way. */
    const refusing =
      (status: number, code: string, message = ''): Handler =>
      (incoming, answer) => {
        const checksum = incoming.headers['x-amz-checksum-sha256'] as string | undefined
        checksums.push(checksum)
        const body = checksum === undefined ? '' : `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
        answer.writeHead(checksum === undefined ? 200 : status, {
          date: new Date().toUTCString(),
          etag: '"e"',
          'content-length': body.length,
        })
        answer.end(body)
      }
    const put = (): Promise<PutOutcome> => store.put(KEY, BYTES, { when: 'absent' })
    beforeEach(() => void (checksums.length = 0))

    it('sends the checksum of every object', async () => {
      handle = (incoming, answer) => {
        checksums.push(incoming.headers['x-amz-checksum-sha256'] as string | undefined)
        return aheadBy(0)(incoming, answer)
      }
      await put()
      await store.delete(KEY)
      assert.deepEqual(checksums, [SHA256, undefined])
    })

    for (const [status, code, message] of [
      [400, 'InvalidArgument', ''],
      [400, 'XOther', 'Unknown checksum header'],
      [400, 'BadRequest', 'The header x-amz-checksum-sha256 is not supported'],
      [501, 'NotImplemented', ''],
    ] as const) {
      it(
        `is repeated without a checksum when the store refuses that with ${String(status)} ${code}, and so are all ` +
          `others then`,
        async () => {
          handle = refusing(status, code, message)
          for (let i = 0; i < 2; i++) assert.equal((await put()).outcome, 'written')
          assert.deepEqual(checksums, [SHA256, undefined, undefined])
        },
      )
    }

    // S3Mock 5.2.0 says BadRequest.
    const wrong = 'Value for x-amz-checksum-sha256 header is invalid.'
    for (const [status, code, message] of [
      [400, 'BadDigest'],
      [400, 'BadRequest', wrong],
      [400, 'InvalidRequest', wrong],
      [403, 'AccessDenied'],
      [400, 'MetadataTooLarge'],
    ] as const) {
      it(`is not repeated without a checksum after another refusal: ${code}`, async () => {
        handle = refusing(status, code, message)
        await assert.rejects(put())
        assert.deepEqual(checksums, [SHA256])
      })
    }

    it('fails with a hint about proxies and the checksum setting when the store says that the checksum is wrong', async () => {
      for (const [code, message] of [
        ['BadDigest', ''],
        ['BadRequest', wrong],
      ] as const) {
        handle = refusing(400, code, message)
        await assert.rejects(put(), {
          code: 'store-failed',
          hint: /^the bytes were changed on the way: .* AWS_REQUEST_CHECKSUM_CALCULATION=when_required /,
        })
      }
    })

    it('fails with a hint about the checksum setting when the store refuses the object with and without a checksum', async () => {
      for (const [status, code] of [
        [501, 'NotImplemented'],
        [400, 'InvalidArgument'],
      ] as const) {
        handle = (incoming, answer) => {
          checksums.push(incoming.headers['x-amz-checksum-sha256'] as string | undefined)
          const body = `<Error><Code>${code}</Code></Error>`
          answer.writeHead(status, { date: new Date().toUTCString(), 'content-length': body.length })
          answer.end(body)
        }
        await assert.rejects(put(), {
          hint: /; it was refused with a checksum and without one: AWS_REQUEST_CHECKSUM_CALCULATION=when_required /,
        })
      }
      assert.deepEqual(checksums, [SHA256, undefined, SHA256, undefined])
      handle = refusing(400, 'MetadataTooLarge')
      await assert.rejects(put(), ({ hint }: { hint: string }) => !hint.includes('CHECKSUM'))
    })

    it('is repeated without optional metadata when the store says that the metadata are too large', async () => {
      const sent: string[][] = []
      const optionalMetadata = 'chart-metadata'
      handle = (incoming, answer) => {
        const names = Object.keys(incoming.headers).filter((name) => name.startsWith('x-amz-meta-'))
        sent.push(names)
        const body = names.length > 1 ? '<Error><Code>MetadataTooLarge</Code></Error>' : ''
        answer.writeHead(body === '' ? 200 : 400, {
          date: new Date().toUTCString(),
          etag: '"e"',
          'content-length': body.length,
        })
        answer.end(body)
      }
      const metadata = { 'chart-metadata': '{}', delta: 'x' }
      assert.equal((await store.put(KEY, BYTES, { when: 'absent', metadata, optionalMetadata })).outcome, 'written')
      assert.deepEqual(sent, [['x-amz-meta-chart-metadata', 'x-amz-meta-delta'], ['x-amz-meta-delta']])
      await assert.rejects(store.put(KEY, BYTES, { when: 'absent', metadata }), {
        code: 'unsupported-store',
        hint: /less metadata/,
      })
    })

    it('sends no checksum when the environment says when_required', async () => {
      const env = {
        AWS_ENDPOINT_URL: server.url,
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
        AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_REQUIRED',
      }
      store = await createS3Store(connectionSettings({}, undefined, env), 'bucket')
      handle = refusing(400, 'InvalidArgument')
      await store.put(KEY, BYTES, { when: 'absent', until: Date.now() + 60_000 })
      await put()
      assert.deepEqual(checksums, [undefined, undefined])
    })
  })

  describe('with a condition', () => {
    const lines = (): readonly string[] => asked.map(({ line }) => line.replace('/bucket/charts/object', ''))
    const reply = (answer: Parameters<Handler>[1], status: number, body = ''): void => {
      answer.writeHead(status, { date: new Date().toUTCString(), etag: '"e"', 'content-length': body.length })
      answer.end(body)
    }
    const put = (match = '"e"'): Promise<PutOutcome> =>
      store.put(KEY, Buffer.from('x'), { when: { match: asETag(match) } })

    it('is repeated with the ETag without quotes when the store refuses its own ETag in quotes, and all later requests have no quotes', async () => {
      const conditions: unknown[] = []
      handle = (incoming, answer) => {
        if (incoming.method === 'PUT') conditions.push(incoming.headers['if-match'])
        reply(answer, incoming.method === 'PUT' && incoming.headers['if-match'] !== 'e' ? 412 : 200)
      }
      for (let i = 0; i < 2; i++) assert.equal((await put()).outcome, 'written')
      assert.deepEqual(lines(), ['PUT ', 'HEAD ', 'PUT ', 'PUT '])
      assert.deepEqual(conditions, ['"e"', 'e', 'e'])
    })

    it('is refused when the store shows another ETag', async () => {
      handle = (incoming, answer) => reply(answer, incoming.method === 'PUT' ? 412 : 200)
      assert.equal((await put('"other"')).outcome, 'refused')
      assert.deepEqual(lines(), ['PUT ', 'HEAD '])
    })

    it('fails with a message when the store refuses its own ETag with and without quotes', async () => {
      handle = (incoming, answer) => reply(answer, incoming.method === 'PUT' ? 412 : 200)
      await assert.rejects(put(), {
        code: 'unsupported-store',
        message: /refuses If-Match with "e", the very ETag that it shows/,
      })
      assert.deepEqual(lines(), ['PUT ', 'HEAD ', 'PUT ', 'HEAD '])
    })

    it('is refused without a HEAD when an earlier condition was accepted', async () => {
      let status = 200
      handle = (_, answer) => reply(answer, status)
      await put()
      status = 412
      assert.equal((await put()).outcome, 'refused')
      assert.deepEqual(lines(), ['PUT ', 'PUT '])
    })

    it('deletes after a HEAD when the store does not support the condition, which is sent only once', async () => {
      handle = (incoming, answer) =>
        reply(
          answer,
          incoming.method === 'DELETE' && incoming.headers['if-match'] !== undefined ? 501 : 200,
          incoming.method === 'HEAD' ? '' : '<Error><Code>NotImplemented</Code></Error>',
        )
      for (let i = 0; i < 2; i++) assert.equal((await store.delete(KEY, { match: asETag('"e"') })).outcome, 'deleted')
      assert.equal((await store.delete(KEY, { match: asETag('"other"') })).outcome, 'refused')
      assert.deepEqual(lines(), ['DELETE ', 'HEAD ', 'DELETE ', 'HEAD ', 'DELETE ', 'HEAD '])
      await assert.rejects(store.delete(KEY, { match: asETag('"e"'), strict: true }), { code: 'unsupported-store' })
    })

    const remove = (options: DeleteOptions = {}): Promise<DeleteOutcome> =>
      store.delete(KEY, { match: asETag('"e"'), ...options })
    const refusesDeletes =
      (status: number, isTaken: (match: string | undefined) => boolean): Handler =>
      (incoming, answer) =>
        reply(answer, incoming.method === 'DELETE' && !isTaken(incoming.headers['if-match']) ? status : 200)

    it(
      'deletes with the ETag without quotes when the store refuses its own ETag in quotes, and sends no quotes from then on, ' +
        'also with a PUT',
      async () => {
        handle = (incoming, answer) =>
          reply(
            answer,
            ['DELETE', 'PUT'].includes(incoming.method ?? '') && incoming.headers['if-match'] !== 'e' ? 412 : 200,
          )
        assert.equal((await remove({ strict: true })).outcome, 'deleted')
        assert.equal((await remove()).outcome, 'deleted')
        assert.equal((await put()).outcome, 'written')
        assert.deepEqual(lines(), ['DELETE ', 'HEAD ', 'DELETE ', 'DELETE ', 'PUT '])
      },
    )

    it('deletes with quotes when the store accepts a DELETE only with them and a PUT only without them', async () => {
      handle = (incoming, answer) =>
        reply(answer, { DELETE: '"e"', PUT: 'e' }[incoming.method ?? ''] === incoming.headers['if-match'] ? 200 : 412)
      const headOf = handle
      handle = (incoming, answer) => (incoming.method === 'HEAD' ? reply(answer, 200) : headOf(incoming, answer))
      assert.deepEqual([(await put()).outcome, (await remove()).outcome], ['written', 'deleted'])
    })

    it('deletes after a HEAD when the store refuses its own ETag with and without quotes, which are tried only once', async () => {
      handle = refusesDeletes(412, (match) => match === undefined)
      for (let i = 0; i < 2; i++) assert.equal((await remove()).outcome, 'deleted')
      assert.equal((await store.delete(KEY, { match: asETag('"other"') })).outcome, 'refused')
      assert.deepEqual(lines(), [
        'DELETE ',
        'HEAD ',
        'DELETE ',
        'HEAD ',
        'HEAD ',
        'DELETE ',
        'HEAD ',
        'DELETE ',
        'HEAD ',
      ])
    })

    it('never deletes without the condition for a strict request, when it is too late, or when the store was busy', async () => {
      handle = refusesDeletes(412, (match) => match === undefined)
      assert.equal((await remove({ strict: true })).outcome, 'refused')
      let asks = 0
      assert.equal((await remove({ inTime: () => ++asks < 3 })).outcome, 'expired')
      const conditional = asked.length
      assert.ok(lines().filter((line) => line.startsWith('DELETE')).length === 4, lines().join())
      store = await createS3Store(localConfig({ endpoint: server.url, ...KEYS }), 'bucket')
      handle = refusesDeletes(409, () => false)
      assert.equal((await remove()).outcome, 'refused')
      assert.equal(asked.length, conditional + 1)
    })

    it('is refused, without a HEAD, when the store answers 409', async () => {
      handle = (incoming, answer) => reply(answer, incoming.method === 'PUT' ? 409 : 200)
      assert.equal((await put()).outcome, 'refused')
      assert.deepEqual(lines(), ['PUT '])
    })

    it('is refused for a DELETE when the store shows another ETag', async () => {
      handle = refusesDeletes(412, () => false)
      assert.equal((await store.delete(KEY, { match: asETag('"other"') })).outcome, 'refused')
      assert.deepEqual(lines(), ['DELETE ', 'HEAD '])
    })
  })

  const OBJECT =
    '<Contents><Key>charts/a ' +
    'b+c</Key><LastModified>2026-01-01T00:00:00Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>'
  const page = (content: string, root = 'ListBucketResult'): string =>
    `<?xml version="1.0"?><${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`
  const answering =
    (body: string, status = 200): Handler =>
    (_, answer) => {
      answer.writeHead(status, { date: new Date().toUTCString(), 'content-length': Buffer.byteLength(body) })
      answer.end(body)
    }

  for (const [what, body] of Object.entries({
    'counts more objects than it shows': page(`<KeyCount>2</KeyCount><IsTruncated>false</IsTruncated>${OBJECT}`),
    'is cut off': page(OBJECT).slice(0, -20),
    'shows an object without its time': page(OBJECT.replace(/<LastModified>.*<\/LastModified>/, '')),
    'shows an object without its key': page(OBJECT.replace('charts/a b+c', '')),
    'shows an object without its ETag': page(OBJECT.replace(/<ETag>.*<\/ETag>/, '')),
    'shows a size that is not a number': page(OBJECT.replace('<Size>7', '<Size>many')),
    'shows a key without the prefix': page(OBJECT.replace('charts/', 'other/')),
    'has an invalid IsTruncated': page(`<IsTruncated>perhaps</IsTruncated>${OBJECT}`),
    'is an HTML page': '<html><body>Welcome</body></html>',
  })) {
    it(`refuses a listing that ${what}`, async () => {
      handle = answering(body)
      await assert.rejects(store.list('charts/'), {
        code: 'store-failed',
        message: 'list s3://bucket/charts/: the listing is not consistent',
      })
      assert.equal(asked.length, 1)
    })
  }

  it('fails when a page of a listing has its own token as the next one', async () => {
    handle = answering(page(`<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>${OBJECT}`))
    assert.equal((await store.list('charts/')).next, 't')
    await assert.rejects(store.list('charts/', { token: 't' }), { code: 'store-failed' })
  })

  for (const [what, body] of Object.entries({
    'attributes and a namespace prefix':
      `<s:ListBucketResult ` +
      `xmlns:s="x"><s:KeyCount>1</s:KeyCount>${OBJECT.replaceAll(/<(\/?)/g, '<$1s:').replace(
        '<s:Size>',
        '<s:Size ' + 'unit="byte">',
      )}</s:ListBucketResult>`,
    'common prefixes': page(
      `<KeyCount>2</KeyCount>${OBJECT}<CommonPrefixes><Prefix>charts/x/</Prefix></CommonPrefixes>`,
    ),
    'common prefixes that it does not count': page(
      `<KeyCount>1</KeyCount>${OBJECT}<CommonPrefixes><Prefix>charts/x/</Prefix></CommonPrefixes>`,
    ),
    'URL-encoded keys': page(`<EncodingType>url</EncodingType>${OBJECT.replace('charts/a b+c', 'charts%2Fa+b%2Bc')}`),
  })) {
    it(`reads a listing with ${what}`, async () => {
      handle = answering(body)
      const { next, objects } = await store.list('charts/')
      assert.deepEqual(
        [objects, next],
        [[{ key: 'charts/a b+c', etag: '"e"', size: 7, lastModified: Date.UTC(2026) }], undefined],
      )
    })
  }

  for (const root of ['ListVersionsResult', 'ListBucketVersionsResult', 'ListBucketResult']) {
    it(`reads versions of an object in a ${root}`, async () => {
      handle = answering(
        page(
          `<Version><Key>charts/object</Key><VersionId>v1</VersionId><Size>7</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Version>`,
          root,
        ),
      )
      assert.deepEqual(await store.listVersions(KEY), [{ version: 'v1', size: 7, lastModified: Date.UTC(2026) }])
    })
  }

  for (const status of [405, 501]) {
    it(`reads no versions when the store answers with ${String(status)}`, async () => {
      handle = answering('<Error><Code>NotImplemented</Code></Error>', status)
      assert.deepEqual(await store.listVersions(KEY), [])
    })
  }

  for (const status of [400, 405, 501]) {
    it(`reads the only version of a bucket without versioning where the store answers ${String(status)} to its name`, async () => {
      handle = (message, answer) => {
        const isRefused = message.url?.includes('versionId') === true
        const body = isRefused ? '<Error><Code>InvalidArgument</Code></Error>' : 'bytes'
        const headers = { date: new Date().toUTCString(), etag: '"e"', 'content-length': body.length }
        answer.writeHead(isRefused ? status : 200, headers)
        answer.end(body)
      }
      const read = (version: string): Promise<StoredObject | undefined> =>
        store.get(KEY, { version: version as VersionName })
      assert.equal(Buffer.from((await read('null'))?.body ?? []).toString(), 'bytes')
      await assert.rejects(read('v1'), /read an older version of s3:\/\/bucket\/charts\/object/)
    })
  }

  it('reads no open uploads when the store answers NoSuchUpload', async () => {
    handle = answering('<Error><Code>NoSuchUpload</Code></Error>', 404)
    assert.deepEqual(await store.uploads?.list('charts/'), [])
    handle = answering('<Error><Code>NoSuchBucket</Code></Error>', 404)
    await assert.rejects(async () => store.uploads?.list('charts/'), /NoSuchBucket/)
  })

  it('encodes special characters in keys and prefixes', async () => {
    handle = (_, answer) => {
      const body =
        '<?xml version="1.0"?>\n<ListBucketResult ' +
        'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated></ListBucketResult>'
      answer.writeHead(200, { date: new Date().toUTCString(), 'content-length': body.length })
      answer.end(body)
    }
    assert.deepEqual((await store.list('a b+c/é&=')).objects, [])
    assert.equal(await store.head(asKey("a b+c/é&='*.tgz")).catch(() => undefined), undefined)
    assert.deepEqual(
      asked.map(({ line }) => line),
      ['GET /bucket?list-type=2&prefix=a%20b%2Bc%2F%C3%A9%26%3D', 'HEAD /bucket/a%20b%2Bc/%C3%A9%26%3D%27%2A.tgz'],
    )
  })
})
