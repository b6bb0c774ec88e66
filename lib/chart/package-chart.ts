import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { writeMapping } from '../yaml/writer.ts'
import type { ArchiveFile } from './archive-files.ts'
import { readLock } from './chart-yaml.ts'
import { invalidChart } from './invalid-chart.ts'
import { loadBudget } from './load-budget.ts'
import { type LoadedChart, loadChart } from './load-chart.ts'
import { type Metadata, validateMetadata } from './metadata.ts'

/** What `helm package` can be told to write into Chart.yaml. */
export interface PackageOptions {
  readonly version?: string | undefined
  readonly appVersion?: string | undefined
}

interface TarEntry {
  readonly path: string
  readonly content: Uint8Array | string
}

/**
 * The time of every file. It is fixed, so that the same folder gives the same bytes. Some tools do not accept an
 * earlier time.
 */
const TIME = new Date('1980-01-01T00:00:00Z')

/**
 * The archive that `helm package` makes of a chart's folder: Chart.yaml and Chart.lock are written anew, and subcharts
 * are unpacked (helm/helm pkg/chart/v2/util/save.go). Unlike Helm's archive it holds no times: with one build of this
 * program, the same files give the same bytes. (With another build the compression may differ, but not the content.)
 * @param files the files of the folder, without those that `.helmignore` names
 * @throws HelmS3Error `invalid-chart` when Helm would not package it
 */
export async function packageChart(
  files: readonly ArchiveFile[],
  { version, appVersion }: PackageOptions,
): Promise<Uint8Array> {
  const chart = await loadChart(files, loadBudget())
  const changed = {
    ...chart.metadata,
    ...(version === undefined ? {} : { version }),
    ...(appVersion === undefined ? {} : { appVersion }),
  }
  const metadata = validateMetadata(changed)
  requireSubcharts(metadata, chart.subcharts)
  return compress(await tarOf([...entriesOf({ ...chart, metadata }, '')]))
}

/** Checks that all dependencies are there: `CheckDependencies` in helm/helm pkg/action/install.go. */
function requireSubcharts({ dependencies = [] }: Metadata, subcharts: readonly LoadedChart[]): void {
  const present = new Set(subcharts.map(({ metadata }) => metadata.name))
  const missing = dependencies.map(({ name }) => name).filter((name) => !present.has(name))
  if (missing.length === 0) return
  throw invalidChart(
    `found in Chart.yaml, but missing in charts/ directory: ${missing.join(', ')}`,
    'fetch them with `helm dependency build`',
  )
}

/** The files in Helm's order. */
function* entriesOf({ files, metadata, subcharts }: LoadedChart, parent: string): Generator<TarEntry> {
  const base = `${parent}${metadata.name}/`
  const isFirst = metadata.apiVersion === 'v1'
  const { dependencies, ...others } = metadata
  yield {
    path: `${base}Chart.yaml`,
    content: writeMapping(isFirst || dependencies === undefined ? others : metadata, 0),
  }

  const lock = files.findLast(({ path }) => path === 'Chart.lock' || path === 'requirements.lock')
  if (lock !== undefined && metadata.apiVersion === 'v2') {
    yield { path: `${base}Chart.lock`, content: writeMapping(readLock(lock.bytes, lock.path), 0) }
  }
  const isSchema = ({ path }: ArchiveFile): boolean => path === 'values.schema.json'
  const schema = files.find(isSchema)
  if (schema !== undefined) requireJson(schema)
  const isTemplate = ({ path }: ArchiveFile): boolean => path.startsWith('templates/')
  const values = files.filter(({ path }) => path === 'values.yaml')
  const plain = files.filter((file) => !isTemplate(file) && !isSchema(file) && isKept(file, isFirst))
  for (const { bytes, path } of [...values, ...files.filter(isSchema), ...files.filter(isTemplate), ...plain]) {
    yield { path: base + path, content: bytes }
  }
  for (const subchart of subcharts) yield* entriesOf(subchart, `${base}charts/`)
}

const WRITTEN_ANEW = new Set(['Chart.yaml', 'Chart.lock', 'values.yaml'])
const OF_FIRST = new Set(['requirements.yaml', 'requirements.lock'])

function isKept({ path }: ArchiveFile, isFirst: boolean): boolean {
  if (OF_FIRST.has(path)) return isFirst
  return !WRITTEN_ANEW.has(path) && (!path.startsWith('charts/') || path.endsWith('.prov'))
}

function requireJson({ bytes, path }: ArchiveFile): void {
  try {
    JSON.parse(Buffer.from(bytes).toString())
  } catch (cause) {
    throw invalidChart(`Invalid JSON in ${path}`, `repair ${path}`, cause)
  }
}

async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack()
  for (const { content, path } of entries) tar.entry({ name: path, mode: 0o644, mtime: TIME }, Buffer.from(content))
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

/** The position in the gzip header that names the system (RFC 1952), and its value for an unknown system. */
const SYSTEM = { at: 9, unknown: 255 }

function compress(tar: Buffer): Uint8Array {
  const bytes = gzipSync(tar)
  bytes[SYSTEM.at] = SYSTEM.unknown
  return bytes
}
