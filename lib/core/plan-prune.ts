import { type Entry, type VersionId, underName, versionKey } from './log/entry.ts'
import { compareEntries } from './fold.ts'
import type { IndexText } from './index/index-text.ts'
import type { KeepList } from './keep-list.ts'
import { parseVersion } from './helm/version.ts'

/** Which chart versions a prune may remove. When none of the first three rules is given, it removes nothing. */
export interface PruneRules {
  /**
   * This many of the newest stable versions of each chart stay. Undefined: no stable version stays because of its rank.
   */
  readonly keepLast: number | undefined
  /** The same for prereleases, which are counted separately. */
  readonly keepPrereleases: number | undefined
  /** Only versions that were created before this moment are removed: milliseconds since 1970. */
  readonly createdBefore: number | undefined
  /** Whether the versions of a chart with this name may be removed. Other charts are not looked at. */
  readonly isPruned: (name: string) => boolean
  readonly isKept: KeepList
  readonly isInUse: KeepList
  /** Called for every existing version, also of charts that are not looked at. */
  readonly note?: (id: VersionId) => void
}

/** Why a version stays. `unranked`: no rule of this call applies to its kind, stable or prerelease. */
export type KeepReason =
  'keep-last' | 'keep-prereleases' | 'younger' | 'keep-file' | 'in-use' | 'unranked' | 'no-version'

export interface PrunePlan {
  /** The entries to remove, by chart name, newest first. */
  readonly remove: readonly Entry[]
  readonly keep: readonly { readonly entry: Entry; readonly reason: KeepReason }[]
}

/**
 * Which chart versions a prune removes, and why the others of the same charts stay. A version goes when no rule keeps
 * it:
 *
 * - stable versions are judged when `keepLast` or `createdBefore` is given, prereleases when `keepPrereleases` or
 *   `createdBefore` is: `keepLast` alone never removes a prerelease, and `keepPrereleases` alone never removes a stable
 *   version;
 * - of those judged, a version stays when it is among the newest N of its kind, or when it is not older than
 *   `createdBefore`: it goes only when neither is true;
 * - a version that a list names stays, and so does one that Helm cannot order, or one without a time when an age is
 *   asked for.
 *
 * Versions that a list keeps count among the newest N.
 */
export function planPrune(index: IndexText, rules: PruneRules): PrunePlan {
  const remove: Entry[] = []
  const keep: { entry: Entry; reason: KeepReason }[] = []
  if (rules.note !== undefined)
    for (const name of index.chartNames()) for (const { version } of index.items(name)) rules.note({ name, version })
  for (const name of index.chartNames().filter(rules.isPruned).sort()) {
    const ranks = { stable: 0, prerelease: 0 }
    for (const entry of eachOnce(index.versions(name).map((each) => underName(name, each))).sort((a, b) =>
      compareEntries({ version: a.version, entry: a }, { version: b.version, entry: b }),
    )) {
      const version = parseVersion(entry.version)
      const kind = version === undefined || version.prerelease.length === 0 ? 'stable' : 'prerelease'
      const reason = version === undefined ? 'no-version' : keepReason(entry, kind, ++ranks[kind], rules)
      if (reason === undefined) remove.push(entry)
      else keep.push({ entry, reason })
    }
  }
  return { remove, keep }
}

/** Why a version stays; undefined: it goes. `rank`: 1 for the newest of its kind. */
function keepReason(
  entry: Entry,
  kind: 'stable' | 'prerelease',
  rank: number,
  rules: PruneRules,
): KeepReason | undefined {
  const { createdBefore, isInUse, isKept, keepLast, keepPrereleases } = rules
  const count = kind === 'stable' ? keepLast : keepPrereleases
  if (count === undefined && createdBefore === undefined) return 'unranked'
  if (isInUse(entry)) return 'in-use'
  if (isKept(entry)) return 'keep-file'
  if (count !== undefined && rank <= count) return kind === 'stable' ? 'keep-last' : 'keep-prereleases'
  if (createdBefore !== undefined && !(Date.parse(entry.created ?? '') < createdBefore)) return 'younger'
  return undefined
}

/** The first entry of each version, which is the one that Helm takes. */
function eachOnce(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>()
  return entries.filter((entry) => !seen.has(versionKey(entry)) && seen.add(versionKey(entry)))
}
