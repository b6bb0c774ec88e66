import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { ObjectLocation } from '../core/keys.ts'
import { systemClock } from '../sys/clock.ts'
import { sha256 } from '../sys/sha256.ts'
import { systemCode } from '../sys/system-error.ts'

/**
 * Milliseconds. Helm asks for an index and then for its charts. A request for an index that is older than this says
 * nothing about a chart.
 */
const LONGEST = 24 * 60 * 60_000

/**
 * Notes that Helm has asked for the index at this place with this query, so that it was given this URL as that of a
 * repository. For a chart, Helm passes the getter nothing but the URL of the chart, and an index may hold any URL. The
 * note is only a help, so failures are silent.
 * @param place `key`: the prefix of the repository
 */
export async function noteAskedRepository(cacheFolder: string, place: ObjectLocation): Promise<void> {
  try {
    const path = noteOf(cacheFolder, place)
    await makeFolders(dirname(path))
    await writeFile(path, '')
  } catch {
    // Without the note the chart is refused, with a hint what to do.
  }
}

/**
 * Whether the index of a repository around this object was recently asked for with exactly this query. Cost: a look at
 * one file for each folder.
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
 * The path of the note. It lies beside the bases that `base-file.ts` keeps, which also removes old notes. The name is a
 * hash, because a query may hold what others should not see.
 */
function noteOf(cacheFolder: string, { bucket, key, query }: ObjectLocation): string {
  return join(cacheFolder, 'helm-s3', `${sha256(Buffer.from(JSON.stringify([bucket, key, query]))).slice(0, 32)}.asked`)
}

/**
 * Makes the folders, because Helm may not have made its own folder yet. `recursive` is not used: below a folder in
 * which nothing can be made, such as /proc, Node.js 20 would try for ever.
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
