import type { Stats } from 'node:fs'
import { readFile, readdir, realpath, stat } from 'node:fs/promises'
import { type ArchiveFile, withoutByteOrderMark } from '../chart/archive-files.ts'
import { type IgnoreRules, readIgnoreRules } from '../chart/ignore-rules.ts'
import { invalidChart } from '../chart/invalid-chart.ts'
import { compareBytes } from '../text/byte-order.ts'
import { MAX_CHART, MAX_FILE } from '../text/size-limits.ts'
import { localFileError, systemCode } from '../sys/system-error.ts'

/** A walk through the folder of one chart. */
interface Walk {
  readonly isIgnored: IgnoreRules
  readonly files: ArchiveFile[]
  /** The number of bytes that the chart may still hold. */
  left: number
}

const IGNORE = 'name it in .helmignore'

/**
 * The files of a chart's folder as Helm's loader lists them (helm/helm pkg/chart/v2/loader/directory.go): by name,
 * without those that `.helmignore` names. Symbolic links are followed, also out of the folder, as Helm does. Unlike
 * Helm, this function does not walk in circles.
 * @throws HelmS3Error `invalid-chart` for something that is not a file, is too large or leads back to itself;
 *   `local-file`
 */
export async function readChartFolder(folder: string): Promise<readonly ArchiveFile[]> {
  const walk: Walk = {
    isIgnored: readIgnoreRules(await readIgnoreFile(`${folder}/.helmignore`)),
    files: [],
    left: MAX_CHART,
  }
  await walkFolder(walk, folder, '', [])
  return walk.files
}

async function readIgnoreFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined
    throw localFileError(path, 'read', cause)
  }
}

/**
 * @param below empty, or a path with a slash at its end
 * @param above the real paths of the folders above this one
 */
async function walkFolder(walk: Walk, root: string, below: string, above: readonly string[]): Promise<void> {
  const folder = below === '' ? root : `${root}/${below.slice(0, -1)}`
  const real = await at(folder, (path) => realpath(path))
  if (above.includes(real))
    throw invalidChart(`the symbolic link ${folder} leads back to itself`, `remove it, or ${IGNORE}`)
  const names = await at(folder, (path) => readdir(path))
  for (const name of names.sort(compareBytes)) {
    const path = below + name
    const found = await at(`${root}/${path}`, (file) => stat(file))
    if (walk.isIgnored(path, found.isDirectory())) continue
    if (found.isDirectory()) await walkFolder(walk, root, `${path}/`, [...above, real])
    else await addFile(walk, root, path, found)
  }
}

async function addFile(walk: Walk, root: string, path: string, found: Stats): Promise<void> {
  const { size } = found
  if (!found.isFile()) throw invalidChart(`${root}/${path} is not a regular file`, `remove it, or ${IGNORE}`)
  if (size > MAX_FILE) throw invalidChart(`the file ${path} is larger than 5 MiB, the most that Helm loads`, IGNORE)
  if (size >= walk.left)
    throw invalidChart(
      'the chart is larger than 100 MiB, the most that Helm loads',
      'leave large files out of it with .helmignore',
    )
  walk.left -= size
  walk.files.push({
    path,
    bytes: withoutByteOrderMark(await at(`${root}/${path}`, (file) => readFile(file))),
    mode: 0o644,
  })
}

async function at<T>(path: string, look: (path: string) => Promise<T>): Promise<T> {
  try {
    return await look(path)
  } catch (cause) {
    throw localFileError(path, 'read', cause)
  }
}
