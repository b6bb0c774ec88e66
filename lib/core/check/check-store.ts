import { type Finding, finding } from './finding.ts'

/**
 * How a store honours a condition of a request. `racy`: not always when several requests come at once. `never`: the
 * request is refused even when the condition holds. `refused`: the store answers with an error.
 */
export type Keeping = 'exact' | 'racy' | 'never' | 'ignored' | 'refused'

/** What a probe found out about a store. */
export interface ProbeReport {
  /** PUT with `If-None-Match: *`. */
  readonly create: Keeping
  /** PUT with `If-Match`. */
  readonly swap: Keeping
  /** DELETE with `If-Match`. */
  readonly remove: Exclude<Keeping, 'racy'>
  /** Whether the store refuses a PUT whose checksum does not match its bytes. */
  readonly comparesChecksums: boolean
  /** Whether GET, HEAD and LIST show a write at once, and stop showing an object as soon as it is deleted. */
  readonly showsAtOnce: boolean
}

/**
 * What a repository can rely on with this store (docs/STORES.md). `exact`: everything. `exact but for deletes`:
 * everything, unless a deletion and a forced push of one version meet. `index only`: the index loses nothing, but two
 * pushes of one version at once are not told apart. `unsafe`: charts can get lost, or nothing works. `not probed`:
 * unknown.
 */
export const LEVELS = ['exact', 'exact but for deletes', 'index only', 'unsafe', 'not probed'] as const
export type Level = (typeof LEVELS)[number]

export function levelOf(probe: ProbeReport | undefined): Level {
  if (probe === undefined) return 'not probed'
  if (!probe.showsAtOnce || isUseless(probe.create) || isUseless(probe.swap)) return 'unsafe'
  if (probe.create !== 'exact' || probe.swap !== 'exact') return 'index only'
  return probe.remove === 'exact' ? 'exact' : 'exact but for deletes'
}

/** Whether a probe has found that the store cannot replace objects, and so cannot replace `index.yaml`. */
export function refusesToReplace(probe: ProbeReport | undefined): boolean {
  return probe !== undefined && isUseless(probe.swap)
}

const WITHOUT_CONDITION: Readonly<Record<Exclude<ProbeReport['remove'], 'exact'>, string>> = {
  ignored: 'the condition is ignored',
  never: 'it refuses the very ETag that it shows: archives are looked at just before, and deleted without a condition',
  refused: 'it answers with an error: archives are looked at just before, and deleted without a condition',
}

function isUseless(keeping: Keeping): boolean {
  return keeping === 'refused' || keeping === 'never'
}

export function checkStore(probe: ProbeReport): readonly Finding[] {
  const findings: Finding[] = []
  const raced = (keeping: Keeping): string =>
    keeping === 'racy' ? 'more than one of several writers won' : 'the condition is ignored'
  if (!probe.showsAtOnce) findings.push(finding('store-stale-reads', 'a write or a delete was not visible at once'))
  if (isUseless(probe.create) || isUseless(probe.swap)) {
    const what = [
      ...(isUseless(probe.create) ? ['If-None-Match: * where nothing is'] : []),
      ...(isUseless(probe.swap) ? ['If-Match with the current ETag'] : []),
    ]
    const how = [probe.create, probe.swap].includes('never') ? ': none of several writers won' : ', with an error'
    findings.push(finding('store-refuses-conditions', `it refuses ${what.join(', and ')}${how}`))
  }
  if (probe.create === 'racy' || probe.create === 'ignored')
    findings.push(finding('store-create-races', raced(probe.create)))
  if (probe.swap === 'racy' || probe.swap === 'ignored') findings.push(finding('store-swap-races', raced(probe.swap)))
  if (probe.remove !== 'exact') findings.push(finding('store-deletes-always', WITHOUT_CONDITION[probe.remove]))
  if (!probe.comparesChecksums)
    findings.push(finding('store-ignores-checksums', 'a PUT with a wrong checksum was accepted'))
  return findings
}

/** Milliseconds. A smaller difference may be the time that an answer takes to arrive. */
const NOTICEABLE = 10_000
/** Milliseconds. AWS refuses a request whose clock is off by 15 minutes. */
const FAR = 5 * 60_000

/** Checks the clocks. `skew`: milliseconds by which the store's clock is ahead of the local one. */
export function checkClock(skew: number): readonly Finding[] {
  const size = Math.abs(skew)
  if (size < NOTICEABLE) return []
  const text = `it is ${String(Math.round(size / 1000))} s ${skew > 0 ? 'behind' : 'ahead'}`
  return [finding(size > FAR ? 'clock-skewed' : 'clock-differs', text)]
}

/**
 * A permission of an IAM policy, and whether these credentials have it. Undefined: it was not tried, or the answer does
 * not tell.
 */
export interface Permission {
  readonly action: 's3:ListBucket' | 's3:GetObject' | 's3:PutObject' | 's3:DeleteObject'
  /** The ARN, in the form that a policy uses. */
  readonly resource: string
  readonly granted: boolean | undefined
}

export function checkPermissions(permissions: readonly Permission[]): readonly Finding[] {
  return permissions
    .filter(({ granted }) => granted === false)
    .map(({ action, resource }) =>
      finding(
        action === 's3:ListBucket' || action === 's3:GetObject'
          ? 'permission-read-missing'
          : 'permission-write-missing',
        `${action} on ${resource}`,
      ),
    )
}
