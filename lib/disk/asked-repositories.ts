import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ObjectLocation } from '../core/keys.ts'
import { systemClock } from '../sys/clock.ts'
import { sha256 } from '../sys/sha256.ts'
import { systemCode } from '../sys/system-error.ts'

/**
 * Helm asks for an index and then for its charts: what was asked for longer ago, milliseconds, says nothing about a
 * chart.
 */
const LONGEST = 24 * 60 * 60_000

/**
 * Notes that Helm was given this place, with this query, as the URL of a repository: it has asked for the index there.
 * Helm tells the getter of a chart nothing but its URL, and an index may hold any URL. Only a help: failures are
 * silent.
 * @param place `key`: the prefix of the repository
 */
export async function noteAskedRepository(cacheFolder: string, place: ObjectLocation): Promise<void> {
  try {
    const path = noteOf(cacheFolder, place)
    await makeFolders(dirname(path))
    await writeFile(path, '')
  } catch {
    // The chart is then refused with a word about what to do.
  }
}

/**
 * Whether a repository around this object has been asked for lately with this very query. Cost: a look at one file for
 * each folder.
 */
export async function wasRepositoryAsked(
  cacheFolder: string,
  { bucket, key, query }: ObjectLocation,
): Promise<boolean> {
  for (let end = key.lastIndexOf('/'); ; end = key.lastIndexOf('/', end - 1)) {
    const prefix = key.slice(0, end + 1) as ObjectLocation['key']
    const note = await stat(noteOf(cacheFolder, { bucket, key: prefix, query })).catch(() => undefined)
    if (note !== undefined && systemClock.now() - note.mtimeMs < LONGEST) return true
    if (end <= 0) return false
  }
}

/**
 * Beside the bases that `base-file.ts` keeps, which takes away what is old. A query may hold what is nobody's business:
 * a hash does not show it.
 */
function noteOf(cacheFolder: string, { bucket, key, query }: ObjectLocation): string {
  return join(cacheFolder, 'helm-s3', `${sha256(Buffer.from(JSON.stringify([bucket, key, query]))).slice(0, 32)}.asked`)
}

/**
 * Helm may not have made its own folder yet. Not with `recursive`: below a folder that takes none, as /proc, Node.js 20
 * would try for ever.
 */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolders(dirname(path))
    await mkdir(path)
  }
}
