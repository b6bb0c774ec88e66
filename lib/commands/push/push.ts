import type { Context } from '../../ui/context.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import type { ChartUpload } from '../../protocol/archives/chart-upload.ts'
import { type PushResult, pushCharts } from '../../protocol/push/push.ts'
import { afterCommit } from '../steps/after-commit.ts'
import { readCharts } from './sources/read-charts.ts'
import type { SourceFlags } from './sources/refuse-contradictions.ts'
import { refuseBoth } from '../steps/exclusive-flags.ts'
import { identifyExisting, refuseOrphans } from '../steps/existing-versions.ts'
import { locateRepository } from '../steps/open-repository.ts'
import { refuseOtherProvenance } from '../steps/other-provenance.ts'
import { shellWord } from '../../text/terminal-text.ts'

export interface PushCommand extends SourceFlags {
  /** Of archives and folders, patterns, `s3://` URLs, or `-`: as typed, at least one. */
  readonly paths: readonly string[]
  /** Name or URI, as typed. */
  readonly repository: string
  readonly force: boolean
  readonly ignoreIfExists: boolean
  readonly dryRun: boolean
  /** Takes provenance files that name other files. */
  readonly anyProv: boolean
  readonly relative: boolean | undefined
  readonly contentType: string | undefined
  /** Folds the new delta into `index.yaml` at once, so that readers without the plugin see the charts. */
  readonly compact: boolean
}

/** `helm s3 push PATH... REPO`: several charts are one delta, all of them visible at the same moment. */
export async function push(context: Context, options: PushCommand): Promise<void> {
  refuseBoth(options)
  const location = await locateRepository(context, options.repository)
  const charts = await readCharts(context, options.paths, options)
  if (!options.anyProv) refuseOtherProvenance(charts)
  const session = await context.openSession(location)
  const { force, ignoreIfExists, dryRun, relative } = options
  const contentType = options.contentType ?? context.config.chartContentType
  const result = await pushCharts(session, charts, { force, ignoreIfExists, dryRun, relative, contentType })

  if (result.committed !== undefined) await afterCommit(context, session, [result.committed], options)
  refuseOrphans(result.existing, location)
  if (result.existing.length > 0 && !ignoreIfExists)
    throw refusal(options, charts.length, result, session.changes.addedText)
  context.output.result(describe(charts, result), {
    repository: location.url,
    dryRun,
    delta: result.committed?.id ?? null,
    pushed: identify(charts, result.pushed),
    existing: identifyExisting(result.existing),
  })
}

function describe(charts: readonly ChartUpload[], { pushed, existing }: PushResult): string[] {
  const kept = 'The chart already exists in the repository, keep existing chart and ignore push.'
  if (charts.length === 1) return [existing.length > 0 ? kept : 'Successfully uploaded the chart to the repository.']
  const lines: string[] = []
  if (pushed.length > 0) lines.push(`Successfully uploaded ${formatCount(pushed.length, 'chart')} to the repository.`)
  if (existing.length === 1) lines.push(kept)
  if (existing.length > 1) {
    lines.push(
      `${formatCount(existing.length, 'chart')} already exist in the repository, keep existing charts and ignore push.`,
    )
  }
  return lines
}

/** `added`: what was committed before another push was seen. */
function refusal(
  { paths, repository }: PushCommand,
  count: number,
  { existing }: PushResult,
  added: string | undefined,
): HelmS3Error {
  const typed = [...paths, repository].map(shellWord).join(' ')
  const names = existing.map(({ name, version }) => `  ${name} ${version}\n`).join('')
  const subject =
    count === 1
      ? 'The chart already exists in the repository and cannot be overwritten without an explicit intent.\n'
      : `These charts already exist in the repository and cannot be overwritten without an explicit ` +
        `intent:\n\n${names}\n` +
        (added === undefined ? 'Nothing was pushed.\n' : `Pushed before that was seen: ${added}.\n`)
  const text = `${subject}
If you want to replace existing chart, use --force flag:

  helm s3 push --force ${typed}

If you want to ignore this error, use --ignore-if-exists flag:

  helm s3 push --ignore-if-exists ${typed}

`
  return new HelmS3Error('already-exists', text, { bare: true })
}

function identify(charts: readonly ChartUpload[], versions: PushResult['pushed']): object[] {
  return versions.map(({ name, version }) => {
    const digest = charts.find((chart) => chart.name === name && chart.version === version)?.digest
    return { name, version, digest }
  })
}
