import { MAX_NAME } from '../../text/size-limits.ts'

/** A version as Helm reads it: lenient semver (Masterminds/semver/v3 `NewVersion`). */
export interface Version {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  /** Dot-separated identifiers after the first `-`; empty when there are none. */
  readonly prerelease: readonly string[]
  /** What follows the `+`. Comparisons ignore it. */
  readonly metadata: string
}

const LENIENT =
  /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/
const MAX_NUMBER = 2n ** 64n - 1n

/**
 * The version of a text, or undefined when Helm would not take it. A version has one, two or three numbers of 64 bits,
 * which may have leading zeros and a `v` before them. A numeric identifier of a prerelease has no leading zero. The
 * text is not longer than a key can be.
 */
export function parseVersion(text: string): Version | undefined {
  const match = text.length > MAX_NAME ? null : LENIENT.exec(text)
  if (match === null) return undefined
  const [major, minor, patch] = [match[1], match[2], match[3]].map((digits) => BigInt(digits ?? '0'))
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  if (major > MAX_NUMBER || minor > MAX_NUMBER || patch > MAX_NUMBER) return undefined
  const prerelease = match[4]?.split('.') ?? []
  if (prerelease.some((identifier) => /^0\d+$/.test(identifier))) return undefined
  return { major, minor, patch, prerelease, metadata: match[5] ?? '' }
}

/** The version as text, with three numbers and without a `v`. */
export function normalizeVersion({ major, minor, patch, prerelease, metadata }: Version): string {
  const numbers = [major, minor, patch].map(String).join('.')
  return `${numbers}${prerelease.length > 0 ? `-${prerelease.join('.')}` : ''}${metadata === '' ? '' : `+${metadata}`}`
}

/**
 * Compares two versions: below 0 when `a` comes before `b` in semver order. Texts that are not versions come before all
 * versions; the order among them is not specified.
 */
export function compareVersions(a: string, b: string): number {
  const [plainA, plainB] = [PLAIN.exec(a), PLAIN.exec(b)]
  return plainA !== null && plainB !== null ? comparePlain(plainA, plainB) : compareAny(a, b)
}

/** A version of three numbers that fit into 53 bits. Nearly all versions are like this. */
const PLAIN = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/

function comparePlain(a: RegExpExecArray, b: RegExpExecArray): number {
  return Number(a[1]) - Number(b[1]) || Number(a[2]) - Number(b[2]) || Number(a[3]) - Number(b[3])
}

function compareAny(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)]
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
  return (
    compare(left.major, right.major) ||
    compare(left.minor, right.minor) ||
    compare(left.patch, right.patch) ||
    comparePrereleases(left.prerelease, right.prerelease)
  )
}

/**
 * The order of two versions by their build identifiers alone, which compare like those of a prerelease: numbers as
 * numbers. A version without build identifiers comes first.
 */
export function compareBuilds(a: string, b: string): number {
  const [left, right] = [buildOf(a), buildOf(b)]
  return left.length === 0 || right.length === 0 ? left.length - right.length : comparePrereleases(left, right)
}

function buildOf(text: string): readonly string[] {
  const { metadata = '' } = parseVersion(text) ?? {}
  return metadata === '' ? [] : metadata.split('.')
}

/** A version without a prerelease is higher than all its prereleases (semver.org, 11). */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Number(a.length === 0) - Number(b.length === 0)
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareIdentifiers(a[i] ?? '', b[i] ?? '')
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareIdentifiers(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumberA && isNumberB) return compare(BigInt(a), BigInt(b))
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1
  return compare(a, b)
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
