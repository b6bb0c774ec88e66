import { hasCode } from '../errors.ts'
import { skippedBecause } from './check/check-base.ts'
import { isSameBuild, namesBuild, parseConstraint } from './helm/constraint.ts'
import { type Entry, underName } from './log/entry.ts'
import { compareEntries } from './fold.ts'
import type { IndexItem } from './index/index-item.ts'
import type { IndexText } from './index/index-text.ts'
import { parseVersion } from './helm/version.ts'

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
 * The versions of each chart that satisfy the filter, newest first, charts in the order of their names: what `helm
 * search repo` shows (helm/helm pkg/cmd/search_repo.go): by the names of their charts, without those that Helm skips,
 * unless the constraint is the very text of their version; but a whole version with build metadata means exactly that
 * build. Only entries that are returned are decoded in full.
 * @throws HelmS3Error `usage` when the constraint is none; `invalid-index`
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

/** Whether a version satisfies the constraint. A text that is none may be the very version of an entry: `1.0.0.0`. */
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

/** One pass, because nobody promises that an index of another program is sorted. */
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
