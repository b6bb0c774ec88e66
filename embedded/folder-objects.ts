import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, readdir, rename, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { HelmS3Error } from '../lib/errors.ts'
import { UNFINISHED, isCode, syncFolder, writeDurably } from './durable-files.ts'
import { FAULTS } from './s3-fault.ts'

/** What is known about an object without reading its bytes. */
export interface ObjectRecord {
  readonly key: string
  /** The MD5 of the bytes, in quotes; of an object of parts what S3 gives it. */
  readonly etag: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly lastModified: number
  /**
   * Headers that are returned as they were sent: `content-type`, `cache-control`, `x-amz-meta-*`, `x-amz-checksum-*`.
   */
  readonly headers: Readonly<Record<string, string>>
}

/** `etag`: when it is not that of the bytes. */
type Described = Pick<ObjectRecord, 'lastModified' | 'headers'> & Partial<Pick<ObjectRecord, 'etag'>>

interface Bucket {
  readonly createdAt: number
  readonly records: Map<string, ObjectRecord>
}

const SUFFIX = '.object'
/**
 * More bytes than a record takes: a key has at most 1 KB, headers are taken from at most 16 KB, and JSON escapes some
 * characters of both.
 */
const MAX_RECORD_BYTES = 64 * 1024
const NEWLINE = 0x0a

/**
 * Buckets in a folder: one folder per bucket, one file per object. A file begins with one line of JSON, the record, and
 * the bytes follow. A file is moved to its place by one rename, so that a crash leaves either the old object or the new
 * one. The name of a file is the hash of the key: no key can lead out of the folder, and keys that differ only in case
 * have different files.
 *
 * The records are also kept in memory, and these count for as long as the folder is open. Whoever changes an object, or
 * reads a record together with its bytes, must hold a lock on the key meanwhile.
 */
export class FolderObjects {
  readonly #folder: string
  readonly #buckets = new Map<string, Bucket>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Opens a folder, which is created when it is missing, and reads the records in it. Files that a crash has left half
   * written are removed.
   * @throws HelmS3Error `local-file` when a file is not the object that was written
   */
  static async open(folder: string): Promise<FolderObjects> {
    const objects = new FolderObjects(folder)
    await rm(join(folder, UNFINISHED), { recursive: true, force: true })
    await mkdir(join(folder, UNFINISHED), { recursive: true })
    for (const bucket of await readdir(folder, { withFileTypes: true })) {
      if (bucket.isDirectory() && !bucket.name.startsWith('.')) await objects.#load(bucket.name)
    }
    return objects
  }

  /** The buckets in the order of their names. */
  buckets(): { readonly name: string; readonly createdAt: number }[] {
    const buckets = [...this.#buckets].map(([name, { createdAt }]) => ({ name, createdAt }))
    return buckets.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** The objects of a bucket by their keys. Undefined: there is no such bucket. */
  bucket(name: string): ReadonlyMap<string, ObjectRecord> | undefined {
    return this.#buckets.get(name)?.records
  }

  async createBucket(name: string, createdAt: number): Promise<void> {
    // The bucket is known before its folder exists, so that no upload under way can be stored where nobody looks.
    this.#buckets.set(name, { createdAt, records: new Map() })
    try {
      await mkdir(join(this.#folder, name))
    } catch (error) {
      this.#buckets.delete(name)
      throw error
    }
    await syncFolder(this.#folder)
  }

  /**
   * @throws S3Fault `BucketNotEmpty`. The file system decides this, so an object that is just being written is not
   *   lost.
   */
  async deleteBucket(name: string): Promise<void> {
    try {
      await rmdir(join(this.#folder, name))
    } catch (error) {
      throw isCode(error, 'ENOTEMPTY', 'EEXIST') ? FAULTS.bucketNotEmpty() : error
    }
    this.#buckets.delete(name)
    await syncFolder(this.#folder)
  }

  /** @throws S3Fault `NoSuchBucket` when the bucket was deleted meanwhile */
  async write(bucket: string, key: string, bytes: Uint8Array, rest: Described): Promise<ObjectRecord> {
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`
    const record: ObjectRecord = { key, etag, size: bytes.length, ...rest }
    const unfinished = join(this.#folder, UNFINISHED, randomUUID())
    try {
      await writeDurably(unfinished, [Buffer.from(`${JSON.stringify(record)}\n`), bytes])
      await rename(unfinished, this.#path(bucket, key))
    } catch (error) {
      await rm(unfinished, { force: true })
      throw isCode(error, 'ENOENT') ? FAULTS.noSuchBucket() : error
    }
    this.#buckets.get(bucket)?.records.set(key, record)
    await syncFolder(join(this.#folder, bucket))
    return record
  }

  /** The bytes of an existing object. */
  async read(bucket: string, key: string): Promise<Buffer> {
    const content = await readFile(this.#path(bucket, key))
    return content.subarray(content.indexOf(NEWLINE) + 1)
  }

  async delete(bucket: string, key: string): Promise<void> {
    const records = this.#buckets.get(bucket)?.records
    if (records?.has(key) !== true) return
    await rm(this.#path(bucket, key), { force: true })
    records.delete(key)
    await syncFolder(join(this.#folder, bucket))
  }

  async #load(bucket: string): Promise<void> {
    const folder = join(this.#folder, bucket)
    const records = new Map<string, ObjectRecord>()
    for (const name of await readdir(folder)) {
      if (!name.endsWith(SUFFIX)) continue
      const record = await readRecord(join(folder, name), name)
      records.set(record.key, record)
    }
    this.#buckets.set(bucket, { createdAt: (await stat(folder)).birthtimeMs, records })
  }

  #path(bucket: string, key: string): string {
    return join(this.#folder, bucket, fileName(key))
  }
}

function fileName(key: string): string {
  return createHash('sha256').update(key).digest('hex') + SUFFIX
}

async function readRecord(path: string, name: string): Promise<ObjectRecord> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(MAX_RECORD_BYTES), 0, MAX_RECORD_BYTES, 0)
    const end = buffer.subarray(0, bytesRead).indexOf(NEWLINE)
    const record = parseRecord(buffer.toString('utf8', 0, Math.max(end, 0)))
    const { size } = await file.stat()
    if (record !== undefined && fileName(record.key) === name && size === end + 1 + record.size) return record
  } finally {
    await file.close()
  }
  throw new HelmS3Error('local-file', `${path} is not an object as this store has written it`, {
    hint: 'remove the file, or give the store another folder',
  })
}

function parseRecord(text: string): ObjectRecord | undefined {
  try {
    const record = JSON.parse(text) as Partial<ObjectRecord> | null
    return typeof record?.key === 'string' && typeof record.headers === 'object' ? (record as ObjectRecord) : undefined
  } catch {
    return undefined
  }
}
