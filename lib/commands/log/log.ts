import type { Context } from '../../ui/context.ts'
import { deltaTime } from '../../core/log/delta-id.ts'
import { type Removal, isAnnouncement } from '../../core/log/entry.ts'
import { formatTime } from '../../text/format.ts'
import { type LogEntry, type LogOptions, readLog } from '../../protocol/read/read-log.ts'
import { noticeSkipped } from '../../protocol/read/read-view.ts'
import type { Style } from '../../ui/style.ts'
import { renderTable, singleLine } from '../../ui/table.ts'
import { openRepository } from '../steps/open-repository.ts'

export interface LogCommand extends LogOptions {
  /** Name or URI, as typed. */
  readonly repository: string
}

interface Change {
  readonly change: 'added' | 'removed' | 'orphan' | 'touched'
  readonly name: string
  readonly version: string
  readonly digest: string | null
  readonly ifAbsent: boolean
}

const HEADERS = ['WHEN', 'WHO', 'COMMAND', 'STATE', 'CHANGES']

/** At most this many lines of the table for one delta. */
const MAX_CHANGES = 10

const SIGNS = { added: '+', removed: '-', orphan: 'x', touched: '~' }

/**
 * `helm s3 log REPO [NAME]`: the changes of which deltas or `index.yaml` still know, newest first. Cost: see {@link
 * readLog}.
 */
export async function log(context: Context, { repository, ...options }: LogCommand): Promise<void> {
  const session = await openRepository(context, repository)
  const { entries, hasMore, skipped } = await readLog(session, options)
  noticeSkipped(session, { skipped })
  context.output.result(describe(entries, hasMore, context.output.style, options), {
    repository: session.location.url,
    entries: entries.map(valueOf),
    hasMore,
  })
}

function valueOf(entry: LogEntry): object {
  const { delta, folded, id, state } = entry
  const { command, host, tool, user } = delta?.origin ?? {}
  return {
    id,
    at: whenOf(entry),
    state,
    foldedAt: folded === undefined ? null : formatTime(folded.at),
    user: user ?? null,
    host: host ?? null,
    tool: tool ?? null,
    command: command ?? null,
    changes: changesOf(entry),
    isComplete: delta !== undefined,
  }
}

/** The store's date of the delta; of one that is gone, the time in its id. */
function whenOf({ delta, id }: LogEntry): string {
  return formatTime(delta?.lastModified ?? deltaTime(id))
}

function changesOf({ delta, folded }: LogEntry): readonly Change[] {
  const change = (kind: Change['change'], { digest, name, version }: Removal, ifAbsent = false): Change => ({
    change: kind,
    name,
    version,
    digest: digest ?? null,
    ifAbsent,
  })
  if (delta !== undefined) {
    return [
      ...delta.removed.map((removal) => change(isAnnouncement(removal) ? 'orphan' : 'removed', removal)),
      ...delta.added.map(({ entry, ifAbsent }) => change('added', entry, ifAbsent)),
    ]
  }
  return folded === undefined || folded.touched === '*'
    ? []
    : folded.touched.map((version) => change('touched', version))
}

function describe(entries: readonly LogEntry[], hasMore: boolean, style: Style, { limit, name }: LogOptions): string[] {
  if (entries.length === 0)
    return [
      name === undefined
        ? 'No deltas: nothing has changed recently.'
        : `No deltas: nothing of ${name} has changed recently.`,
    ]
  const table = renderTable(
    HEADERS,
    entries.flatMap((entry) => rowsOf(entry, style)),
  )
  return hasMore ? [...table, '', `Only the newest ${String(limit)} are shown: --limit shows more.`] : table
}

/** One row for each change; only the first one says who made it. */
function rowsOf(entry: LogEntry, style: Style): (readonly string[])[] {
  const { delta, state } = entry
  const { command = '', host, user } = delta?.origin ?? {}
  const paint = { pending: style.warning, folded: style.good, collected: style.faint }[state]
  const who = [user, host].filter((part) => part !== undefined).join('@')
  const head = [whenOf(entry), singleLine(who), singleLine(command), paint(state)]
  return changeLines(changesOf(entry)).map((line, i) => [...(i === 0 ? head : head.map(() => '')), line])
}

function changeLines(changes: readonly Change[]): string[] {
  if (changes.length === 0) return ['no longer known']
  const lines = [...new Set(changes.map(changeLine))]
  return lines.length <= MAX_CHANGES
    ? lines
    : [...lines.slice(0, MAX_CHANGES - 1), `and ${String(lines.length - MAX_CHANGES + 1)} more, which -o json shows`]
}

/**
 * An archive without an entry is named by its file: where its name ends and its version begins is not known, and it may
 * be listed as each.
 */
function changeLine({ change, ifAbsent, name, version }: Change): string {
  const what =
    change === 'orphan'
      ? `${singleLine(`${name}-${version}`)}.tgz (no entry)`
      : `${singleLine(name)} ${singleLine(version)}`
  return `${SIGNS[change]} ${what}${ifAbsent ? ' (if absent)' : ''}`
}
