import type { Context } from '../../ui/context.ts'
import type { Entry, VersionId } from '../../core/log/entry.ts'
import { type RepositoryLocation, archiveKey, objectOfUrl } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import { type EntryTarget, deleteSelected, isElsewhere } from '../../protocol/remove/delete.ts'
import type { UnlikeArchive } from '../../protocol/remove/deletion.ts'
import { formatCount } from '../../text/format.ts'
import { shellWord } from '../../text/terminal-text.ts'
import { afterDeletion } from '../steps/after-commit.ts'
import { openRepository } from '../steps/open-repository.ts'
import { requireVersions } from '../steps/version-list.ts'

export interface DeleteCommand {
  readonly name: string
  /** Name or URI, as typed. */
  readonly repository: string
  /** As typed: each may be a comma-separated list. */
  readonly versions: readonly string[]
  /** Deletes all versions of the chart instead. */
  readonly all: boolean
  readonly dryRun: boolean
  /** Ignores versions that do not exist, and a chart that has none. */
  readonly ignoreMissing: boolean
}

/** `helm s3 delete NAME REPO --version V[,V...]`: all versions exist, or nothing happens. */
export async function deleteCommand(context: Context, options: DeleteCommand): Promise<void> {
  refuseUnclearVersions(options)
  const versions = options.all ? [] : requireVersions(options.versions)
  const session = await openRepository(context, options.repository)
  const { location } = session
  const { all, dryRun } = options
  const { committed, keptArchives, targets, unlike } = await deleteSelected(
    session,
    options.name,
    all ? 'all' : versions,
    options,
  )
  const isSaid = new Set(unlike.map(({ key }) => key))
  await afterDeletion(context, session, { committed, keptArchives: keptArchives.filter((key) => !isSaid.has(key)) })
  for (const { entry, key } of targets) if (isElsewhere(entry, key)) sayThatItStays(context, location, entry)
  for (const reason of ['other-bytes', 'no-digest'] as const)
    sayWhichStay(
      context,
      location,
      targets,
      unlike.filter((each) => each.reason === reason),
    )
  const removed = [...new Map(targets.map(({ entry: { name, version } }) => [version, { name, version }])).values()]
  const delta = committed.at(-1)?.id ?? null
  context.output.result(describe(options, removed), { repository: location.url, dryRun, delta, removed, keptArchives })
}

/** Nobody expects a deletion to remove an archive from another web server, but somebody may expect it of one in S3. */
function sayThatItStays(
  { output }: Context,
  location: RepositoryLocation,
  { name, urls: [url = ''] = [], version }: Entry,
): void {
  const line = `helm-s3: the archive of ${name} ${version} is outside this repository and was not deleted: ${url}`
  if (objectOfUrl(location, url) === undefined) output.detail(line)
  else output.notice(line)
}

/** At most this many archives are named. */
const MOST_NAMED = 20

const REASONS: Readonly<Record<UnlikeArchive['reason'], string>> = {
  'other-bytes': 'the bytes do not match the digest in the index',
  'no-digest': 'the index has no digest that proves what it is',
}

/**
 * One line about archives that are kept, for one reason, although their entries are removed. `prune --orphans` removes
 * only archives that are named after their chart, and `reindex` adds none as long as the delta of its removal exists.
 */
function sayWhichStay(
  { output }: Context,
  location: RepositoryLocation,
  targets: readonly EntryTarget[],
  unlike: readonly UnlikeArchive[],
): void {
  const [first] = unlike
  if (first === undefined) return
  const keys = unlike.slice(0, MOST_NAMED).map(({ key }) => key)
  const more = unlike.length > keys.length ? ` and ${formatCount(unlike.length - keys.length, 'archive')} more` : ''
  const repository = shellWord(location.address)
  const proper = new Set(targets.map(({ entry }) => archiveKey(location, entry)))
  const isProper = unlike.every(({ key }) => proper.has(key))
  const commands =
    `\`helm s3 compact ${repository}\` and then \`helm s3 reindex ${repository}\` add it, or \`helm ` +
    `s3 prune ${repository} --orphans\` removes it`
  const way = isProper
    ? `if it is that chart, wait an hour: ${commands}; otherwise delete the object`
    : 'delete the object if nobody needs it'
  output.notice(
    `helm-s3: removed from the index, and still in the bucket: ${keys.join(', ')}${more} ` +
      `(${REASONS[first.reason]}); ${way}`,
  )
}

function refuseUnclearVersions({ all, versions }: DeleteCommand): void {
  if (all && versions.length > 0) {
    throw new HelmS3Error('usage', '--all and --version cannot be given together', { hint: 'give only one of them' })
  }
  if (!all && versions.length === 0) throw new HelmS3Error('usage', 'required flag(s) "version" not set')
}

function describe({ dryRun }: DeleteCommand, removed: readonly VersionId[]): string[] {
  if (removed.length === 0) return ['Nothing to delete.']
  if (dryRun) return ['Would delete:', ...removed.map(({ name, version }) => `  ${name} ${version}`)]
  if (removed.length === 1) return ['Successfully deleted the chart from the repository.']
  return [`Successfully deleted ${String(removed.length)} chart versions from the repository.`]
}
