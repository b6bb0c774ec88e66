import { type ArchiveFile, readArchiveFiles } from './archive-files.ts'
import { readLock, checkValues, readChartYaml } from './chart-yaml.ts'
import { MAX_SUBCHART_DEPTH } from '../text/size-limits.ts'
import { hasCode } from '../errors.ts'
import { invalidChart } from './invalid-chart.ts'
import { type LoadBudget, spendChecked, spendMetadata } from './load-budget.ts'
import { type DraftMetadata, type Metadata, validateMetadata } from './metadata.ts'

/** A chart with the subcharts in it. */
export interface LoadedChart {
  readonly metadata: Metadata
  /** All files, including those of subcharts, with their content where it was asked for. */
  readonly files: readonly ArchiveFile[]
  /** The subcharts, in the order of their names in `charts/`. */
  readonly subcharts: readonly LoadedChart[]
}

/** Which files are read with their content, and how much that may take. */
interface Reading {
  readonly isWanted: (path: string) => boolean
  readonly budget: LoadBudget
}

/**
 * The metadata of a chart archive, if Helm's loader would accept it with all the subcharts in it (`LoadFiles` in
 * helm/helm pkg/chart/loader/load.go).
 * @throws HelmS3Error `invalid-chart`
 */
export async function loadArchive(bytes: Uint8Array, budget: LoadBudget): Promise<Metadata> {
  return (await loadArchiveFiles(bytes, { isWanted: isLookedAt, budget }, 0)).metadata
}

/**
 * The chart that consists of these files. The archives of its subcharts are unpacked with all their content.
 * @throws HelmS3Error `invalid-chart` when Helm's loader would refuse it
 */
export async function loadChart(files: readonly ArchiveFile[], budget: LoadBudget): Promise<LoadedChart> {
  return loadFiles(files, { isWanted: () => true, budget }, 0)
}

async function loadArchiveFiles(bytes: Uint8Array, reading: Reading, depth: number): Promise<LoadedChart> {
  return loadFiles(await readArchiveFiles(bytes, reading.isWanted, reading.budget), reading, depth)
}

const LOOKED_AT = new Set(['Chart.yaml', 'Chart.lock', 'values.yaml', 'requirements.yaml', 'requirements.lock'])

/** Whether Helm reads the file when it loads the chart: files of the chart itself and of the subcharts in it. */
function isLookedAt(path: string): boolean {
  const own = path.replace(/^(?:charts\/[^/]+\/)*/, '')
  return LOOKED_AT.has(own) || /^charts\/[^/]+\.tgz$/.test(own)
}

async function loadFiles(files: readonly ArchiveFile[], reading: Reading, depth: number): Promise<LoadedChart> {
  const metadata = validateMetadata(readMetadata(files, reading.budget))
  const subcharts: LoadedChart[] = []
  if (depth === MAX_SUBCHART_DEPTH)
    throw invalidChart(`it has subcharts in subcharts, more than ${String(MAX_SUBCHART_DEPTH)} deep`)
  for (const [name, subchart] of subchartsOf(files)) {
    try {
      subcharts.push(await loadSubchart(name, subchart, reading, depth + 1))
    } catch (cause) {
      if (!hasCode(cause, 'invalid-chart')) throw cause
      throw invalidChart(`error unpacking subchart ${name} in ${metadata.name}: ${cause.message}`, cause.hint, cause)
    }
  }
  return { metadata, files, subcharts }
}

function readMetadata(files: readonly ArchiveFile[], budget: LoadBudget): DraftMetadata {
  let metadata: DraftMetadata | undefined
  for (const { path, bytes } of files) {
    if (path !== 'Chart.yaml') continue
    spendMetadata(budget, bytes.length)
    metadata = readChartYaml(bytes, path, metadata)
    metadata = { ...metadata, apiVersion: metadata.apiVersion ?? 'v1' }
  }
  if (metadata === undefined) throw invalidChart('Chart.yaml file is missing')
  for (const { path, bytes } of files) {
    if (path === 'requirements.yaml') {
      spendMetadata(budget, bytes.length)
      metadata = readChartYaml(bytes, path, metadata)
    } else if (path === 'Chart.lock' || path === 'requirements.lock') {
      if (spendChecked(budget, bytes.length)) readLock(bytes, path)
    } else if (path === 'values.yaml' && spendChecked(budget, bytes.length)) checkValues(bytes, path)
  }
  return metadata
}

/**
 * The files below `charts/`, grouped by the first part of their path there, and with paths that do not begin with
 * `charts/`.
 */
function subchartsOf(files: readonly ArchiveFile[]): ReadonlyMap<string, readonly ArchiveFile[]> {
  const subcharts = new Map<string, ArchiveFile[]>()
  for (const file of files) {
    if (!file.path.startsWith('charts/') || /\.prov$/.test(file.path)) continue
    const path = file.path.slice('charts/'.length)
    const [name = ''] = path.split('/', 1)
    if (/^[_.]/.test(name)) continue
    const own = subcharts.get(name) ?? []
    own.push({ ...file, path })
    subcharts.set(name, own)
  }
  return subcharts
}

async function loadSubchart(
  name: string,
  files: readonly ArchiveFile[],
  reading: Reading,
  depth: number,
): Promise<LoadedChart> {
  if (!name.endsWith('.tgz')) {
    const own = files
      .filter(({ path }) => path.includes('/'))
      .map((file) => ({ ...file, path: file.path.slice(name.length + 1) }))
    return loadFiles(own, reading, depth)
  }
  const [archive] = files
  if (archive === undefined || archive.path !== name)
    throw invalidChart(`expected an archive, found the folder ${name}`)
  return loadArchiveFiles(archive.bytes, reading, depth)
}
