import { type Finding, type FindingGroup, groupFindings } from '../../core/check/finding.ts'
import { type ProbeReport, type Race, SURE, findsOneIn, refusesToReplace } from '../../core/check/probe-report.ts'
import { CANNOT_REPLACE, FINDING_KINDS, type Severity } from '../../core/check/finding-kinds.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import { formatAge, formatBytes, formatCount } from '../../text/format.ts'
import { describeRepaired, repairedValue } from '../steps/repaired-index.ts'
import type { CheckResult } from '../../protocol/check/check.ts'
import type { Repaired } from '../../protocol/base/rebuild-index.ts'
import type { Style } from '../../ui/style.ts'
import { renderTable } from '../../ui/table.ts'
import { shellWord } from '../../text/terminal-text.ts'

export interface CheckReport {
  readonly location: RepositoryLocation
  readonly result: CheckResult
  /** Findings that the repair has solved. */
  readonly fixed: readonly Finding[]
  /** What became of an index that Helm refused. */
  readonly repaired: Repaired | undefined
  readonly isFix: boolean
  readonly isDeep: boolean
  /** What the probe of the store has measured. */
  readonly probe: ProbeReport | undefined
}

/** At most this many findings of one kind are printed; `-o json` has all. */
const MOST_SHOWN = 20

/** The lines for people and the value for programs. */
export function describeCheck(
  report: CheckReport,
  style: Style,
): { readonly lines: readonly string[]; readonly value: object } {
  const { fixed, isDeep, location, probe, result } = report
  const { counts, findings } = result
  const number = (severity: Severity): number =>
    findings.filter(({ code }) => FINDING_KINDS[code].severity === severity).length
  const totals = { errors: number('error'), warnings: number('warning'), remarks: number('remark') }
  const lines = [
    ...describeRepaired(report.repaired, location),
    ...fixedLines(report, style),
    ...groupFindings(findings).flatMap((group) => groupLines(group, report, style)),
    ...summary(report, totals, style),
  ]
  const value = {
    repository: location.url,
    level: result.level,
    findings: findings.map((each) => findingValue(each, report)),
    fixed: fixed.map((each) => findingValue(each, report)),
    broken: repairedValue(report.repaired),
    ...totals,
    generation: result.generation ?? null,
    charts: counts.charts,
    entries: counts.entries,
    archives: counts.archives,
    provenanceFiles: counts.provenances,
    bytes: counts.bytes,
    deltas: counts.deltas,
    pending: counts.pending,
    clockSkewSeconds: result.clockSkew / 1000,
    permissions: result.permissions.map(({ action, resource, granted }) => ({
      action,
      resource,
      granted: granted ?? null,
    })),
    deep: isDeep,
    probed: probe !== undefined,
    probe: probe === undefined ? null : probeValue(probe),
  }
  return { lines, value }
}

function findingValue({ code, detail, key, name, version }: Finding, report: CheckReport): object {
  const { severity, why } = FINDING_KINDS[code]
  return {
    code,
    severity,
    detail,
    key: key ?? null,
    name: name ?? null,
    version: version ?? null,
    why,
    next: nextStep(code, report),
  }
}

/** What only `--deep` finds, only `--deep --fix` repairs: without reading the archives everything looks well. */
function nextStep(code: Finding['code'], { isDeep, location: { address }, probe }: CheckReport): string {
  const { next, repair } = FINDING_KINDS[code]
  if (repair !== undefined && refusesToReplace(probe)) return CANNOT_REPLACE
  return (isDeep ? next.replaceAll('REPO --fix', 'REPO --deep --fix') : next).replaceAll('REPO', () =>
    shellWord(address),
  )
}

function fixedLines({ fixed, isFix, location }: CheckReport, style: Style): readonly string[] {
  if (!isFix) return []
  if (fixed.length === 0) return [style.faint('Nothing was repaired.'), '']
  const rows = fixed.slice(0, MOST_SHOWN).map((each) => [`  ${each.code}`, subjectOf(each, location)])
  const [, ...table] = renderTable(['', ''], rows)
  const more = fixed.length > MOST_SHOWN ? [`  and ${String(fixed.length - MOST_SHOWN)} more`] : []
  return [style.good(`Repaired ${String(fixed.length)}:`), ...table, ...more, '']
}

function groupLines(
  { code, findings, severity, title, why }: FindingGroup,
  report: CheckReport,
  style: Style,
): readonly string[] {
  const paint = { error: style.bad, warning: style.warning, remark: style.faint }[severity]
  const rows = findings.slice(0, MOST_SHOWN).map((each) => [`  ${subjectOf(each, report.location)}`, each.detail])
  const [, ...table] = renderTable(['', ''], rows)
  const more =
    findings.length > MOST_SHOWN ? [`  and ${String(findings.length - MOST_SHOWN)} more: -o json lists them all`] : []
  return [
    `${paint(severity)} ${style.heading(code)}: ${title}`,
    ...table,
    ...more,
    `  why:  ${why}`,
    `  next: ${nextStep(code, report)}`,
    '',
  ]
}

/** What a finding is about, without the prefix of the repository. */
function subjectOf({ key, name, version }: Finding, { prefix }: RepositoryLocation): string {
  if (name !== undefined) return version === undefined ? name : `${name} ${version}`
  return key === undefined ? '' : key.slice(prefix.length)
}

function summary(
  { isDeep, location, probe, result }: CheckReport,
  totals: { readonly errors: number; readonly warnings: number; readonly remarks: number },
  style: Style,
): readonly string[] {
  const { clockSkew, counts, level, permissions } = result
  const verdict =
    totals.errors + totals.warnings === 0
      ? style.good(
          `${location.url}: all is well${totals.remarks > 0 ? `, ${formatCount(totals.remarks, 'remark')}` : ''}.`,
        )
      : style.bad(
          `${location.url}: ${formatCount(totals.errors, 'error')}, ${formatCount(totals.warnings, 'warning')}, ` +
            `${formatCount(totals.remarks, 'remark')}.`,
        )
  const granted = permissions
    .filter((each) => each.granted === true)
    .map(({ action, resource }) => [`  ${action}`, resource])
  const [, ...table] = renderTable(['', ''], granted)
  return [
    verdict,
    `Looked at ${formatCount(counts.entries, 'entry', 'entries')} of ${formatCount(counts.charts, 'chart')}, ` +
      `${formatCount(counts.archives, 'archive')}${isDeep ? ', each read' : ''}, ` +
      `${formatCount(counts.provenances, 'provenance file')} (${formatBytes(counts.bytes)}), ` +
      `${formatCount(counts.deltas, 'delta')} (${String(counts.pending)} pending).`,
    level === 'not probed'
      ? 'Store: not probed; --probe tests what it guarantees, and your permissions.'
      : `Store: ${level}.`,
    ...(probe === undefined ? [] : sureness(probe)),
    ...(clockSkew === 0
      ? []
      : [`Clock: the store is ${formatAge(Math.abs(clockSkew))} ${clockSkew > 0 ? 'ahead' : 'behind'}.`]),
    ...(level === 'not probed' ? [] : ['Granted:', ...table]),
  ]
}

/** How rare a race that goes wrong may be that the probe would still have found. */
function sureness({ create, remove, swap }: ProbeReport): readonly string[] {
  const races = { creations: create, replacements: swap, deletions: remove }
  const clean = Object.entries(races).filter(([, { keeping, rounds }]) => keeping === 'exact' && rounds > 0)
  const rounds = clean[0]?.[1].rounds ?? 0
  const oneIn = findsOneIn(rounds)
  if (oneIn === undefined) return []
  const names = clean.map(([name]) => name).join(', ')
  const well =
    rounds === 1 ? `one round of ${names} went well` : `none of ${String(rounds)} rounds of ${names} went wrong`
  const found =
    oneIn === 1
      ? 'so few rounds find only a race that always goes wrong'
      : `a race that goes wrong in 1 of ${String(oneIn)} rounds would have been found by ${String(SURE)} of 100 probes`
  return [`Races: ${well}; ${found}.`]
}

function probeValue(probe: ProbeReport): object {
  const { bodies, clocks, composing, create, listings, reads, remove, swap } = probe
  const seconds = (milliseconds: number): number => Math.round(milliseconds / 1000)
  const { mostWinners: _, withoutWinner: __, ...deletions } = raceValue(remove)
  return {
    rounds: probe.rounds,
    create: raceValue(create),
    swap: raceValue(swap),
    delete: deletions,
    etags: probe.etags,
    showsAtOnce: probe.showsAtOnce,
    listings: listings.fault !== undefined ? 'wrong' : listings.isPaged ? 'exact' : 'untried',
    bodies: bodies === undefined ? 'whole' : 'mixed',
    checksums: probe.comparesChecksums,
    sendsUnchanged: !reads.unchanged,
    ranges: reads.range,
    ends: reads.end,
    partCopy: composing.copy,
    partSwap: composing.swap,
    partCreate: composing.create,
    clocksApartSeconds: seconds(clocks.apart),
    lastModifiedAheadSeconds: seconds(clocks.lastModified),
  }
}

function raceValue({ keeping, most, rounds, withoutWinner, wrong }: Race): {
  readonly keeps: string
  readonly rounds: number
  readonly wrong: number
  readonly mostWinners: number
  readonly withoutWinner: number
  readonly findsOneIn: number | null
} {
  return {
    keeps: keeping,
    rounds,
    wrong,
    mostWinners: most,
    withoutWinner,
    findsOneIn: findsOneIn(rounds) ?? null,
  }
}
