import { readFile } from 'node:fs/promises'
import { formatBytes, formatCount } from '../../text/format.ts'
import type { Context } from '../../ui/context.ts'
import { type WrittenKeepList, chartList, parseKeepList } from '../../core/keep-list.ts'
import { namePattern } from '../../core/name-pattern.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import type { KeepReason } from '../../core/plan-prune.ts'
import { HelmS3Error } from '../../errors.ts'
import { listReleaseCharts, readReleaseCharts } from '../../disk/releases.ts'
import { ORPHAN_AGE } from '../../protocol/session/limits.ts'
import { type PruneOptions, type PruneResult, prune } from '../../protocol/remove/prune.ts'
import { shellWord } from '../../text/terminal-text.ts'
import { localFileError } from '../../sys/system-error.ts'
import { renderTable } from '../../ui/table.ts'
import { afterDeletion } from '../steps/after-commit.ts'
import { locateRepository } from '../steps/open-repository.ts'

export interface PruneCommand {
  /** Name or URI, as typed. */
  readonly repository: string
  readonly keepLast: number | undefined
  /** Milliseconds. */
  readonly olderThan: number | undefined
  readonly keepPrereleases: number | undefined
  /** Globs; none: all charts. */
  readonly names: readonly string[]
  readonly keepFiles: readonly string[]
  /** Files of releases; the empty text: ask Helm. */
  readonly inUse: readonly string[]
  readonly orphans: boolean
  readonly allowManyOrphans: boolean
  readonly dryRun: boolean
}

/** `helm s3 prune REPO`: removes versions that no rule keeps, in one delta, and archives that no entry names. */
export async function pruneCommand(context: Context, options: PruneCommand): Promise<void> {
  const { allowManyOrphans, dryRun, olderThan, orphans } = options
  refuseIdleRules(options)
  const location = await locateRepository(context, options.repository)
  const keepLists = hasCriterion(options) ? await Promise.all(options.keepFiles.map(readKeepFile)) : []
  const rules = await readRules(options, context.config.helm.program, keepLists)
  const session = await context.openSession(location)
  const orphanAge = orphans ? ORPHAN_AGE : undefined
  const result = await prune(session, { rules, olderThan, orphanAge, allowManyOrphans, dryRun })
  await afterDeletion(context, session, result)
  keepLists.forEach((list, i) => {
    for (const line of list.unmatched())
      context.output.notice(`helm-s3: ${options.keepFiles[i] ?? ''} has a line that matches nothing: ${line}`)
  })
  context.output.result(describe(result, location, dryRun), {
    repository: location.url,
    dryRun,
    deltas: result.committed.map(({ id }) => id),
    removed: result.removed.map(({ entry: { name, version, created = null }, size }) => ({
      name,
      version,
      created,
      bytes: size,
    })),
    orphans: result.orphans.map(({ key, size }) => ({ key, bytes: size })),
    foreign: result.foreign.map(({ key, reason, size }) => ({ key, bytes: size, reason })),
    kept: result.kept.map(({ entry: { name, version }, reason }) => ({ name, version, reason })),
    keptArchives: result.keptArchives,
    freedBytes: result.freed,
  })
}

function hasCriterion({ keepLast, keepPrereleases, olderThan }: PruneCommand): boolean {
  return keepLast !== undefined || keepPrereleases !== undefined || olderThan !== undefined
}

/** Refuses rules without effect: they would look as if they protected something. */
function refuseIdleRules(options: PruneCommand): void {
  const { inUse, keepFiles, keepLast, keepPrereleases, names, orphans } = options
  if (!hasCriterion(options) && !orphans) {
    throw new HelmS3Error('usage', 'no rule says what to remove', {
      hint:
        'give --keep-last, --older-than, --keep-prereleases or --orphans; add --dry-run to see what would be ' +
        'removed',
    })
  }
  const isOnlyOrphans = keepLast === undefined && keepPrereleases === undefined && orphans
  const versionRules = names.length + keepFiles.length + inUse.length > 0
  if (isOnlyOrphans && versionRules && options.olderThan === undefined) {
    throw new HelmS3Error(
      'usage',
      '--name, --keep-file and --keep-in-use select chart versions, and --orphans alone removes none',
      {
        hint: 'add --keep-last, --older-than or --keep-prereleases, or leave them out',
      },
    )
  }
  if ([...names, ...keepFiles].includes(''))
    throw new HelmS3Error('usage', '--name and --keep-file need a text that is not empty')
}

async function readRules(
  options: PruneCommand,
  helm: string,
  keepLists: readonly WrittenKeepList[],
): Promise<PruneOptions['rules']> {
  if (!hasCriterion(options)) return undefined
  const { keepLast, keepPrereleases, names } = options
  const patterns = names.map(namePattern)
  const charts = await Promise.all(
    options.inUse.map((file) => (file === '' ? listReleaseCharts(helm) : readReleaseCharts(file))),
  )
  return {
    keepLast,
    keepPrereleases,
    isPruned: (name) => patterns.length === 0 || patterns.some((matches) => matches(name)),
    isKept: (id) => keepLists.some(({ names }) => names(id)),
    note: (id) => {
      for (const list of keepLists) list.note(id)
    },
    isInUse: chartList(charts.flat()),
  }
}

async function readKeepFile(path: string): Promise<WrittenKeepList> {
  try {
    return parseKeepList(await readFile(path, 'utf8'))
  } catch (cause) {
    throw localFileError(path, 'open keep file', cause)
  }
}

/** At most this many files that are no orphans are named. */
const MOST_FOREIGN = 20

const REASONS: Readonly<Record<KeepReason, string>> = {
  'keep-last': 'among the newest',
  'keep-prereleases': 'among the newest prereleases',
  younger: 'too young',
  'keep-file': 'in a keep file',
  'in-use': 'in use',
  unranked: 'of a kind that no rule covers',
  'no-version': 'without a valid version',
}

function describe(
  { foreign, freed, kept, keptArchives, orphans, removed }: PruneResult,
  { address }: RepositoryLocation,
  dryRun: boolean,
): string[] {
  const rows = [
    ...removed.map(({ entry: { name, version, created = '' }, size }) => [
      name,
      version,
      created.slice(0, 10),
      formatBytes(size),
    ]),
    ...orphans.map(({ key, size }) => [key, '(no entry)', '', formatBytes(size)]),
  ]
  const lines = rows.length === 0 ? [] : [...renderTable(['NAME', 'VERSION', 'CREATED', 'SIZE'], rows), '']
  if (rows.length === 0) lines.push('Nothing to remove.')
  else {
    const what = [
      ...(removed.length > 0 ? [formatCount(removed.length, 'chart version')] : []),
      ...(orphans.length > 0 ? [formatCount(orphans.length, 'orphan')] : []),
    ]
    lines.push(`${dryRun ? 'Would remove' : 'Removed'} ${what.join(' and ')}: ${formatBytes(freed)}.`)
  }
  const reasons = Object.entries(REASONS).flatMap(([reason, words]) => {
    const number = kept.filter((each) => each.reason === reason).length
    return number === 0 ? [] : [`${String(number)} ${words}`]
  })
  if (reasons.length > 0) lines.push(`Kept ${formatCount(kept.length, 'chart version')}: ${reasons.join(', ')}.`)
  const elsewhere = removed.filter((each) => each.isElsewhere).length
  if (elsewhere > 0)
    lines.push(`The archives of ${formatCount(elsewhere, 'version')} are outside this repository, and are kept.`)
  if (foreign.length > 0) {
    lines.push(
      `Kept ${formatCount(foreign.length, 'file')} without an entry, of which nothing proves that ` +
        `${foreign.length === 1 ? 'it is an orphan' : 'they are orphans'}:`,
    )
    lines.push(...foreign.slice(0, MOST_FOREIGN).map(({ key, reason }) => `  ${key}: ${reason}`))
    if (foreign.length > MOST_FOREIGN)
      lines.push(`  and ${String(foreign.length - MOST_FOREIGN)} more: -o json lists them all`)
  }
  if (keptArchives.length > 0) {
    lines.push(
      `${formatCount(keptArchives.length, 'archive')} could not be removed with certainty; \`helm s3 prune ` +
        `${shellWord(address)} --orphans\` does it later.`,
    )
  }
  return lines
}
