import type { Context } from '../../ui/context.ts'
import type { ReindexChange } from '../../core/reindex/reindex-change.ts'
import { type ReindexOptions, type ReindexResult, reindexRepository } from '../../protocol/reindex/reindex.ts'
import { afterCommit } from '../steps/after-commit.ts'
import { openRepository } from '../steps/open-repository.ts'
import { describeRepaired, repairedValue } from '../steps/repaired-index.ts'

export interface ReindexCommand extends Omit<ReindexOptions, 'afterCommit'> {
  /** Name or URI, as typed. */
  readonly repository: string
  /** Folds what was committed into `index.yaml` at once. */
  readonly compact: boolean
}

/** Lines of one kind that are shown; `--verbose` shows them all. */
const MAX_LINES = 20

/** `helm s3 reindex REPO`: brings the index into agreement with the archives. */
export async function reindex(context: Context, options: ReindexCommand): Promise<void> {
  const { output } = context
  const { dryRun, repository } = options
  const session = await openRepository(context, repository)
  const result = await reindexRepository(session, {
    ...options,
    afterCommit: (committed) => afterCommit(context, session, [committed], options),
  })

  for (const { isLeftOut, key, reason } of result.problems) {
    output.notice(
      isLeftOut === true
        ? `helm-s3: not added, because Helm would skip it: ${key}: ${reason}`
        : `[ERROR] failed to add chart to the index: ${key}: ${reason}`,
    )
  }
  const debug = output.isVerbose
    ? result.changes
        .filter(({ entry }) => entry !== undefined)
        .map((change) => `[DEBUG] Adding ${fileOf(change)} to index.`)
    : []
  const last = dryRun
    ? `Repository ${repository} was not changed: this was a dry run.`
    : `Repository ${repository} was successfully reindexed.`
  output.result(
    [
      ...debug,
      ...describe(result, dryRun, output.isVerbose),
      ...describeRepaired(result.repaired, session.location),
      last,
    ],
    {
      repository: session.location.url,
      dryRun,
      rebuilt: result.rebuilt,
      broken: repairedValue(result.repaired),
      archives: result.archives,
      opened: result.opened,
      ...valuesOf(result.changes),
      skipped: result.problems.map(({ key, reason }) => ({ key, reason })),
      left: result.left.map(({ key }) => key),
      deltas: result.deltas,
    },
  )
}

function describe({ changes, left, rebuilt, repaired }: ReindexResult, dryRun: boolean, isVerbose: boolean): string[] {
  const lines = rebuilt ? [rebuiltLine(repaired === undefined, dryRun)] : []
  const list = (verb: string, items: readonly string[]): void => {
    const shown = isVerbose ? items : items.slice(0, MAX_LINES)
    lines.push(...shown.map((item) => `${verb} ${item}`))
    if (items.length > shown.length)
      lines.push(`${verb} ${String(items.length - shown.length)} more; --verbose names them.`)
  }
  const name = (change: ReindexChange): string => `${change.name} ${change.version} (${fileOf(change)})`
  const { added, replaced, removed } = sortOut(changes)
  list(dryRun ? 'Would add' : 'Added', added.map(name))
  list(dryRun ? 'Would replace' : 'Replaced', replaced.map(name))
  list(dryRun ? 'Would remove' : 'Removed', removed.map(name))
  list(
    'Skipped (it is being changed, or was just deleted):',
    left.map(({ key }) => `${key}; run again in a few minutes`),
  )
  return lines
}

function rebuiltLine(wasMissing: boolean, dryRun: boolean): string {
  if (wasMissing) return dryRun ? 'There is no index.yaml: would create one.' : 'There was no index.yaml: created one.'
  return dryRun ? 'Would replace index.yaml by a new one.' : 'Replaced index.yaml by a new one.'
}

function sortOut(
  changes: readonly ReindexChange[],
): Record<'added' | 'replaced' | 'removed', readonly ReindexChange[]> {
  return {
    added: changes.filter(({ entry, seen }) => entry !== undefined && seen === undefined),
    replaced: changes.filter(({ entry, seen }) => entry !== undefined && seen !== undefined),
    removed: changes.filter(({ entry }) => entry === undefined),
  }
}

function valuesOf(changes: readonly ReindexChange[]): object {
  const value = ({ entry, key, name, seen, version }: ReindexChange): object => ({
    name,
    version,
    digest: (entry ?? seen)?.digest ?? null,
    key,
  })
  return Object.fromEntries(Object.entries(sortOut(changes)).map(([kind, items]) => [kind, items.map(value)]))
}

function fileOf({ key }: ReindexChange): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
