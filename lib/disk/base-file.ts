import { mkdir, open, readFile, readdir, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { BaseCache, KeptBase, KeptBytes } from '../protocol/session/base-cache.ts'
import { asETag } from '../store/object-store.ts'
import { systemClock } from '../sys/clock.ts'
import { newDraft, removeDraft, sweepDrafts } from '../sys/drafts.ts'
import { systemCode } from '../sys/system-error.ts'
import { sha256 } from '../sys/sha256.ts'
import { isObject } from '../text/is-object.ts'

/** What stands before the bytes in the file: JSON on one line of a fixed number of bytes. */
interface Label {
  readonly etag: string
  readonly lastModified: number
  readonly size: number
  /**
   * The SHA-256 of the bytes as they were received from this place. An ETag alone does not prove that these are the
   * bytes it belongs to.
   */
  readonly sha256: string
}

const LABEL_BYTES = 512

/**
 * Milliseconds. A kept file that was not replaced for this long is removed when something else is kept, because nobody
 * may ever ask for its place again.
 */
const KEPT_AGE = 30 * 24 * 60 * 60_000

/**
 * Keeps the base of the repository at `place` in one file, in a folder of our own in Helm's repository cache. Whoever
 * may write there may also write Helm's own copy of the index.
 * @param place identifies the repository. Its URL alone does not, because the same URL may mean another bucket at
 *   another endpoint
 */
export function baseFile(cacheFolder: string, place: string): BaseCache {
  const path = join(cacheFolder, 'helm-s3', `${sha256(Buffer.from(place)).slice(0, 32)}.base`)
  return {
    find: () => quietly(() => findBase(path)),
    keep: async ({ body, etag, lastModified }) => {
      await quietly(async () => {
        await makeFolder(dirname(path))
        const label: Label = { etag, lastModified, size: body.length, sha256: sha256(body) }
        await replaceFile(path, [Buffer.from(`${JSON.stringify(label).padEnd(LABEL_BYTES - 1)}\n`), body])
      })
    },
  }
}

/**
 * Makes the folder inside Helm's folder, which Helm makes. `recursive` is not used: below a folder in which nothing can
 * be made, such as /proc, Node.js 20 would try for ever.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
}

/**
 * Replaces the file. It is written asynchronously, so that other work goes on meanwhile; readers see the change in one
 * step.
 */
async function replaceFile(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)]
  sweepDrafts(folder)
  await sweepKept(folder, name)
  const draft = newDraft(folder)
  const file = await open(draft, 'wx', 0o644)
  try {
    try {
      for (const piece of pieces) await file.write(piece)
    } finally {
      await file.close()
    }
    await rename(draft, path)
  } catch (error) {
    removeDraft(draft)
    throw error
  }
}

/** Removes files of other places that have not been replaced for long. Another process may be doing the same. */
async function sweepKept(folder: string, name: string): Promise<void> {
  for (const other of await readdir(folder)) {
    if (other === name || !other.endsWith('.base')) continue
    await quietly(async () => {
      const path = join(folder, other)
      if (systemClock.now() - (await stat(path)).mtimeMs > KEPT_AGE) await unlink(path)
    })
  }
}

async function findBase(path: string): Promise<KeptBase> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LABEL_BYTES), 0, LABEL_BYTES, 0)
    const label = readLabel(buffer.subarray(0, bytesRead))
    return {
      etag: asETag(label.etag),
      lastModified: label.lastModified,
      read: () => quietly(() => readKeptBytes(path, label)),
      open: () => quietly(() => openKeptBytes(path)),
    }
  } finally {
    await file.close()
  }
}

/** Reads the bytes and, with them, the label again, because another process may have replaced the file meanwhile. */
async function readKeptBytes(path: string, label: Label): Promise<Uint8Array | undefined> {
  const bytes = await readFile(path)
  const found = readLabel(bytes)
  const body = bytes.subarray(LABEL_BYTES)
  return found.etag === label.etag && body.length === found.size && sha256(body) === found.sha256 ? body : undefined
}

async function openKeptBytes(path: string): Promise<KeptBytes> {
  const file = await open(path)
  try {
    const size = (await file.stat()).size - LABEL_BYTES
    return {
      size,
      read: (start, end) =>
        quietly(async () => {
          const target = Buffer.allocUnsafe(end - start)
          const { bytesRead } = await file.read(target, 0, target.length, LABEL_BYTES + start)
          return bytesRead === target.length ? target : undefined
        }),
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** The label at the start of a file. The file may be damaged. @throws Error when it has none */
function readLabel(bytes: Buffer): Label {
  const label: unknown = JSON.parse(bytes.toString('utf8', 0, LABEL_BYTES))
  if (!isLabel(label)) throw new Error('it has no label')
  return label
}

/** What no header can hold is no ETag: it would be sent, and each request with it would fail. */
function isLabel(value: unknown): value is Label {
  if (!isObject(value)) return false
  const { etag, lastModified, sha256: digest, size } = value
  return (
    typeof etag === 'string' &&
    /^[\x20-\x7e]+$/.test(etag) &&
    Number.isFinite(lastModified) &&
    typeof size === 'number' &&
    typeof digest === 'string'
  )
}

async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch {
    return undefined
  }
}
