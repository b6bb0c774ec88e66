import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** What is known of an object without reading its bytes. */
export interface ObjectRecord {
  readonly key: string
  /** MD5 of the bytes in quotes. */
  readonly etag: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly lastModified: number
  /** Headers that are given back as they came: `content-type`, `cache-control`, `x-amz-meta-*`, `x-amz-checksum-*`. */
  readonly headers: Readonly<Record<string, string>>
}

const SUFFIX = '.object'
const HEADER_LIMIT = 64 * 1024

/**
 * Buckets in a folder: one folder a bucket, one file an object. A file begins with one line of JSON, the record; the bytes
 * follow. It comes to its place by one rename, so that a crash leaves the old object or the new one. The name of a file is
 * the hash of the key: no key can lead out of the folder, and keys that differ in case only stay two.
 */
export class FolderObjects {
  readonly #folder: string
  readonly #buckets = new Map<string, Map<string, ObjectRecord>>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Opens a folder, made if need be, and finds what is in it. What a crash has left half written is removed. */
  static async open(folder: string): Promise<FolderObjects> {
    const objects = new FolderObjects(folder)
    await mkdir(folder, { recursive: true })
    for (const bucket of (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())) {
      await objects.#load(bucket.name)
    }
    return objects
  }

  bucketNames(): string[] {
    return [...this.#buckets.keys()].sort()
  }

  /** The objects of a bucket by their keys; undefined: no such bucket. */
  bucket(name: string): ReadonlyMap<string, ObjectRecord> | undefined {
    return this.#buckets.get(name)
  }

  async createBucket(name: string): Promise<void> {
    await mkdir(join(this.#folder, name), { recursive: true })
    this.#buckets.set(name, new Map())
  }

  async deleteBucket(name: string): Promise<void> {
    this.#buckets.delete(name)
    await rm(join(this.#folder, name), { recursive: true })
  }

  async write(bucket: string, key: string, bytes: Uint8Array, rest: Pick<ObjectRecord, 'lastModified' | 'headers'>): Promise<ObjectRecord> {
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
    const record: ObjectRecord = { key, etag, size: bytes.length, ...rest }
    const temporary = join(this.#folder, bucket, `${randomUUID()}.tmp`)
    const file = await open(temporary, 'wx')
    try {
      await file.writev([Buffer.from(`${JSON.stringify(record)}\n`), bytes])
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, this.#path(bucket, key))
    this.#buckets.get(bucket)?.set(key, record)
    return record
  }

  async read(bucket: string, key: string): Promise<Buffer> {
    const content = await readFile(this.#path(bucket, key))
    return content.subarray(content.indexOf('\n') + 1)
  }

  async delete(bucket: string, key: string): Promise<void> {
    if (this.#buckets.get(bucket)?.delete(key) !== true) return
    await rm(this.#path(bucket, key), { force: true })
  }

  async #load(bucket: string): Promise<void> {
    const records = new Map<string, ObjectRecord>()
    for (const name of (await readdir(join(this.#folder, bucket))).sort()) {
      const path = join(this.#folder, bucket, name)
      if (name.endsWith('.tmp')) await rm(path)
      if (!name.endsWith(SUFFIX)) continue
      const record = await readRecord(path)
      records.set(record.key, record)
    }
    this.#buckets.set(bucket, records)
  }

  #path(bucket: string, key: string): string {
    return join(this.#folder, bucket, createHash('sha256').update(key).digest('hex') + SUFFIX)
  }
}

async function readRecord(path: string): Promise<ObjectRecord> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_LIMIT), 0, HEADER_LIMIT, 0)
    return JSON.parse(buffer.toString('utf8', 0, buffer.subarray(0, bytesRead).indexOf('\n'))) as ObjectRecord
  } finally {
    await file.close()
  }
}
