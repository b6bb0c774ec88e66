import type { Context } from '../../ui/context.ts'
import type { Entry } from '../../core/log/entry.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import { type VersionFilter, newestVersions } from '../../core/newest-versions.ts'
import { formatTime } from '../../text/format.ts'
import { renderTable, singleLine } from '../../ui/table.ts'
import { openRepository } from '../steps/open-repository.ts'
import { readIndex } from '../steps/readable-index.ts'

export interface ListCommand extends VersionFilter {
  /** Name or URI, as typed. */
  readonly repository: string
}

const HEADERS = ['NAME', 'VERSION', 'APP VERSION', 'CREATED', 'DESCRIPTION']

/** Characters of a description in the table, as in `helm search repo`. */
const MAX_DESCRIPTION = 50

/** `helm s3 list REPO [NAME]`: the merged index, newest versions first. Cost: one view. */
export async function list(context: Context, { repository, ...filter }: ListCommand): Promise<void> {
  const session = await openRepository(context, repository)
  const wanted = filter.name === undefined ? undefined : { charts: [filter.name] }
  const index = await readIndex(context, session, wanted)
  const entries = newestVersions(index, filter)
  const rows = entries.map((entry) =>
    [entry.name, entry.version, textOf(entry, 'appVersion') ?? '', createdAt(entry), shortDescription(entry)].map(
      singleLine,
    ),
  )
  const lines = rows.length > 0 ? renderTable(HEADERS, rows) : [nothingFound(index, filter)]
  context.output.result(lines, { repository: session.location.url, versions: entries.map(describe) })
}

function describe(entry: Entry): object {
  return {
    name: entry.name,
    version: entry.version,
    appVersion: textOf(entry, 'appVersion') ?? null,
    created: entry.created ?? null,
    description: textOf(entry, 'description') ?? null,
    digest: entry.digest ?? null,
    deprecated: entry['deprecated'] === true,
  }
}

function textOf(entry: Entry, field: string): string | undefined {
  const value = entry[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function createdAt({ created = '' }: Entry): string {
  const time = Date.parse(created)
  return Number.isNaN(time) ? created : formatTime(time)
}

function shortDescription(entry: Entry): string {
  const line = [...singleLine(textOf(entry, 'description') ?? '')]
  return line.length <= MAX_DESCRIPTION ? line.join('') : `${line.slice(0, MAX_DESCRIPTION - 3).join('')}...`
}

/** Why the table is empty, when the index tells. */
function nothingFound(index: IndexText, filter: VersionFilter): string {
  const { constraint, devel, name } = filter
  const names = name === undefined ? index.chartNames() : [name].filter((each) => index.items(each).length > 0)
  if (names.length === 0) return name === undefined ? 'No charts found.' : `No charts found: there is no chart ${name}.`
  if (constraint !== undefined) return `No charts found: no version satisfies ${constraint}.`
  const isHidden = !devel && newestVersions(index, { ...filter, devel: true }).length > 0
  return isHidden ? 'No charts found: there are only pre-releases, which --devel shows.' : 'No charts found.'
}
