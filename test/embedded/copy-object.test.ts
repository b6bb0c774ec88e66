import assert from 'node:assert/strict'
import { CopyObjectCommand, type CopyObjectCommandInput, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { BUCKET, eachWithStore } from './running-store.ts'

const SOURCE = { Bucket: BUCKET, Key: 'from +/é.tgz', Body: 'bytes', ContentType: 'text/x', Metadata: { a: 'b' } }

describe('a copy of an object', () => {
  const current = eachWithStore()
  const copy = (options: Partial<CopyObjectCommandInput> = {}) => {
    const CopySource = `${BUCKET}/${encodeURIComponent(SOURCE.Key)}`
    return current().client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'to', CopySource, ...options }))
  }
  const head = () =>
    current().client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'to', ChecksumMode: 'ENABLED' }))

  beforeEach(async () => {
    await current().client.send(new PutObjectCommand(SOURCE))
  })

  it('has the metadata of its source or of the request', async () => {
    await copy()
    assert.deepEqual({ ...(await head()).Metadata }, { a: 'b' })
    await copy({ MetadataDirective: 'REPLACE', Metadata: { c: 'd' }, ContentType: 'text/y' })
    const { ChecksumCRC32, ContentType, Metadata } = await head()
    assert.deepEqual({ ...Metadata, ContentType }, { c: 'd', ContentType: 'text/y' })
    assert.ok(ChecksumCRC32 !== undefined)
  })

  it('obeys the conditions on source and target', async () => {
    await assert.rejects(copy({ CopySourceIfMatch: '"other"' }), { name: 'PreconditionFailed' })
    await copy({ IfNoneMatch: '*' })
    await assert.rejects(copy({ IfNoneMatch: '*' }), { name: 'PreconditionFailed' })
  })

  it('is refused for a missing source, and onto itself without a change', async () => {
    await assert.rejects(copy({ CopySource: `${BUCKET}/missing` }), { name: 'NoSuchKey' })
    await assert.rejects(copy({ CopySource: 'elsewhere/missing' }), { name: 'NoSuchBucket' })
    await assert.rejects(copy({ CopySource: 'nothing' }), { name: 'InvalidArgument' })
    await assert.rejects(copy({ Key: SOURCE.Key }), { name: 'InvalidRequest' })
  })
})
