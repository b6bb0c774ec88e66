import type { Context } from '../../ui/context.ts'
import { type Upkeep, judgeUpkeep } from '../../core/upkeep.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatAge, formatBytes, formatCount, formatTime } from '../../text/format.ts'
import { DEFAULT_GRACE_WINDOW } from '../../protocol/session/limits.ts'
import { type View, readView } from '../../protocol/read/read-view.ts'
import type { Session } from '../../protocol/session/session.ts'
import type { Style } from '../../ui/style.ts'
import { shellWord } from '../../text/terminal-text.ts'
import { openRepository } from '../steps/open-repository.ts'

export interface StatusCommand {
  /** Name or URI, as typed. */
  readonly repository: string
  /** How late a compaction may be, milliseconds. */
  readonly patience: number
}

/** What a view tells about the state of a repository. Times in milliseconds since 1970, ages in milliseconds. */
interface Status {
  readonly view: View
  readonly pendingAge: number | undefined
  readonly folded: number
  readonly foldedAge: number | undefined
  readonly lastCompaction: number | undefined
  readonly upkeep: Upkeep
  readonly reason: string
  readonly command: string | undefined
}

/**
 * `helm s3 status REPO`: what a repository holds, and whether compactions keep up. Cost: one view, of the charts that
 * pending deltas touch.
 */
export async function status(context: Context, { repository, patience }: StatusCommand): Promise<void> {
  if (patience <= 0)
    throw new HelmS3Error('usage', '--patience must be above zero', {
      hint: 'it is how late a compaction may be; the default is 15m',
    })
  const session = await openRepository(context, repository)
  const { url } = session.location
  const found = await examineFor(session, patience, repository)
  const { base, index, pending, skipped } = found.view
  const seconds = (age: number | undefined): number | null => (age === undefined ? null : Math.round(age / 1000))
  context.output.result(describe(url, found, context.output.style), {
    repository: url,
    generation: base.index.bookkeeping.generation,
    charts: index.countCharts(),
    versions: index.countEntries(),
    index: {
      bytes: base.size,
      format: base.index.form,
      writtenAt: formatTime(base.lastModified),
      pages: base.index.countPages(),
      parts: partsOf(base.etag) ?? null,
    },
    pending: { deltas: pending.length, oldestSeconds: seconds(found.pendingAge) },
    folded: { deltas: found.folded, oldestSeconds: seconds(found.foldedAge) },
    lastCompactionAt: found.lastCompaction === undefined ? null : formatTime(found.lastCompaction),
    skipped,
    upkeep: found.upkeep,
    reason: found.reason,
    command: found.command ?? null,
  })
}

/**
 * Old deltas that are not collected are all right if the repository sets a longer grace window: only then it is read.
 */
async function examineFor(session: Session, patience: number, repository: string): Promise<Status> {
  const view = await readView(session, { wanted: { charts: [] } })
  const found = examine(view, DEFAULT_GRACE_WINDOW, patience, repository)
  if (found.upkeep !== 'uncollected') return found
  const { graceWindow = DEFAULT_GRACE_WINDOW } = await session.repositoryConfig()
  return examine(view, graceWindow, patience, repository)
}

function examine(view: View, graceWindow: number, patience: number, repository: string): Status {
  const { date, index } = view.base
  const { folded } = index.bookkeeping
  const foldedTimes = view.listing.deltas.flatMap(({ id }) => folded.get(id)?.at ?? [])
  const pendingAge = ageOfOldest(
    view.pending.map(({ lastModified }) => lastModified),
    date,
  )
  const foldedAge = ageOfOldest(foldedTimes, date)
  const upkeep = judgeUpkeep({ oldestPending: pendingAge, oldestFolded: foldedAge, graceWindow, patience })
  return {
    view,
    pendingAge,
    folded: foldedTimes.length,
    foldedAge,
    lastCompaction: greatest([...folded.values()].map(({ at }) => at)),
    upkeep,
    reason: reasonFor(upkeep, view.pending.length, pendingAge, foldedAge),
    command: upkeep === 'tidy' ? undefined : `helm s3 compact ${shellWord(repository)}`,
  }
}

function reasonFor(upkeep: Upkeep, pending: number, pendingAge = 0, foldedAge = 0): string {
  switch (upkeep) {
    case 'behind':
      return (
        `the oldest pending delta has been waiting for ${formatAge(pendingAge)}: readers without this plugin ` +
        `do not see it; compact regularly, for example by cron`
      )
    case 'uncollected':
      return (
        `index.yaml is up to date, but deltas that were folded ${formatAge(foldedAge)} ago are not collected; ` +
        `compact regularly, for example by cron`
      )
    case 'tidy':
      return pending === 0 ? 'index.yaml contains every push and deletion' : 'all pending deltas are recent'
  }
}

function describe(url: string, { view, ...found }: Status, style: Style): string[] {
  const { base, index, pending, skipped } = view
  const { date, lastModified, size } = base
  const ago = (time: number): string => `${formatTime(time)} (${formatAge(date - time)} ago)`
  const deltas = (count: number, age: number | undefined): string =>
    age === undefined ? 'none' : `${formatCount(count, 'delta')}, the oldest ${formatAge(age)} ago`
  const rows: (readonly [string, string])[] = [
    ['Repository', url],
    ['Generation', String(base.index.bookkeeping.generation)],
    ['Charts', String(index.countCharts())],
    ['Versions', String(index.countEntries())],
    ['index.yaml', `${formatBytes(size)}, ${base.index.form}, ${layoutOf(base)}written ${ago(lastModified)}`],
    ['Pending', deltas(pending.length, found.pendingAge)],
    ['Folded, not collected', deltas(found.folded, found.foldedAge)],
    ['Last compaction', found.lastCompaction === undefined ? 'unknown' : ago(found.lastCompaction)],
    ...skipped.map(({ key, reason }) => ['Ignored', `${key}: ${reason}`] as const),
  ]
  const width = Math.max(...rows.map(([title]) => title.length))
  const paint = { tidy: style.good, uncollected: style.warning, behind: style.bad }[found.upkeep]
  return [
    ...rows.map(([title, value]) => `${style.heading(title.padEnd(width))}  ${value}`),
    '',
    `${paint(found.upkeep)}: ${found.reason}`,
    ...(found.command === undefined ? [] : [`  ${found.command}`]),
  ]
}

/** How `index.yaml` is divided, and how it was written: nothing for a small one. */
function layoutOf({ etag, index }: View['base']): string {
  const [pages, parts] = [index.countPages(), partsOf(etag)]
  const written = parts === undefined ? '' : `composed of ${formatCount(parts, 'part')}, `
  return pages === 0 ? written : `${formatCount(pages, 'page')}, ${written}`
}

/** Of how many parts the store has composed an object, as the end of its ETag tells. Undefined: of none. */
function partsOf(etag: string): number | undefined {
  const count = /-(\d+)"?$/.exec(etag)?.[1]
  return count === undefined ? undefined : Number(count)
}

function ageOfOldest(times: readonly number[], now: number): number | undefined {
  const oldest = greatest(times.map((time) => now - time))
  return oldest === undefined ? undefined : Math.max(0, oldest)
}

function greatest(numbers: readonly number[]): number | undefined {
  return numbers.length === 0 ? undefined : numbers.reduce((a, b) => Math.max(a, b))
}
