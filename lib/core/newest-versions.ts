import { hasCode } from '../errors.ts'
import { skippedBecause } from './check/check-base.ts'
import { isSameBuild, namesBuild, parseConstraint } from './helm/constraint.ts'
import { type Entry, underName } from './log/entry.ts'
import { compareEntries } from './fold.ts'
import type { IndexItem } from './index/index-item.ts'
import type { IndexText } from './index/index-text.ts'
import { parseVersion } from './helm/version.ts'

export interface VersionFilter {
  /** Only the chart with exactly this name. Undefined: all charts. */
  readonly name: string | undefined
  /** A constraint in the syntax of Helm's `--version`. Undefined: stable versions. */
  readonly constraint: string | undefined
  /** When there is no constraint: pre-releases count, too. */
  readonly devel: boolean
  /** Every version that satisfies the filter instead of only the newest. */
  readonly all: boolean
}

/**
 * The versions of each chart that satisfy the filter, newest first, with the charts in the order of their names. The
 * result is what `helm search repo` shows (helm/helm pkg/cmd/search_repo.go): by the names of the charts, and without
 * entries that Helm skips, unless the constraint is the exact text of their version. One thing differs: a whole version
 * with build metadata means exactly that build. Only the entries that are returned are decoded in full.
 * @throws HelmS3Error `usage` when the constraint is not valid; `invalid-index`
 */
export function newestVersions(index: IndexText, { all, constraint, devel, name }: VersionFilter): readonly Entry[] {
  const names = name === undefined ? index.chartNames().sort() : [name]
  const satisfies = satisfying(index, names, constraint ?? (devel ? '>0.0.0-0' : '>0.0.0'))
  return names.flatMap((chart) => {
    const items = index.items(chart)
    const isShown = ({ entry, version }: IndexItem): boolean =>
      version === constraint || skippedBecause(entry) === undefined
    const newest = all ? undefined : newestOf(items, satisfies, isShown)
    const found = all
      ? items.filter((item) => satisfies(item.version) && isShown(item)).sort(compareEntries)
      : newest === undefined
        ? []
        : [newest]
    return found.map(({ entry }) => underName(chart, entry))
  })
}

/**
 * A test whether a version satisfies the constraint. A text that is not a constraint may be the exact version of an
 * entry: `1.0.0.0`.
 */
function satisfying(index: IndexText, names: readonly string[], text: string): (version: string) => boolean {
  try {
    const satisfies = parseConstraint(text)
    const isBuild = namesBuild(text)
    return (version) => {
      const parsed = isBuild && !isSameBuild(version, text) ? undefined : parseVersion(version)
      return parsed !== undefined && satisfies(parsed)
    }
  } catch (error) {
    if (!hasCode(error, 'usage') || !names.some((name) => index.items(name).some(({ version }) => version === text)))
      throw error
    return (version) => version === text
  }
}

/** Finds the newest version in one pass over all, because an index of another program need not be sorted. */
function newestOf(
  items: readonly IndexItem[],
  satisfies: (version: string) => boolean,
  isShown: (item: IndexItem) => boolean,
): IndexItem | undefined {
  let newest: IndexItem | undefined
  for (const item of items) {
    if (newest !== undefined && compareEntries(newest, item) <= 0) continue
    if (satisfies(item.version) && isShown(item)) newest = item
  }
  return newest
}
