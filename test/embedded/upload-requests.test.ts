import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { FolderObjects } from '../../embedded/folder-objects.ts'
import { FolderUploads } from '../../embedded/folder-uploads.ts'
import { createBucket } from '../support/s3-buckets.ts'
import { BUCKET, KEYS, START, connect, eachWithStore } from './running-store.ts'

const KEY = 'charts/index.yaml'
const OBJECT = { Bucket: BUCKET, Key: KEY }
const MIB = 1024 * 1024

async function begin(client: S3Client): Promise<string> {
  const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ ...OBJECT, ContentType: 'text/x' }))
  return UploadId
}

async function send(client: S3Client, UploadId: string, PartNumber: number, Body: Buffer): Promise<CompletedPart> {
  const { ETag } = await client.send(new UploadPartCommand({ ...OBJECT, UploadId, PartNumber, Body }))
  return { PartNumber, ETag }
}

function complete(client: S3Client, UploadId: string, Parts: CompletedPart[]): Promise<unknown> {
  return client.send(new CompleteMultipartUploadCommand({ ...OBJECT, UploadId, MultipartUpload: { Parts } }))
}

// What every store keeps to is in the contract: test/contract/composed-objects.ts.
describe('an upload to the embedded store', () => {
  const current = eachWithStore()

  it('is listed until it is completed, and its object has an ETag of the parts', async () => {
    const { client } = current()
    const id = await begin(client)
    const part = await send(client, id, 7, Buffer.from('bytes'))
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: 'charts/' }))
    assert.deepEqual(
      Uploads?.map(({ Initiated, Key, UploadId }) => [Key, UploadId, Initiated]),
      [[KEY, id, new Date(START)]],
    )
    const none = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: 'other' }))
    assert.equal(none.Uploads, undefined)
    await complete(client, id, [part])
    const { ContentType, ETag } = await client.send(new GetObjectCommand(OBJECT))
    // md5(md5('bytes')), and one part.
    assert.deepEqual([ContentType, ETag], ['text/x', '"0b034e41e6cd53ddca775db50cc1ff6a-1"'])
    await assert.rejects(complete(client, id, [part]), { name: 'NoSuchUpload' })
    const after = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))
    assert.equal(after.Uploads, undefined)
  })

  it('cannot be completed with parts that are out of order, unknown, changed or too small', async () => {
    const { client } = current()
    const id = await begin(client)
    const [one, two] = [await send(client, id, 1, Buffer.from('a')), await send(client, id, 2, Buffer.from('b'))]
    for (const [parts, name] of [
      [[two, one], 'InvalidPartOrder'],
      [[one, one], 'InvalidPartOrder'],
      [[one, { ...two, PartNumber: 3 }], 'InvalidPart'],
      [[{ ...one, ETag: two.ETag }], 'InvalidPart'],
      [[one, two], 'EntityTooSmall'],
      [[], 'MalformedXML'],
    ] as const) {
      await assert.rejects(complete(client, id, [...parts]), { name })
    }
    await assert.rejects(send(client, id, 0, Buffer.from('a')), { name: 'InvalidArgument' })
    await assert.rejects(send(client, id, 10_001, Buffer.from('a')), { name: 'InvalidArgument' })
    await assert.rejects(send(client, 'no upload', 1, Buffer.from('a')), { name: 'NoSuchUpload' })
    await complete(client, id, [two])
  })

  it('belongs to one key', async () => {
    const { client } = current()
    const id = await begin(client)
    const other = { Bucket: BUCKET, Key: 'other', UploadId: id }
    await assert.rejects(client.send(new AbortMultipartUploadCommand(other)), { name: 'NoSuchUpload' })
    await assert.rejects(client.send(new UploadPartCommand({ ...other, PartNumber: 1, Body: 'x' })), {
      name: 'NoSuchUpload',
    })
  })

  it('copies ranges only of objects that are large enough for S3', async () => {
    const { client, put } = current()
    await put('small', 'bytes')
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'large', Body: Buffer.alloc(5 * MIB + 1) }))
    const id = await begin(client)
    const copy = (CopySource: string, CopySourceRange?: string): Promise<unknown> =>
      client.send(new UploadPartCopyCommand({ ...OBJECT, UploadId: id, PartNumber: 1, CopySource, CopySourceRange }))
    await copy(`${BUCKET}/small`)
    await assert.rejects(copy(`${BUCKET}/small`, 'bytes=0-1'), { name: 'InvalidRequest' })
    await copy(`${BUCKET}/large`, `bytes=1-${String(5 * MIB)}`)
    await assert.rejects(copy(`${BUCKET}/large`, `bytes=1-${String(5 * MIB + 1)}`), { name: 'InvalidRange' })
    await assert.rejects(copy(`${BUCKET}/large`, 'bytes=-5'), { name: 'InvalidArgument' })
    await assert.rejects(copy(`${BUCKET}/large`, 'bytes=5-4'), { name: 'InvalidRange' })
  })
})

describe('the folder of uploads', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'uploads-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('is the same when it is opened again, without aborted uploads and half-written parts', async () => {
    const open = async (): Promise<FolderUploads> => (await FolderObjects.open(folder), FolderUploads.open(folder))
    const uploads = await open()
    const begun = { bucket: 'bucket', key: '../a', startedAt: START, headers: { 'content-type': 'text/x' } }
    const kept = await uploads.begin(begun)
    const aborted = await uploads.begin({ ...begun, key: 'b' })
    await uploads.writePart(kept, 1, Buffer.from('first'))
    await uploads.writePart(kept, 1, Buffer.from('again'))
    await uploads.writePart(aborted, 1, Buffer.from('x'))
    await uploads.remove(aborted)
    await writeFile(join(folder, '.unfinished', 'half'), 'x')
    const again = await open()
    assert.deepEqual(again.list('bucket'), [{ id: kept.id, ...begun }])
    assert.deepEqual(again.find(kept.id), { id: kept.id, ...begun })
    assert.equal((await again.readPart(kept, 1))?.toString(), 'again')
    assert.equal(await again.readPart(kept, 2), undefined)
    assert.deepEqual(await readdir(join(folder, '.unfinished')), [])
  })

  it('leaves only whole objects when the process is killed', async () => {
    const bodies = Array.from({ length: 4 }, (_, i) => [Buffer.alloc(5 * MIB, `${String(i)} `), Buffer.from('end')])
    const whole = bodies.map((parts) => Buffer.concat(parts))
    const script = fileURLToPath(new URL('./store-process.ts', import.meta.url))
    const child = spawn(process.execPath, ['--import=tsx', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    let acknowledged = 0
    try {
      const [endpoint] = (await once(createInterface(child.stdout), 'line')) as [string]
      await createBucket({ endpoint, ...KEYS }, BUCKET)
      const client = connect(endpoint)
      const write = async (parts: readonly Buffer[]): Promise<void> => {
        for (;;) {
          const id = await begin(client)
          const sent: CompletedPart[] = []
          for (const [i, body] of parts.entries()) sent.push(await send(client, id, i + 1, body))
          await complete(client, id, sent)
          if (++acknowledged === 6) child.kill('SIGKILL')
        }
      }
      await Promise.allSettled(bodies.map(write))
      client.destroy()
    } finally {
      child.kill('SIGKILL')
      await exited
    }
    assert.ok(acknowledged >= 6)
    const objects = await FolderObjects.open(folder)
    const body = await objects.read(BUCKET, KEY)
    assert.ok(whole.some((each) => each.equals(body)))
    for (const upload of (await FolderUploads.open(folder)).list(BUCKET)) assert.equal(upload.key, KEY)
  }).timeout(60_000)
})
