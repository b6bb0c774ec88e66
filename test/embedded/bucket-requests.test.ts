import assert from 'node:assert/strict'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListPartsCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { BUCKET, START, eachWithStore } from './running-store.ts'

describe('a bucket of the embedded store', () => {
  const current = eachWithStore()

  it('can be created once, listed in order, found and deleted', async () => {
    const { client } = current()
    await assert.rejects(client.send(new CreateBucketCommand({ Bucket: BUCKET })), { name: 'BucketAlreadyOwnedByYou' })
    await client.send(new CreateBucketCommand({ Bucket: 'another' }))
    const { Buckets } = await client.send(new ListBucketsCommand({}))
    const made = { CreationDate: new Date(START) }
    assert.deepEqual(Buckets, [
      { Name: 'another', ...made },
      { Name: BUCKET, ...made },
    ])
    await client.send(new HeadBucketCommand({ Bucket: 'another' }))
    await client.send(new GetBucketLocationCommand({ Bucket: 'another' }))
    await client.send(new DeleteBucketCommand({ Bucket: 'another' }))
    await assert.rejects(client.send(new HeadBucketCommand({ Bucket: 'another' })), { name: 'NotFound' })
    await assert.rejects(client.send(new DeleteBucketCommand({ Bucket: 'another' })), { name: 'NoSuchBucket' })
  })

  it('cannot have a name that S3 refuses', async () => {
    const { client } = current()
    for (const Bucket of ['Upper', 'a_b', '.unfinished', 'ab']) {
      await assert.rejects(client.send(new CreateBucketCommand({ Bucket })), { name: 'InvalidBucketName' }, Bucket)
    }
  })

  it('can have several objects deleted by one request, each with its own condition', async () => {
    const { client, put } = current()
    for (const key of ['one', 'two <&">', 'kept']) await put(key, key)
    const Objects = [{ Key: 'one' }, { Key: 'two <&">' }, { Key: 'missing' }, { Key: 'kept', ETag: '"other"' }]
    const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete: { Objects } }))
    assert.deepEqual(
      Deleted?.map(({ Key }) => Key),
      ['one', 'two <&">', 'missing'],
    )
    assert.deepEqual(
      Errors?.map(({ Code, Key }) => [Key, Code]),
      [['kept', 'PreconditionFailed']],
    )
    await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'kept' }))
    await assert.rejects(client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'one' })), { name: 'NotFound' })
    const quiet = { Bucket: BUCKET, Delete: { Objects: [{ Key: 'kept' }], Quiet: true } }
    assert.equal((await client.send(new DeleteObjectsCommand(quiet))).Deleted, undefined)
  })

  it('refuses unknown operations without changing the object', async () => {
    const { client, put } = current()
    await put('key', 'kept')
    const parts = new ListPartsCommand({ Bucket: BUCKET, Key: 'key', UploadId: '1' })
    await assert.rejects(client.send(parts), { name: 'NotImplemented' })
    const tagging = new PutObjectTaggingCommand({ Bucket: BUCKET, Key: 'key', Tagging: { TagSet: [] } })
    await assert.rejects(client.send(tagging), { name: 'NotImplemented' })
    const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'key' }))
    assert.equal(ContentLength, 4)
  })
})
