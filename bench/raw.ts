import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import pLimit from 'p-limit'
import type { Sample } from './result.ts'

/*
 * A program of its own: the requests that a command cannot do without, by the same SDK, timed from the first to the last.
 * Neither the start of the process nor the loading of the SDK counts: a command is measured with both.
 */

export type RawWork = RawCompaction | RawUploads

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

const work = JSON.parse(process.argv[2] ?? '') as RawWork & { readonly endpoint: string }
const checksums = { requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' } as const
const client = new S3Client({ endpoint: work.endpoint, region: 'us-east-1', forcePathStyle: true, ...checksums })
const limit = pLimit(work.concurrency)
const { bucket: Bucket } = work

void run()

async function run(): Promise<void> {
  const wall = await (work.kind === 'compaction' ? compact(work) : upload(work))
  const { maxRSS, systemCPUTime, userCPUTime } = process.resourceUsage()
  const sample: Sample = { wall, cpu: (userCPUTime + systemCPUTime) / 1000, memory: maxRSS * 1024 }
  process.stdout.write(JSON.stringify(sample))
  client.destroy()
}

async function compact({ base, deltaFolder, target }: RawCompaction): Promise<number> {
  const keys = await list(deltaFolder)
  const start = performance.now()
  const [body] = await Promise.all([get(base), limit.map(keys, get)])
  await put(target, body)
  return performance.now() - start
}

async function upload({ folder, prefix }: RawUploads): Promise<number> {
  const files = readdirSync(folder).map((name) => ({ name, body: readFileSync(join(folder, name)) }))
  const start = performance.now()
  await limit.map(files, ({ body, name }) => put(prefix + name, body))
  return performance.now() - start
}

async function get(Key: string): Promise<Uint8Array> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  return (await Body?.transformToByteArray()) ?? new Uint8Array()
}

async function put(Key: string, Body: Uint8Array): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket, Key, Body }))
}

async function list(Prefix: string): Promise<string[]> {
  const keys: string[] = []
  let ContinuationToken: string | undefined
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }))
    keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key))
    ContinuationToken = page.NextContinuationToken
  } while (ContinuationToken !== undefined)
  return keys
}
