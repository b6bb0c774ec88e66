import { readFile, stat } from 'node:fs/promises'
import { readChartArchive } from '../chart/chart-archive.ts'
import { MAX_ARCHIVE } from '../chart/load-budget.ts'
import { HelmS3Error, hasCode } from '../errors.ts'
import type { ChartUpload } from '../protocol/chart-upload.ts'
import { sha256 } from '../sys/sha256.ts'
import { causeText, localFileError, systemCode } from '../sys/system-error.ts'

/**
 * The charts in these archives, each with the provenance file that stands beside it. All or none: what is wrong with each
 * of them is said at once.
 * @throws HelmS3Error `invalid-chart`, `local-file`
 */
export async function readChartFiles(paths: readonly string[]): Promise<readonly ChartUpload[]> {
  const charts: ChartUpload[] = []
  const problems: HelmS3Error[] = []
  for (const path of paths) {
    try {
      charts.push(await readChartFile(path))
    } catch (error) {
      if (!(error instanceof HelmS3Error)) throw error
      problems.push(error)
    }
  }
  const [first] = problems
  if (first === undefined) return charts
  if (paths.length === 1) throw first
  const list = problems.map(({ message, hint }) => `\n  ${message}${hint === undefined ? '' : ` (${hint})`}`)
  throw new HelmS3Error(first.code, `${String(problems.length)} of ${String(paths.length)} charts cannot be pushed:${list.join('')}`, {
    hint: 'nothing was pushed',
  })
}

async function readChartFile(path: string): Promise<ChartUpload> {
  const bytes = await readArchiveFile(path)
  try {
    const { metadata } = await readChartArchive(bytes)
    const { name, version } = metadata
    return { name, version, digest: sha256(bytes), bytes, provenance: await readProvenance(`${path}.prov`), metadata, source: path }
  } catch (error) {
    if (!hasCode(error, 'invalid-chart')) throw error
    throw new HelmS3Error('invalid-chart', `failed to load chart file: ${path}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    })
  }
}

async function readArchiveFile(path: string): Promise<Uint8Array> {
  const refuse = (reason: string, hint: string): never => {
    throw new HelmS3Error('invalid-chart', `failed to load chart file: ${path}: ${reason}`, { hint })
  }
  try {
    const file = await stat(path)
    if (file.isDirectory()) refuse('is a directory', `make an archive of it first: \`helm package ${path}\``)
    if (!file.isFile()) refuse('is not a regular file', 'give the .tgz that `helm package` has made')
    if (file.size > MAX_ARCHIVE) refuse('is larger than 100 MiB, the most that Helm loads', 'leave files out of it with .helmignore')
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof HelmS3Error) throw cause
    throw new HelmS3Error('local-file', `failed to load chart file: open ${path}: ${causeText(cause)}`, { cause })
  }
}

async function readProvenance(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined
    throw localFileError(path, 'open prov file:', cause)
  }
}
