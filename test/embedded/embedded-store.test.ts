import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { type EmbeddedStore, startEmbeddedStore } from '../../embedded/embedded-store.ts'
import { silenceSdk } from '../../lib/sys/silence-sdk.ts'
import { createBucket } from '../support/s3-buckets.ts'

const silent = (): void => undefined
const SILENT = { trace: silent, debug: silent, info: silent, warn: silent, error: silent }
const KEYS = { accessKeyId: 'embedded', secretAccessKey: 'embedded-secret' }

describe('the embedded store', () => {
  let folder: string
  let store: EmbeddedStore
  let client: S3Client

  const start = async (): Promise<void> => {
    store = await startEmbeddedStore({ folder, accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey })
    client = connect()
  }
  const connect = (credentials = KEYS): S3Client => {
    silenceSdk()
    return new S3Client({
      endpoint: store.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials,
      maxAttempts: 1,
      logger: SILENT,
    })
  }
  const read = async (key: string, bucket = 'charts'): Promise<string | undefined> => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }))
    return Body?.transformToString()
  }
  const put = (key: string, body: string): Promise<unknown> =>
    client.send(new PutObjectCommand({ Bucket: 'charts', Key: key, Body: body }))

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'embedded-'))
    await start()
    await createBucket({ endpoint: store.endpoint, ...KEYS }, 'charts')
  })
  afterEach(async () => {
    client.destroy()
    await store.close()
    await rm(folder, { recursive: true })
  })

  it('has every object after a restart, and removes half-written files', async () => {
    await client.send(
      new PutObjectCommand({
        Bucket: 'charts',
        Key: 'a/b',
        Body: 'kept',
        Metadata: { delta: 'x' },
        ContentType: 'text/plain',
      }),
    )
    await store.close()
    await writeFile(join(folder, '.unfinished', 'crashed'), 'half an obj')
    await start()
    assert.equal(await read('a/b'), 'kept')
    const { Metadata, ContentType } = await client.send(new GetObjectCommand({ Bucket: 'charts', Key: 'a/b' }))
    assert.deepEqual({ ...Metadata, ContentType }, { delta: 'x', ContentType: 'text/plain' })
    assert.deepEqual(await readdir(join(folder, '.unfinished')), [])
  })

  it('stores every key inside its folder in a file of its own', async () => {
    const keys = ['../../outside', '/absolute', 'a//b', 'Case', 'case', 'x'.repeat(900), 'con', '.']
    for (const key of keys) await put(key, key)
    for (const key of keys) assert.equal(await read(key), key)
    assert.deepEqual(await readdir(folder), ['.unfinished', '.uploads', 'charts'])
    assert.equal((await readdir(join(folder, 'charts'))).length, keys.length)
  })

  it('refuses a wrong secret, an unknown key and an unsigned request', async () => {
    const wrongSecret = connect({ ...KEYS, secretAccessKey: 'wrong' })
    await assert.rejects(wrongSecret.send(new ListBucketsCommand({})), { name: 'SignatureDoesNotMatch' })
    const unknownKey = connect({ ...KEYS, accessKeyId: 'unknown' })
    await assert.rejects(unknownKey.send(new ListBucketsCommand({})), { name: 'InvalidAccessKeyId' })
    const unsigned = await fetch(`${store.endpoint}/charts/x`, { method: 'PUT', body: 'x' })
    assert.equal(unsigned.status, 403)
    assert.match(await unsigned.text(), /<Code>AccessDenied<\/Code>/)
  })

  it('can move its clock forward, and with it the dates of new objects', async () => {
    const dateOf = async (key: string): Promise<number> => {
      await put(key, key)
      const { LastModified } = await client.send(new GetObjectCommand({ Bucket: 'charts', Key: key }))
      return LastModified?.getTime() ?? 0
    }
    const before = await dateOf('before')
    store.advance(3_600_000)
    assert.ok((await dateOf('after')) - before >= 3_599_000)
    const { headers } = await fetch(store.endpoint)
    assert.ok(Date.parse(headers.get('date') ?? '') - Date.now() > 3_500_000)
  })

  it('accepts bodies in chunks with a checksum as a trailer, as the SDK sends streams', async () => {
    const pieces = ['some ', 'streamed ', 'bytes']
    const body = Readable.from([Buffer.from(pieces.join(''))], { objectMode: false })
    await client.send(
      new PutObjectCommand({ Bucket: 'charts', Key: 'stream', Body: body, ContentLength: pieces.join('').length }),
    )
    assert.equal(await read('stream'), pieces.join(''))
  })

  it('copies and deletes several objects at once, and deletes an empty bucket', async () => {
    await put('one', '1')
    await client.send(new CopyObjectCommand({ Bucket: 'charts', Key: 'two', CopySource: 'charts/one' }))
    assert.equal(await read('two'), '1')
    await assert.rejects(client.send(new DeleteBucketCommand({ Bucket: 'charts' })), { name: 'BucketNotEmpty' })
    const { Deleted } = await client.send(
      new DeleteObjectsCommand({ Bucket: 'charts', Delete: { Objects: [{ Key: 'one' }, { Key: 'two' }] } }),
    )
    assert.equal(Deleted?.length, 2)
    await client.send(new DeleteBucketCommand({ Bucket: 'charts' }))
    await assert.rejects(client.send(new HeadBucketCommand({ Bucket: 'charts' })), { name: 'NotFound' })
  })

  it('groups deeper keys under common prefixes', async () => {
    for (const key of ['a.tgz', 'index.d/1', 'index.d/2', 'z.tgz']) await put(key, '')
    const page = await client.send(new ListObjectsV2Command({ Bucket: 'charts', Delimiter: '/' }))
    assert.deepEqual(
      page.Contents?.map(({ Key }) => Key),
      ['a.tgz', 'z.tgz'],
    )
    assert.deepEqual(page.CommonPrefixes, [{ Prefix: 'index.d/' }])
    assert.equal(page.KeyCount, 3)
  })

  it('answers with the S3 error codes for missing objects and buckets and for invalid requests', async () => {
    await assert.rejects(read('missing'), { name: 'NoSuchKey' })
    await assert.rejects(read('missing', 'elsewhere'), { name: 'NoSuchBucket' })
    const large = { Bucket: 'charts', Key: 'large', Metadata: { a: 'x'.repeat(3000) } }
    await assert.rejects(client.send(new PutObjectCommand(large)), { name: 'MetadataTooLarge' })
    const both = { Bucket: 'charts', Key: 'both', IfMatch: '"x"', IfNoneMatch: '*' }
    await assert.rejects(client.send(new PutObjectCommand(both)), { name: 'NotImplemented' })
  })
})
