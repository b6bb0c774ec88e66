import { posix } from 'node:path'
import { gunzip } from './gunzip.ts'
import { stillInTime } from '../sys/busy.ts'
import { invalidChart } from './invalid-chart.ts'
import { MAX_CHART, MAX_FILE, MAX_PATH } from '../text/size-limits.ts'
import { type LoadBudget, spendFile, spendUnpacked } from './load-budget.ts'
import { type TarHeader, isFolder, isHeaderOnly } from './tar-header.ts'
import { TarReader } from './tar-reader.ts'

/** A file of a chart archive. */
export interface ArchiveFile {
  /** The path relative to the chart's folder, with `/`, without `.` and `..`. */
  readonly path: string
  /** The content without a byte order mark. Empty for a link, and when the content was not asked for. */
  readonly bytes: Uint8Array
  /** Permission bits. */
  readonly mode: number
}

const SMALLER = 'leave large files out of the chart with .helmignore'

/**
 * The files of a chart archive as Helm's loader lists them, whatever the name of their top folder. Only the contents
 * that are asked for take memory, and the limits bound the time.
 * @param isWanted whether the content of this path is asked for
 * @throws HelmS3Error `invalid-chart` when Helm would refuse the archive: damaged, too large, or with a path that leads
 *   out of it
 */
export async function readArchiveFiles(
  archive: Uint8Array,
  isWanted: (path: string) => boolean,
  budget: LoadBudget,
): Promise<readonly ArchiveFile[]> {
  const list = new FileList(isWanted, budget)
  const tar = new TarReader(list)
  await gunzip(archive, (chunk) => {
    stillInTime()
    spendUnpacked(budget, chunk.length)
    tar.push(chunk)
    return tar.isDone ? 'enough' : 'more'
  })
  tar.end()
  if (list.files.length === 0) throw invalidChart('there are no files in the chart archive')
  return list.files
}

class FileList {
  readonly files: ArchiveFile[] = []
  readonly #isWanted: (path: string) => boolean
  readonly #budget: LoadBudget
  #left = MAX_CHART

  constructor(isWanted: (path: string) => boolean, budget: LoadBudget) {
    this.#isWanted = isWanted
    this.#budget = budget
  }

  enter(header: TarHeader): boolean {
    spendFile(this.#budget)
    if (isFolder(header)) return false
    const path = pathInChart(header.name)
    if (header.size >= this.#left)
      throw invalidChart('the chart is larger than 100 MiB unpacked, the most that Helm loads', SMALLER)
    if (header.size > MAX_FILE) {
      throw invalidChart(
        `the file ${JSON.stringify(header.name)} is larger than 5 MiB, the most that Helm loads`,
        SMALLER,
      )
    }
    if (header.size > 0 && isHeaderOnly(header.type))
      throw invalidChart(`the link ${JSON.stringify(header.name)} has a size`)
    this.#left -= header.size
    return this.#isWanted(path)
  }

  leave(header: TarHeader, content: Buffer): void {
    if (isFolder(header)) return
    this.files.push({ path: pathInChart(header.name), bytes: withoutByteOrderMark(content), mode: header.mode & 0o777 })
  }
}

/** The content without a byte order mark. Helm's loader removes the mark from every file. */
export function withoutByteOrderMark(content: Uint8Array): Uint8Array {
  return content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf ? content.subarray(3) : content
}

/**
 * The path below the top folder, whatever that folder is called.
 * @throws HelmS3Error `invalid-chart` for a path that Helm refuses
 */
function pathInChart(name: string): string {
  const refuse = (problem: string): Error =>
    invalidChart(`the archive ${problem}: ${JSON.stringify(name.slice(0, MAX_PATH))}`)
  if (Buffer.byteLength(name) > MAX_PATH) throw refuse(`holds a path of more than ${String(MAX_PATH)} bytes`)
  const delimiter = name.includes('\\') ? '\\' : '/'
  const [top, ...parts] = name.split(delimiter)
  const below = parts.join('/')
  if (below.startsWith('/')) throw refuse('holds an absolute path')
  const path = posix.normalize(below).replace(/(?<=.)\/$/, '')
  if (path === '.') throw refuse('holds content outside of its base directory')
  if (path.startsWith('..')) throw refuse('references a parent directory')
  if (/^[a-zA-Z]:\//.test(path)) throw refuse('holds an illegally named file')
  if (top === 'Chart.yaml') throw refuse('has its Chart.yaml not in the base directory')
  return path
}
