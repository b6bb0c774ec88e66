import { HelmS3Error } from '../../errors.ts'
import type { Entry } from '../log/entry.ts'
import { MAX_CONSTRAINT } from '../../text/size-limits.ts'
import { type Version, compareVersions, normalizeVersion, parseVersion } from './version.ts'

/**
 * The entry that Helm would choose for `--version` (`Get` in helm/helm pkg/repo/v1/index.go): the entry with exactly
 * this version; else the newest that satisfies the text as a constraint; for the empty text the newest without a
 * prerelease.
 * @param entries versions of one chart, in any order; of two that differ only in build metadata the first is chosen
 * @throws HelmS3Error `usage` when the text is no constraint
 */
export function findVersion(entries: readonly Entry[], text: string): Entry | undefined {
  const exact = text === '' ? undefined : entries.find(({ version }) => version === text)
  if (exact !== undefined) return exact
  const satisfies = parseConstraint(text === '' ? '*' : text)
  const newestFirst = entries.toSorted((a, b) => compareVersions(b.version, a.version))
  return newestFirst.find(({ version }) => {
    const parsed = parseVersion(version)
    return parsed !== undefined && satisfies(parsed)
  })
}

/**
 * Whether the text names one build: a whole version with build metadata. (When that build is missing, Helm takes
 * another build of the version.)
 */
export function namesBuild(text: string): boolean {
  return isWhole(text) && parseVersion(text)?.metadata !== ''
}

/** Whether the text is a single version with all three numbers, and not a constraint. */
export function isWhole(text: string): boolean {
  return /^v?\d+\.\d+\.\d+(?:[-+]|$)/.test(text) && parseVersion(text) !== undefined
}

/** Whether two texts are the same version including its build metadata, as `v1.0.0+a` and `1.0.0+a` are. */
export function isSameBuild(a: string, b: string): boolean {
  const [left, right] = [parseVersion(a), parseVersion(b)]
  return a === b || (left !== undefined && right !== undefined && normalizeVersion(left) === normalizeVersion(right))
}

/**
 * Returns a test whether a version satisfies a constraint in the syntax of Masterminds/semver: comparisons joined by
 * spaces or commas (and) and by `||` (or); `=`, `!=`, `<`, `<=`, `>`, `>=`, `~`, `^`, ranges `a - b`, and `x`, `X` or
 * `*` for any number.
 * @throws HelmS3Error `usage`
 */
export function parseConstraint(text: string): (version: Version) => boolean {
  if (text.length > MAX_CONSTRAINT) {
    throw new HelmS3Error(
      'usage',
      `improper constraint: ${text.slice(0, 40)}… is longer than ${String(MAX_CONSTRAINT)} characters`,
    )
  }
  const alternatives = rewriteRanges(text.replace(/[\t\n\f\r ]+/g, ' '))
    .replace(/ *, */g, ',')
    .split('||')
    .map((group) => parseGroup(group, text))
  return (version) => alternatives.some((group) => group(version))
}

const IDENTIFIERS = String.raw`[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*`

/**
 * A partial version, with groups for its three numbers and its prerelease. The `|` repeats a mistake of
 * Masterminds/semver.
 */
const PARTIAL = String.raw`v?([0-9xX*|]+)(\.[0-9xX*|]+)?(\.[0-9xX*|]+)?(-(?:${IDENTIFIERS}))?(?:\+${IDENTIFIERS})?`
const UNGROUPED = PARTIAL.replace(/\((?!\?)/g, '(?:')
const OPERATOR = '=|!=|>=|=>|<=|=<|>|<|~>|~|\\^|'

const RANGE = new RegExp(` ?(${UNGROUPED}) - (${UNGROUPED}) ?`, 'g')
const GROUP = new RegExp(`^ ?(?:${OPERATOR}) ?${UNGROUPED}(?:[ ,](?:${OPERATOR}) ?${UNGROUPED})* ?$`)
const COMPARISON = new RegExp(`(${OPERATOR}) ?${PARTIAL}`, 'g')

function rewriteRanges(text: string): string {
  return text.replace(RANGE, '>= $1,<= $2 ')
}

function parseGroup(group: string, whole: string): (version: Version) => boolean {
  if (!GROUP.test(group)) throw improper(whole)
  const comparisons = Array.from(group.matchAll(COMPARISON), (match) => parseComparison(match, whole))
  const takesPrereleases = comparisons.some(({ prerelease }) => prerelease)
  return (version) =>
    (takesPrereleases || version.prerelease.length === 0) && comparisons.every(({ holds }) => holds(version))
}

/** Which numbers of a partial version are given: all three, major and minor, the major one, or none. */
type Precision = 'patch' | 'minor' | 'major' | 'none'

interface Bound extends Version {
  readonly precision: Precision
}

type Check = (version: Version, bound: Bound) => boolean

interface Comparison {
  /** Whether the text names a prerelease. If so, any prerelease may satisfy the group. */
  readonly prerelease: boolean
  readonly holds: (version: Version) => boolean
}

function parseComparison(match: RegExpMatchArray, whole: string): Comparison {
  const [operator = '', major, minor, patch, prerelease = ''] = match.slice(1)
  const precision = isAny(major) ? 'none' : isAny(minor) ? 'major' : isAny(patch) ? 'minor' : 'patch'
  const numbers = {
    none: '0',
    major,
    minor: `${major ?? ''}${minor ?? ''}`,
    patch: `${major ?? ''}${minor ?? ''}${patch ?? ''}`,
  }
  const version = parseVersion(`${numbers[precision] ?? ''}${prerelease}`)
  const check = CHECKS[operator]
  if (version === undefined || check === undefined) throw improper(whole)
  return { prerelease: prerelease !== '', holds: (candidate) => check(candidate, { ...version, precision }) }
}

function isAny(part: string | undefined): boolean {
  return part === undefined || /^\.?[xX*]$/.test(part)
}

const compare = (a: Version, b: Version): number => compareVersions(normalizeVersion(a), normalizeVersion(b))

/** The comparisons follow Masterminds/semver/v3 constraints.go, function by function. */
const equal: Check = (version, bound) =>
  bound.precision === 'patch' ? compare(version, bound) === 0 : tilde(version, bound)

const notEqual: Check = (version, bound) => {
  if (bound.precision === 'patch') return compare(version, bound) !== 0
  if (version.major !== bound.major) return true
  if (bound.precision === 'major') return false
  if (version.minor !== bound.minor) return true
  if (bound.precision === 'minor') return comparePrereleases(version, bound) !== 0
  return compare(version, bound) !== 0
}

const above: Check = (version, bound) => {
  if (version.major !== bound.major && bound.precision !== 'patch') return version.major > bound.major
  if (bound.precision === 'major') return false
  if (bound.precision === 'minor') return version.minor > bound.minor
  return compare(version, bound) > 0
}

const atMost: Check = (version, bound) => {
  if (bound.precision === 'patch') return compare(version, bound) <= 0
  if (version.major > bound.major) return false
  return !(version.major === bound.major && version.minor > bound.minor && bound.precision !== 'major')
}

const tilde: Check = (version, bound) => {
  if (compare(version, bound) < 0) return false
  const isZero = bound.major === 0n && bound.minor === 0n && bound.patch === 0n
  if (isZero && (bound.precision === 'patch' || bound.precision === 'none')) return true
  return version.major === bound.major && (version.minor === bound.minor || bound.precision === 'major')
}

const caret: Check = (version, bound) => {
  if (compare(version, bound) < 0) return false
  if (bound.major > 0n || bound.precision === 'major') return version.major === bound.major
  if (version.major > 0n) return false
  if (bound.minor > 0n || bound.precision === 'minor') return version.minor === bound.minor
  return version.minor === 0n && version.patch === bound.patch
}

const CHECKS: Readonly<Record<string, Check>> = {
  '': equal,
  '=': equal,
  '!=': notEqual,
  '>': above,
  '<': (version, bound) => compare(version, bound) < 0,
  '>=': (version, bound) => compare(version, bound) >= 0,
  '=>': (version, bound) => compare(version, bound) >= 0,
  '<=': atMost,
  '=<': atMost,
  '~': tilde,
  '~>': tilde,
  '^': caret,
}

function comparePrereleases(a: Version, b: Version): number {
  const only = ({ prerelease }: Version): Version => ({ major: 0n, minor: 0n, patch: 0n, prerelease, metadata: '' })
  return compare(only(a), only(b))
}

function improper(text: string): HelmS3Error {
  return new HelmS3Error('usage', `improper constraint: ${text}`, {
    hint: 'give a version such as 1.2.3, or a constraint such as ^1.2 or ">=1.2 <2"',
  })
}
