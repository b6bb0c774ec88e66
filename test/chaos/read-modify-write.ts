import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { GetObjectCommand, type GetObjectCommandOutput, NoSuchKey, S3Client } from '@aws-sdk/client-s3'
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { parse, stringify } from 'yaml'

// A client as hypnoglow/helm-s3 is one: it reads index.yaml, changes it, and writes it back over whatever is there by
// then. A test double for the rounds, where that program is not to be had. It takes the same arguments:
//   push ARCHIVE s3://BUCKET/PREFIX [--force | --ignore-if-exists]
//   delete NAME s3://BUCKET/PREFIX --version=VERSION
//   download CERT KEY CA s3://BUCKET/PREFIX/index.yaml

interface Entry {
  readonly name: string
  readonly version: string
  readonly [field: string]: unknown
}

interface Index {
  entries: Record<string, Entry[]>
  readonly [field: string]: unknown
}

const client = new S3Client({
  endpoint: `http://${process.env.AWS_ENDPOINT ?? ''}`,
  region: 'us-east-1',
  forcePathStyle: true,
})

async function main([command, ...args]: readonly string[]): Promise<void> {
  const [subject = '', url = ''] = command === 'download' ? [args[3], args[3]] : args
  const { host: bucket, pathname } = new URL(url)
  const prefix = pathname.slice(1).replace(/\/index\.yaml$/, '')
  const at = { bucket, prefix }
  if (command === 'download') process.stdout.write(await textOf(await get(at, 'index.yaml')))
  else if (command === 'push') await push(at, subject, args)
  else await remove(at, subject, args.find((arg) => arg.startsWith('--version='))?.slice('--version='.length) ?? '')
}

interface Place {
  readonly bucket: string
  readonly prefix: string
}

async function push(at: Place, archive: string, args: readonly string[]): Promise<void> {
  const [, name = '', version = ''] = /^(.+?)-(\d.*)\.tgz$/.exec(basename(archive)) ?? []
  const file = basename(archive)
  if (!args.includes('--force') && (await exists(at, file))) {
    if (args.includes('--ignore-if-exists')) return
    process.stderr.write('The chart already exists in the repository and cannot be overwritten without intent.\n')
    process.exit(1)
  }
  const bytes = readFileSync(archive)
  await put(at, file, bytes)
  const index = await readIndex(at)
  const others = (index.entries[name] ?? []).filter((entry) => entry.version !== version)
  const digest = createHash('sha256').update(bytes).digest('hex')
  const urls = [`s3://${at.bucket}/${at.prefix}/${file}`]
  const entry = { apiVersion: 'v2', name, version, digest, urls, created: new Date().toISOString() }
  index.entries[name] = [entry, ...others]
  await put(at, 'index.yaml', stringify(index))
}

async function remove(at: Place, name: string, version: string): Promise<void> {
  const index = await readIndex(at)
  const entries = index.entries[name] ?? []
  if (!entries.some((entry) => entry.version === version)) {
    process.stderr.write(`Error: chart ${name} version ${version} not found in index\n`)
    process.exit(1)
  }
  index.entries[name] = entries.filter((entry) => entry.version !== version)
  await put(at, 'index.yaml', stringify(index))
  await client.send(new DeleteObjectCommand({ Bucket: at.bucket, Key: `${at.prefix}/${name}-${version}.tgz` }))
}

async function readIndex(at: Place): Promise<Index> {
  return parse(await textOf(await get(at, 'index.yaml'))) as Index
}

function get({ bucket, prefix }: Place, file: string): Promise<GetObjectCommandOutput> {
  return client.send(new GetObjectCommand({ Bucket: bucket, Key: `${prefix}/${file}` }))
}

async function textOf({ Body }: GetObjectCommandOutput): Promise<string> {
  return (await Body?.transformToString()) ?? ''
}

async function put({ bucket, prefix }: Place, file: string, body: string | Uint8Array): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: `${prefix}/${file}`, Body: body }))
}

async function exists({ bucket, prefix }: Place, file: string): Promise<boolean> {
  try {
    await client.send(new HeadObjectCommand({ Bucket: bucket, Key: `${prefix}/${file}` }))
    return true
  } catch (error) {
    if (error instanceof NoSuchKey || (error as Error).name === 'NotFound') return false
    throw error
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`Error: ${String(error)}\n`)
  process.exitCode = 1
})
