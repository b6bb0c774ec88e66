import { hasCode } from '../../errors.ts'
import { type Entry, promisedDigest, underName } from '../log/entry.ts'
import { hasOwnQuery } from '../entry-urls.ts'
import type { IndexText } from '../index/index-text.ts'
import { nullEntries } from '../index/null-entries.ts'
import { type CheckedMetadata, metadataProblem } from '../helm/metadata-problem.ts'
import { compareVersions } from '../helm/version.ts'
import { duplicateCharts } from './duplicate-charts.ts'
import { type Finding, finding } from './finding.ts'

/**
 * Checks the text of an `index.yaml` by itself: whether Helm takes it, and what Helm skips, hides or refuses in it.
 * @param index as read from `bytes`; its charts not looked at yet
 */
export function checkBase(index: IndexText, bytes: Uint8Array): readonly Finding[] {
  const findings: Finding[] = []
  try {
    for (const [name, count] of nullEntries(index, bytes))
      findings.push(finding('entry-null', `${String(count)} of chart ${name}`, { name }))
    if (index.form === 'json' && index.path === 'full-parse') {
      for (const name of duplicateCharts(Buffer.from(bytes).toString()))
        findings.push(finding('duplicate-chart', name, { name }))
    }
    for (const name of index.chartNames()) findings.push(...checkChart(name, index.versions(name)))
  } catch (error) {
    if (!hasCode(error, 'invalid-index')) throw error
    return [...findings, finding('index-unreadable', error.message)]
  }
  return findings
}

function checkChart(chart: string, entries: readonly Entry[]): readonly Finding[] {
  const findings: Finding[] = []
  const seen = new Set<string>()
  const kept: Entry[] = []
  for (const entry of entries) {
    const { name, version } = entry
    const note = (code: Parameters<typeof finding>[0], detail: string): void =>
      void findings.push(finding(code, detail, { name: chart, version }))
    const skipped = skippedBecause(entry)
    if (skipped !== undefined && !isWorthKeeping(entry)) note('entry-skipped', skipped)
    else if (skipped !== undefined) note(isUnnamed(chart, entry) ? 'entry-unnamed' : 'entry-left-out', skipped)
    else if (name !== chart) note('entry-misplaced', `it is ${name} ${version}`)
    else if (seen.has(version)) note('entry-duplicate', 'it is there more than once')
    if (skipped !== undefined) continue
    seen.add(version)
    kept.push(entry)
    const url = entry.urls?.find(hasOwnQuery)
    if (url !== undefined) note('entry-url-query', url)
    if ((entry.urls ?? []).length === 0) note('entry-without-url', 'it has no urls')
    if (entry.digest === undefined || entry.digest === '') note('entry-digest-missing', 'it has no digest')
    else if (promisedDigest(entry.digest) === undefined)
      note('entry-digest-invalid', `its digest is ${JSON.stringify(entry.digest)}`)
  }
  if (!isSorted(kept)) findings.push(finding('entries-unsorted', `the versions of ${chart}`, { name: chart }))
  return findings
}

/** Why Helm leaves an entry out when it loads the index, with a line on stderr; undefined when it does not. */
export function skippedBecause(entry: Entry): string | undefined {
  const { apiVersion, dependencies, maintainers, name, type, version } = entry as Entry & CheckedMetadata
  return metadataProblem({
    name,
    version,
    apiVersion: apiVersion === undefined || apiVersion === '' ? 'v1' : apiVersion,
    ...(type === undefined || type === '' ? {} : { type }),
    ...(maintainers === undefined ? {} : { maintainers }),
    ...(dependencies === undefined ? {} : { dependencies }),
  })
}

/** Whether Helm leaves the entry out only because of its name: under the name of its chart the entry would be valid. */
export function isUnnamed(chart: string, entry: Entry): boolean {
  return skippedBecause(entry) !== undefined && skippedBecause(underName(chart, entry)) === undefined
}

/**
 * Whether an entry that Helm leaves out tells where an archive is and which version it holds. Dropping such an entry
 * would lose that knowledge.
 */
export function isWorthKeeping({ urls, version }: Entry): boolean {
  return version !== '' && (urls ?? []).length > 0
}

/**
 * Whether the entries stand in the order in which Helm would sort them, the highest version first. Versions that Helm's
 * order treats as equal may stand in any order.
 */
export function isSorted(entries: readonly Pick<Entry, 'version'>[]): boolean {
  return entries.every(({ version }, i) => i === 0 || compareVersions(version, entries[i - 1]?.version ?? version) <= 0)
}
