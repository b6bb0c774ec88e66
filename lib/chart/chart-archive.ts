import { type ArchiveFile, readArchiveFiles } from './archive-files.ts'
import { loadBudget } from './load-budget.ts'
import { loadArchive } from './load-chart.ts'
import { type Metadata, requireKeyParts } from './metadata.ts'

/** A chart that Helm would load. */
export interface ChartArchive {
  /** The metadata of Chart.yaml and, in old charts, of requirements.yaml. */
  readonly metadata: Metadata
}

/** What `fetch --untar` writes. */
export interface UnpackedChart {
  /** The name of the folder; a single path segment. */
  readonly name: string
  /** The files in the order of the archive. When two have the same path, Helm keeps the later one. */
  readonly files: readonly ArchiveFile[]
}

/**
 * Reads a chart archive by the rules of Helm's own loader (helm/helm pkg/chart/loader), and checks name and version by
 * the stricter rules of this program.
 * @throws HelmS3Error `invalid-chart` when Helm would not load it, with a hint what to do
 */
export async function readChartArchive(bytes: Uint8Array): Promise<ChartArchive> {
  const metadata = await loadArchive(bytes, loadBudget())
  requireKeyParts(metadata)
  return { metadata }
}

/**
 * The files of a chart archive, all with their content, if Helm would load the chart.
 * @throws HelmS3Error `invalid-chart` as {@link readChartArchive}
 */
export async function unpackChartArchive(bytes: Uint8Array): Promise<UnpackedChart> {
  const { metadata } = await readChartArchive(bytes)
  return { name: metadata.name, files: await readArchiveFiles(bytes, () => true, loadBudget()) }
}
