import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { FolderObjects } from '../../embedded/folder-objects.ts'
import { createBucket } from '../support/s3-buckets.ts'
import { BUCKET, KEYS, START, connect } from './running-store.ts'

const DESCRIBED = { lastModified: START, headers: { 'content-type': 'text/x', 'x-amz-meta-a': 'line\\n"é' } }

describe('a folder of objects', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objects-'))
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })
  const openWithBucket = async (): Promise<FolderObjects> => {
    const objects = await FolderObjects.open(folder)
    await objects.createBucket('bucket', START)
    return objects
  }

  it('is the same when it is opened again', async () => {
    const objects = await openWithBucket()
    const bytes = Buffer.from('\n{"key":"x"}\n\0bytes')
    for (const key of ['a', 'A', '../a', 'a\n', 'é'.repeat(500)]) await objects.write('bucket', key, bytes, DESCRIBED)
    await objects.delete('bucket', 'a')
    const again = await FolderObjects.open(folder)
    const sorted = (each: FolderObjects) => [...(each.bucket('bucket') ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
    assert.deepEqual(sorted(again), sorted(objects))
    assert.equal(again.bucket('bucket')?.size, 4)
    for (const key of again.bucket('bucket')?.keys() ?? []) assert.deepEqual(await again.read('bucket', key), bytes)
  })

  it('ignores files that are not objects, and removes half-written ones', async () => {
    await (await openWithBucket()).write('bucket', 'key', Buffer.from('x'), DESCRIBED)
    await writeFile(join(folder, '.unfinished', 'half'), '{"key"')
    await writeFile(join(folder, 'bucket', '.DS_Store'), 'x')
    await writeFile(join(folder, 'README'), 'x')
    const again = await FolderObjects.open(folder)
    assert.deepEqual([...(again.bucket('bucket')?.keys() ?? [])], ['key'])
    assert.deepEqual(await readdir(join(folder, '.unfinished')), [])
  })

  const damages: readonly (readonly [string, (path: string) => Promise<void>])[] = [
    ['cut short', async (path) => truncate(path, (await stat(path)).size - 1)],
    ['empty', (path) => truncate(path, 0)],
    ['something else', (path) => writeFile(path, 'no record\n')],
    ['in the place of another', (path) => rename(path, join(dirname(path), `${'0'.repeat(64)}.object`))],
  ]
  for (const [what, damage] of damages) {
    it(`names the damaged file when it is ${what}`, async () => {
      await (await openWithBucket()).write('bucket', 'key', Buffer.from('some bytes'), DESCRIBED)
      const [file = ''] = await readdir(join(folder, 'bucket'))
      await damage(join(folder, 'bucket', file))
      const damaged = { code: 'local-file', message: /bucket.*\.object is not an object/ }
      await assert.rejects(FolderObjects.open(folder), damaged)
    })
  }

  it('has every acknowledged object and no half-written one after the process is killed', async () => {
    const acknowledged = await writeUntilKilled(folder, 40)
    const objects = await FolderObjects.open(folder)
    for (const [key, body] of acknowledged) {
      assert.ok(objects.bucket(BUCKET)?.has(key), `${key} was acknowledged`)
      assert.deepEqual(await objects.read(BUCKET, key), body)
    }
    for (const key of objects.bucket(BUCKET)?.keys() ?? []) {
      assert.deepEqual(await objects.read(BUCKET, key), bodyOf(key))
    }
  })
})

function bodyOf(key: string): Buffer {
  return Buffer.alloc(50_000, `${key} `)
}

/** Eight clients write until this many objects are acknowledged. Then the store is killed while they write. */
async function writeUntilKilled(folder: string, count: number): Promise<ReadonlyMap<string, Buffer>> {
  const script = fileURLToPath(new URL('./store-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import=tsx', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const acknowledged = new Map<string, Buffer>()
  try {
    const [endpoint] = (await once(createInterface(child.stdout), 'line')) as [string]
    await createBucket({ endpoint, ...KEYS }, BUCKET)
    const client = connect(endpoint)
    const write = async (writer: number): Promise<void> => {
      for (let i = 0; i < 1000 && child.signalCode === null; i++) {
        const Key = `${String(writer)}/${String(i)}`
        await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: bodyOf(Key) }))
        acknowledged.set(Key, bodyOf(Key))
        if (acknowledged.size === count) child.kill('SIGKILL')
      }
    }
    await Promise.allSettled(Array.from({ length: 8 }, (_, writer) => write(writer)))
    client.destroy()
  } finally {
    child.kill('SIGKILL')
    await exited
  }
  assert.ok(acknowledged.size >= count)
  return acknowledged
}
