import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { type Key, asKey } from '../lib/core/keys.ts'
import { connectionSettings } from '../lib/settings/connection.ts'
import { type ObjectStore, listAll } from '../lib/store/object-store.ts'
import { createS3Store } from '../lib/store/s3/store.ts'
import type { Sample } from './result.ts'

/*
 * A program of its own: the requests that a command cannot do without, by the same adapter (the AWS SDK takes several
 * times as long), timed from the first to the last. The start of the process does not count: a command is measured with
 * it.
 */

export type RawWork = RawCompaction | RawUploads | RawLook

/** GET of the base and of every delta, PUT of the base. */
export interface RawCompaction {
  readonly kind: 'compaction'
  readonly bucket: string
  readonly base: string
  readonly deltaFolder: string
  readonly target: string
  readonly concurrency: number
}

/** PUT of every file in a folder. */
export interface RawUploads {
  readonly kind: 'uploads'
  readonly bucket: string
  readonly folder: string
  readonly prefix: string
  readonly concurrency: number
}

/** The pages of a listing, one after the other, then HEAD of every archive in it. */
export interface RawLook {
  readonly kind: 'look'
  readonly bucket: string
  readonly prefix: string
  readonly concurrency: number
}

const work = JSON.parse(process.argv[2] ?? '') as RawWork & { readonly endpoint: string }
const limit = pLimit(work.concurrency)

void run()

async function run(): Promise<void> {
  const connection = connectionSettings({}, undefined, {
    ...process.env,
    AWS_ENDPOINT_URL: work.endpoint,
    AWS_REGION: 'us-east-1',
  })
  const store = await createS3Store(connection, work.bucket)
  const wall = await send(store)
  const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
  const sample: Sample = { wall, cpu: (userCPUTime + systemCPUTime) / 1000, memory: maxRSS * 1024 }
  process.stdout.write(JSON.stringify(sample), () => {
    process.exit()
  })
}

function send(store: ObjectStore): Promise<number> {
  if (work.kind === 'compaction') return compact(store, work)
  return work.kind === 'uploads' ? upload(store, work) : look(store, work)
}

async function compact(store: ObjectStore, { base, deltaFolder, target }: RawCompaction): Promise<number> {
  const { objects } = await listAll(store, deltaFolder)
  const get = async (key: Key): Promise<Uint8Array> => (await store.get(key))?.body ?? new Uint8Array()
  const keys = objects.map(({ key }) => key)
  const start = performance.now()
  const [body] = await Promise.all([get(asKey(base)), limit.map(keys, get)])
  await store.put(asKey(target), body, { when: 'always' })
  return performance.now() - start
}

async function upload(store: ObjectStore, { folder, prefix }: RawUploads): Promise<number> {
  const files = readdirSync(folder).map((name) => ({ name, body: readFileSync(join(folder, name)) }))
  const start = performance.now()
  await limit.map(files, ({ body, name }) => store.put(asKey(prefix + name), body, { when: 'always' }))
  return performance.now() - start
}

async function look(store: ObjectStore, { prefix }: RawLook): Promise<number> {
  const start = performance.now()
  const { objects } = await listAll(store, prefix)
  const archives = objects.filter(({ key }) => key.endsWith('.tgz'))
  await limit.map(archives, ({ key }) => store.head(key))
  return performance.now() - start
}
