import { parseConstraint } from './constraint.ts'
import type { Entry } from './entry.ts'
import { compareEntries } from './fold.ts'
import type { IndexText } from './index/index-text.ts'
import { type Version, parseVersion } from './version.ts'

export interface VersionFilter {
  /** Only the chart with exactly this name. */
  readonly name: string | undefined
  /** In the syntax of Helm's `--version`; undefined: stable versions. */
  readonly constraint: string | undefined
  /** Without a constraint: pre-releases count, too. */
  readonly devel: boolean
  /** Every version that satisfies the filter, instead of the newest. */
  readonly all: boolean
}

/**
 * The versions of each chart that satisfy the filter, newest first, charts in the order of their names: what
 * `helm search repo` shows (helm/helm pkg/cmd/search_repo.go). Only entries that are returned are decoded in full.
 * @throws HelmS3Error `usage` when the constraint is none; `invalid-index`
 */
export function newestVersions(index: IndexText, { all, constraint, devel, name }: VersionFilter): readonly Entry[] {
  const satisfies = parseConstraint(constraint ?? (devel ? '>0.0.0-0' : '>0.0.0'))
  const names = name === undefined ? index.chartNames().sort() : [name]
  return names.flatMap((chart) => {
    const items = index.items(chart)
    if (!all) return newestOf(items, satisfies)?.entry ?? []
    return items.filter(({ version }) => isSatisfied(version, satisfies)).sort(compareEntries).map(({ entry }) => entry)
  })
}

/** One pass, because nobody promises that an index of another program is sorted. */
function newestOf<T extends { readonly version: string }>(items: readonly T[], satisfies: (version: Version) => boolean): T | undefined {
  let newest: T | undefined
  for (const item of items) {
    if (newest !== undefined && compareEntries(newest, item) <= 0) continue
    if (isSatisfied(item.version, satisfies)) newest = item
  }
  return newest
}

function isSatisfied(text: string, satisfies: (version: Version) => boolean): boolean {
  const version = parseVersion(text)
  return version !== undefined && satisfies(version)
}
