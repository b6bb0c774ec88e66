import { type ArchiveFile, readArchiveFiles } from './archive-files.ts'
import { loadBudget } from './load-budget.ts'
import { loadArchive } from './load-chart.ts'
import { type Metadata, requireKeyParts } from './metadata.ts'

/** A chart that Helm would load. */
export interface ChartArchive {
  /** Chart.yaml and, in old charts, requirements.yaml. */
  readonly metadata: Metadata
}

/** What `fetch --untar` writes. */
export interface UnpackedChart {
  /** Of the folder; a single path segment. */
  readonly name: string
  /** In the order of the archive; of two with one path Helm keeps the later. */
  readonly files: readonly ArchiveFile[]
}

/**
 * Reads a chart archive by the rules of Helm's own loader (helm/helm pkg/chart/loader), and by our own for name and
 * version.
 * @throws HelmS3Error `invalid-chart` when Helm would not load it, with what to do
 */
export async function readChartArchive(bytes: Uint8Array): Promise<ChartArchive> {
  const metadata = await loadArchive(bytes, loadBudget())
  requireKeyParts(metadata)
  return { metadata }
}

/**
 * The files of a chart archive, all with their content, when Helm would load the chart.
 * @throws HelmS3Error `invalid-chart` as {@link readChartArchive}
 */
export async function unpackChartArchive(bytes: Uint8Array): Promise<UnpackedChart> {
  const { metadata } = await readChartArchive(bytes)
  return { name: metadata.name, files: await readArchiveFiles(bytes, () => true, loadBudget()) }
}
