import type { VersionId } from '../../core/log/entry.ts'
import { archiveFileName } from '../../core/keys.ts'
import type { WantedCharts } from '../../core/index/paging.ts'

/** For more versions than this, all of the index is read at once. */
const MOST_VERSIONS = 20

/** What is asked of an index about some versions: their entries. */
export function entriesOf(versions: readonly Pick<VersionId, 'name'>[]): WantedCharts {
  return { charts: [...new Set(versions.map(({ name }) => name))] }
}

/**
 * What is asked of an index about some versions and the keys of their archives: their entries, and all that name such
 * an archive. Undefined: everything.
 */
export function entriesAndOwnersOf(versions: readonly VersionId[]): WantedCharts | undefined {
  if (versions.length > MOST_VERSIONS) return undefined
  return { ...entriesOf(versions), files: versions.map(archiveFileName) }
}
