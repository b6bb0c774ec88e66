import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UNFINISHED, isCode, syncFolder, writeDurably } from './durable-files.ts'

/** A multipart upload that was begun, and neither completed nor aborted. */
export interface FolderUpload {
  readonly id: string
  readonly bucket: string
  readonly key: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** The headers of the object that it will be, as they were sent. */
  readonly headers: Readonly<Record<string, string>>
}

/** The folder of the uploads. No bucket can have this name. */
const UPLOADS = '.uploads'
const UPLOAD = 'upload.json'

/**
 * The uploads that are open, in a folder of their own beside the buckets: one folder for each, with a file that says
 * what it is, and a file for each part. Files and folders come and go by one rename, so that a crash leaves no half of
 * them. Whoever changes an upload, or reads its parts, must hold a lock on the key meanwhile.
 */
export class FolderUploads {
  readonly #folder: string
  readonly #open = new Map<string, FolderUpload>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Opens the folder of a store, which has to be open (see `FolderObjects.open`). */
  static async open(folder: string): Promise<FolderUploads> {
    const uploads = new FolderUploads(folder)
    await mkdir(join(folder, UPLOADS), { recursive: true })
    for (const id of await readdir(join(folder, UPLOADS))) {
      const text = await readFile(join(folder, UPLOADS, id, UPLOAD), 'utf8')
      uploads.#open.set(id, JSON.parse(text) as FolderUpload)
    }
    return uploads
  }

  /** The uploads of a bucket, in the order of their keys, then of their beginnings. */
  list(bucket: string): FolderUpload[] {
    return [...this.#open.values()]
      .filter((upload) => upload.bucket === bucket)
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || a.startedAt - b.startedAt)
  }

  find(id: string): FolderUpload | undefined {
    return this.#open.get(id)
  }

  async begin(begun: Omit<FolderUpload, 'id'>): Promise<FolderUpload> {
    const upload = { id: randomUUID(), ...begun }
    const unfinished = this.#unfinished()
    await mkdir(unfinished)
    await writeDurably(join(unfinished, UPLOAD), [Buffer.from(JSON.stringify(upload))])
    await rename(unfinished, this.#path(upload.id))
    await syncFolder(join(this.#folder, UPLOADS))
    this.#open.set(upload.id, upload)
    return upload
  }

  /** Writes a part, or replaces it. Returns its ETag, the MD5 of the bytes in quotes. */
  async writePart({ id }: FolderUpload, number: number, bytes: Uint8Array): Promise<string> {
    const unfinished = this.#unfinished()
    await writeDurably(unfinished, [bytes])
    await rename(unfinished, this.#path(id, String(number)))
    await syncFolder(this.#path(id))
    return `"${createHash('md5').update(bytes).digest('hex')}"`
  }

  /** The bytes of a part. Undefined: there is no such part. */
  async readPart({ id }: FolderUpload, number: number): Promise<Buffer | undefined> {
    try {
      return await readFile(this.#path(id, String(number)))
    } catch (error) {
      if (isCode(error, 'ENOENT')) return undefined
      throw error
    }
  }

  /** Removes an upload with its parts. */
  async remove({ id }: FolderUpload): Promise<void> {
    this.#open.delete(id)
    const unfinished = this.#unfinished()
    await rename(this.#path(id), unfinished)
    await syncFolder(join(this.#folder, UPLOADS))
    await rm(unfinished, { recursive: true })
  }

  #path(...names: readonly string[]): string {
    return join(this.#folder, UPLOADS, ...names)
  }

  #unfinished(): string {
    return join(this.#folder, UNFINISHED, randomUUID())
  }
}
