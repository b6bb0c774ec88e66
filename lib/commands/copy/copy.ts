import type { Context } from '../../ui/context.ts'
import type { VersionId } from '../../core/log/entry.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import type { ChartUpload } from '../../protocol/archives/chart-upload.ts'
import { withRepositoryNamed } from '../../core/repository-hint.ts'
import { pushCharts } from '../../protocol/push/push.ts'
import { WORTH_COPYING, copiesOnServer } from '../../protocol/push/server-side-copy.ts'
import type { Session } from '../../protocol/session/session.ts'
import { afterCommit } from '../steps/after-commit.ts'
import type { WantedVersion } from '../../protocol/archives/entry-archive.ts'
import { refuseBoth } from '../steps/exclusive-flags.ts'
import { identifyExisting, refuseOrphans } from '../steps/existing-versions.ts'
import { gatherCopies } from './gather-copies.ts'
import { locateRepository } from '../steps/open-repository.ts'
import { refuseOtherProvenance } from '../steps/other-provenance.ts'

export interface CopyCommand extends WantedVersion {
  /** Name or URI, as typed, as is `destination`. */
  readonly source: string
  readonly destination: string
  /** Every version that satisfies `version`, instead of the newest. */
  readonly all: boolean
  readonly force: boolean
  readonly ignoreIfExists: boolean
  readonly dryRun: boolean
  /** Takes provenance files that name other files. */
  readonly anyProv: boolean
  readonly relative: boolean | undefined
  /** Folds the new delta into `index.yaml` at once, so that readers without the plugin see the charts. */
  readonly compact: boolean
}

/** `helm s3 copy NAME SRC DST`: what SRC has is pushed to DST, archive and provenance file byte for byte. */
export async function copy(context: Context, options: CopyCommand): Promise<void> {
  refuseBoth(options)
  const source = await locateRepository(context, options.source)
  const destination = await locateRepository(context, options.destination)
  if (isSamePlace(source, destination)) {
    throw new HelmS3Error('usage', `SRC and DST are the same repository: ${source.url}`, {
      hint: 'copy to another prefix, bucket or store',
    })
  }
  const [from, to] = [await context.openSession(source), await context.openSession(destination)]
  const copies = await gatherCopies(context, from, options).catch((error: unknown) => {
    throw withRepositoryNamed(error, source)
  })
  if (!options.anyProv) refuseOtherProvenance(copies)
  const uploads = await chooseWay(to, isSameStore(source, destination), copies, options)

  const { dryRun, force, ignoreIfExists, relative } = options
  const { committed, existing, pushed } = await pushCharts(to, uploads, {
    force,
    ignoreIfExists,
    dryRun,
    relative,
    contentType: context.config.chartContentType,
  })
  if (committed !== undefined) await afterCommit(context, to, [committed], options)
  refuseOrphans(existing, destination)
  if (existing.length > 0 && !ignoreIfExists) throw refusal(existing, destination)
  context.output.result(describe(pushed, existing, dryRun), {
    source: source.url,
    repository: destination.url,
    dryRun,
    delta: committed?.id ?? null,
    copied: identify(uploads, pushed),
    existing: identifyExisting(existing),
  })
}

/**
 * Large archives are copied by the store itself, where it can do that on the condition that a push needs; all others
 * are sent. What was read is checked in any case.
 */
async function chooseWay(
  to: Session,
  canBeOne: boolean,
  uploads: readonly ChartUpload[],
  { dryRun }: CopyCommand,
): Promise<readonly ChartUpload[]> {
  const large = canBeOne && !dryRun ? uploads.filter(({ bytes }) => bytes.length >= WORTH_COPYING) : []
  const source = large[0]?.copyFrom
  const onServer = source !== undefined && (await copiesOnServer(to, source)) ? new Set(large) : new Set<ChartUpload>()
  return uploads.map((upload) => {
    const { copyFrom, ...sent } = upload
    const isCopied = onServer.has(upload) && copyFrom !== undefined
    to.detail(`helm-s3: ${upload.source} is ${isCopied ? 'copied by the store' : 'sent from this machine'}`)
    return isCopied ? upload : sent
  })
}

function isSameStore(a: RepositoryLocation, b: RepositoryLocation): boolean {
  return haveSame(a, b, ['endpoint', 'profile', 'region'])
}

/** The same bucket name in two stores is two buckets; which they are, endpoint and profile tell. */
function isSamePlace(a: RepositoryLocation, b: RepositoryLocation): boolean {
  return a.bucket === b.bucket && a.prefix === b.prefix && haveSame(a, b, ['endpoint', 'profile'])
}

/** Whether the queries of their URLs say the same about these. Empty is as not said. */
function haveSame(a: RepositoryLocation, b: RepositoryLocation, names: readonly string[]): boolean {
  const [queryA, queryB] = [new URLSearchParams(a.query), new URLSearchParams(b.query)]
  return names.every((name) => (queryA.get(name) ?? '') === (queryB.get(name) ?? ''))
}

function describe(copied: readonly VersionId[], existing: readonly VersionId[], dryRun: boolean): string[] {
  const list = (title: string, versions: readonly VersionId[]): string[] =>
    versions.length === 0 ? [] : [title, ...versions.map(({ name, version }) => `  ${name} ${version}`)]
  return [
    ...list(`${dryRun ? 'Would copy' : 'Copied'} ${formatCount(copied.length, 'version')}:`, copied),
    ...list(
      `Kept ${formatCount(existing.length, 'version')} that ${existing.length === 1 ? 'is' : 'are'} in the ` +
        `destination already:`,
      existing,
    ),
  ]
}

function refusal(existing: readonly VersionId[], { url }: RepositoryLocation): HelmS3Error {
  const names = existing.map(({ name, version }) => `${name} ${version}`).join(', ')
  return new HelmS3Error('already-exists', `${url} has ${names} already`, {
    hint: `nothing was copied; replace what is there with --force, or keep it with --ignore-if-exists`,
  })
}

function identify(uploads: readonly ChartUpload[], versions: readonly VersionId[]): object[] {
  return versions.map(({ name, version }) => ({
    name,
    version,
    digest: uploads.find((upload) => upload.version === version)?.digest,
  }))
}
