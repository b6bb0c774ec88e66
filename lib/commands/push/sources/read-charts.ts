import { readChartArchive } from '../../../chart/chart-archive.ts'
import type { PackageOptions } from '../../../chart/package-chart.ts'
import type { Context } from '../../../ui/context.ts'
import { HelmS3Error, hasCode } from '../../../errors.ts'
import { readChartFolder } from '../../../disk/chart-folder.ts'
import type { ChartUpload } from '../../../protocol/archives/chart-upload.ts'
import { sha256 } from '../../../sys/sha256.ts'
import { readArchiveFile, readProvenanceFile } from './archive-file.ts'
import { readBucketArchive } from './bucket-archive.ts'
import { type ChartBytes, cannotPush } from './chart-bytes.ts'
import { explainFolder } from './explain-folder.ts'
import { readPipedArchive } from './piped-archive.ts'
import { type SourceFlags, refuseContradictions } from './refuse-contradictions.ts'
import { type ChartSource, expandPaths } from './source.ts'

/**
 * The charts that these arguments name, each with its provenance file. If some cannot be read, one error lists the
 * problems of all.
 * @throws HelmS3Error `usage`, `invalid-chart`, `local-file`, `invalid-url`, `not-found`; errors of the store
 */
export async function readCharts(
  context: Context,
  paths: readonly string[],
  flags: SourceFlags,
): Promise<readonly ChartUpload[]> {
  const sources = await expandPaths(paths)
  refuseContradictions(sources, flags, context.stdin)
  const provenance = flags.prov === undefined ? undefined : readProvenanceFile(flags.prov, 'required')
  const charts: ChartUpload[] = []
  const problems: HelmS3Error[] = []
  for (const source of sources) {
    try {
      const chart = await readChart(context, source, flags)
      charts.push(provenance === undefined ? chart : { ...chart, provenance })
    } catch (error) {
      if (!(error instanceof HelmS3Error)) throw error
      problems.push(error)
    }
  }
  const [first] = problems
  if (first === undefined) return charts
  if (sources.length === 1) throw first
  const list = problems.map(({ message, hint }) => `\n  ${message}${hint === undefined ? '' : ` (${hint})`}`)
  throw new HelmS3Error(
    first.code,
    `${String(problems.length)} of ${String(sources.length)} charts cannot be pushed:${list.join('')}`,
    {
      hint: 'nothing was pushed',
    },
  )
}

async function readChart(context: Context, source: ChartSource, options: PackageOptions): Promise<ChartUpload> {
  const name = source.kind === 'stdin' ? 'standard input' : source.path
  try {
    const { bytes, provenance } = await readSource(context, source, options)
    const { metadata } = await readChartArchive(bytes)
    return {
      name: metadata.name,
      version: metadata.version,
      digest: sha256(bytes),
      bytes,
      provenance,
      metadata,
      source: name,
    }
  } catch (error) {
    if (!hasCode(error, 'invalid-chart') || error.message.startsWith('failed to load chart file: ')) throw error
    throw cannotPush(name, error.message, error.hint ?? '', error)
  }
}

async function readSource(context: Context, { kind, path }: ChartSource, options: PackageOptions): Promise<ChartBytes> {
  switch (kind) {
    case 'archive':
      return readArchiveFile(path)
    case 'bucket':
      return readBucketArchive(context, path)
    case 'stdin':
      return readPipedArchive(context.stdin)
    case 'folder': {
      const { packageChart } = await import('../../../chart/package-chart.ts')
      const files = await readChartFolder(path)
      return { bytes: await explainFolder(path, files, () => packageChart(files, options)), provenance: undefined }
    }
  }
}
