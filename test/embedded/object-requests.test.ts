import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { BUCKET, START, eachWithStore } from './running-store.ts'

const OTHER = '"00000000000000000000000000000000"'
const digest = (name: string, body: string): string => createHash(name).update(body).digest('base64')

describe('an object of the embedded store', () => {
  const current = eachWithStore()
  const get = (options: Partial<GetObjectCommandInput> = {}) =>
    current().client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'key', ...options }))
  const head = (options: Partial<GetObjectCommandInput> = {}) =>
    current().client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'key', ...options }))
  const write = (options: Partial<PutObjectCommandInput> = {}) =>
    current().client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'key', Body: '0123456789', ...options }))
  const text = async (options: Partial<GetObjectCommandInput> = {}): Promise<string | undefined> =>
    (await get(options)).Body?.transformToString()
  const isStatus = (status: number) => (error: { $metadata?: { httpStatusCode?: number } }) =>
    error.$metadata?.httpStatusCode === status

  it('is read with all the headers that were sent with it', async () => {
    const kept = { CacheControl: 'no-cache', ContentDisposition: 'inline', ContentType: 'text/x' }
    const described = { ...kept, Metadata: { a: 'b' } }
    const { ETag } = await write({ ...described, ChecksumSHA256: digest('sha256', '0123456789') })
    assert.equal(ETag, `"${createHash('md5').update('0123456789').digest('hex')}"`)
    for (const answer of [await get({ ChecksumMode: 'ENABLED' }), await head({ ChecksumMode: 'ENABLED' })]) {
      const { CacheControl, ContentDisposition, ContentType, Metadata } = answer
      assert.deepEqual({ CacheControl, ContentDisposition, ContentType, Metadata: { ...Metadata } }, described)
      assert.equal(answer.ETag, ETag)
      assert.equal(answer.ContentLength, 10)
      assert.equal(answer.LastModified?.getTime(), START)
      assert.equal(answer.ChecksumSHA256, digest('sha256', '0123456789'))
    }
    assert.equal((await head()).ChecksumSHA256, undefined)
  })

  it('obeys the conditions of a read', async () => {
    const { ETag = '' } = await write()
    assert.equal(await text({ IfMatch: ETag }), '0123456789')
    assert.equal(await text({ IfNoneMatch: OTHER }), '0123456789')
    for (const read of [get, head]) {
      await assert.rejects(read({ IfNoneMatch: ETag }), isStatus(304))
      await assert.rejects(read({ IfMatch: OTHER }), isStatus(412))
    }
  })

  it('can be read in ranges', async () => {
    await write()
    const part = await get({ Range: 'bytes=2-4' })
    assert.equal(await part.Body?.transformToString(), '234')
    assert.equal(part.ContentRange, 'bytes 2-4/10')
    assert.equal(part.$metadata.httpStatusCode, 206)
    assert.equal((await head({ Range: 'bytes=-3' })).ContentLength, 3)
    await assert.rejects(get({ Range: 'bytes=10-' }), { name: 'InvalidRange' })
  })

  it('obeys the conditions of a write', async () => {
    await assert.rejects(write({ IfMatch: OTHER }), { name: 'NoSuchKey' })
    const { ETag = '' } = await write({ IfNoneMatch: '*' })
    await assert.rejects(write({ IfNoneMatch: '*' }), { name: 'PreconditionFailed' })
    await assert.rejects(write({ IfMatch: OTHER }), { name: 'PreconditionFailed' })
    await write({ IfMatch: ETag, Body: 'next' })
    await assert.rejects(write({ IfMatch: ETag }), { name: 'PreconditionFailed' })
    assert.equal(await text(), 'next')
  })

  it('obeys the conditions of a deletion', async () => {
    const remove = (IfMatch?: string) =>
      current().client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'key', IfMatch }))
    await remove()
    await assert.rejects(remove(OTHER), { name: 'NoSuchKey' })
    const { ETag } = await write()
    await assert.rejects(remove(OTHER), { name: 'PreconditionFailed' })
    await remove(ETag)
    await assert.rejects(head(), { name: 'NotFound' })
  })

  it('is written by exactly one of several concurrent writers with the same condition', async () => {
    // Each body is different. Equal bytes have equal ETags, and would let a second writer succeed, as on S3.
    const race = async (name: string, condition: Partial<PutObjectCommandInput>): Promise<void> => {
      const bodies = Array.from({ length: 16 }, (_, i) => `${name} ${String(i)}`)
      const results = await Promise.allSettled(bodies.map((Body) => write({ ...condition, Body })))
      const winners = bodies.filter((_, i) => results[i]?.status === 'fulfilled')
      const losses = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []))
      assert.deepEqual(winners, [await text()])
      assert.deepEqual([...new Set(losses.map((loss) => loss.name))], ['PreconditionFailed'])
    }
    await race('creator', { IfNoneMatch: '*' })
    const { ETag } = await head()
    await race('replacer', { IfMatch: ETag })
  })

  it('is never read half-written during concurrent writes', async () => {
    await write({ Body: 'a'.repeat(200_000) })
    const letters = [...'bcdefghi']
    const writing = Promise.all(letters.map((letter, i) => write({ Body: letter.repeat(200_000 + i) })))
    for (let i = 0; i < 20; i++) {
      const { Body, ETag } = await get()
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
      assert.equal(ETag, `"${createHash('md5').update(bytes).digest('hex')}"`)
    }
    await writing
  })

  it('is refused, and not written, when its bytes do not match a checksum', async () => {
    const wrong: Partial<PutObjectCommandInput>[] = [
      { ChecksumSHA256: digest('sha256', 'other') },
      { ChecksumCRC32: 'AAAAAA==' },
      { ContentMD5: digest('md5', 'other') },
    ]
    for (const options of wrong) await assert.rejects(write(options), { name: 'BadDigest' })
    await assert.rejects(write({ ContentMD5: 'short' }), { name: 'InvalidDigest' })
    await assert.rejects(head(), { name: 'NotFound' })
    await write({ ContentMD5: digest('md5', '0123456789') })
    assert.equal(await text(), '0123456789')
  })

  it('can be written as a stream with each kind of checksum as a trailer', async () => {
    const pieces = Array.from({ length: 40 }, (_, i) => Buffer.alloc(5000, String(i)))
    const whole = Buffer.concat(pieces)
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
      const Body = Readable.from(pieces, { objectMode: false })
      await write({ Body, ContentLength: whole.length, ChecksumAlgorithm })
      const answer = await get({ ChecksumMode: 'ENABLED' })
      assert.ok(answer[`Checksum${ChecksumAlgorithm}`] !== undefined, ChecksumAlgorithm)
      assert.equal(answer.ContentEncoding, undefined)
      assert.deepEqual(Buffer.from((await answer.Body?.transformToByteArray()) ?? []), whole)
    }
  })

  it('has at most 2 KB of metadata and a key of at most 1 KB', async () => {
    await write({ Metadata: { a: 'x'.repeat(2047) } })
    await assert.rejects(write({ Metadata: { a: 'x'.repeat(2048) } }), { name: 'MetadataTooLarge' })
    await write({ Key: 'x'.repeat(1024) })
    await assert.rejects(write({ Key: 'x'.repeat(1025) }), { name: 'KeyTooLongError' })
  })
})
