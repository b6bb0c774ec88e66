import { formatCount } from '../../format.ts'
import { type Entry, type VersionId, promisedDigest, versionKey } from '../entry.ts'
import { type Key, type RepositoryLocation, archiveKey, asKey, folderArchiveKey, ownArchiveKey, provenanceKey } from '../keys.ts'
import { type NamedArchives, possibleVersions } from '../plan-orphans.ts'
import { agree } from '../plan-reindex.ts'
import { provenanceProblem } from '../provenance.ts'
import { type Finding, finding } from './finding.ts'

/** An object as a listing shows it. */
export interface SeenObject {
  readonly key: Key
  /** Store clock, milliseconds since 1970. */
  readonly lastModified: number
}

/** What an archive, or a provenance file without one, says of itself, as far as it was looked at. `digest`: SHA-256 in lower-case hex. */
export type KnownContent =
  | { readonly outcome: 'digest'; readonly digest: string }
  | { readonly outcome: 'chart'; readonly digest: string; readonly name: string; readonly version: string; readonly provenance: string | undefined }
  | { readonly outcome: 'unreadable'; readonly reason: string }

/** What a check knows of entries and archives. */
export interface SeenRepository {
  readonly location: RepositoryLocation
  /** Of the merged index, without those that Helm skips. */
  readonly entries: readonly Entry[]
  /** By all entries, those that Helm skips included. */
  readonly named: NamedArchives
  /** Archives and provenance files directly below the prefix. */
  readonly objects: ReadonlyMap<Key, SeenObject>
  readonly contents: ReadonlyMap<Key, KnownContent>
  /** Archives of versions on which somebody may be at work at this moment. */
  readonly busy: ReadonlySet<Key>
  /** Store clock, milliseconds since 1970. */
  readonly date: number
}

/** An archive younger than this may belong to a push that has not written its delta yet. */
export const PUSH_TAKES = 10 * 60_000

/** Compares entries, archives and provenance files. */
export function checkArchives(seen: SeenRepository): readonly Finding[] {
  const named = new Map<Key, Entry>()
  const findings: Finding[] = []
  let elsewhere = 0
  for (const entry of seen.entries) {
    const key = ownKeyOf(seen.location, entry)
    if (key === undefined) {
      if ((entry.urls ?? []).length > 0) elsewhere++
      continue
    }
    named.set(key, entry)
    findings.push(...checkEntry(seen, entry, key))
  }
  if (elsewhere > 0) findings.push(finding('archive-elsewhere', formatCount(elsewhere, 'entry', 'entries')))
  return [...findings, ...unlistedArchives(seen), ...checkProvenances(seen, named)]
}

/**
 * The archives whose digest has to be asked for: written after their entry, or named by entries that differ. In key order. One that was
 * replaced within two seconds of its push is not among them, for entries are dated a little late: only reading it finds that out.
 */
export function doubtfulArchives({ entries, location, objects }: Pick<SeenRepository, 'entries' | 'location' | 'objects'>): readonly Key[] {
  const named = new Map<Key, Entry>()
  const keys = entries.flatMap((entry) => {
    const key = ownKeyOf(location, entry)
    const archive = key && objects.get(key)
    if (archive === undefined || promisedDigest(entry.digest) === undefined) return []
    const other = named.get(archive.key)
    named.set(archive.key, entry)
    const isLater = Math.floor(archive.lastModified / 1000) * 1000 > Date.parse(entry.created ?? '1970-01-01T00:00:00Z')
    return isLater || (other !== undefined && !agree([other, entry])) ? [archive.key] : []
  })
  return [...new Set(keys)].sort()
}

/** What the entries of each archive promise: SHA-256 in lower-case hex. Archives of which none promises anything are left out. */
export function promisedDigests({ entries, location }: Pick<SeenRepository, 'entries' | 'location'>): ReadonlyMap<Key, ReadonlySet<string>> {
  const promised = new Map<Key, Set<string>>()
  for (const entry of entries) {
    const key = ownKeyOf(location, entry)
    const digest = promisedDigest(entry.digest)
    if (key === undefined || digest === undefined) continue
    const digests = promised.get(key) ?? new Set()
    promised.set(key, digests.add(digest))
  }
  return promised
}

/** The findings of an index, where the advice to reindex would change nothing: no reindex touches an entry whose archive lies elsewhere. */
export function adviseElsewhere(findings: readonly Finding[], all: readonly Entry[], location: RepositoryLocation): readonly Finding[] {
  const isElsewhere = (entry: Entry): boolean => (entry.urls ?? []).length > 0 && ownKeyOf(location, entry) === undefined
  const elsewhere = new Set(all.flatMap((entry) => (isElsewhere(entry) ? [versionKey(entry)] : [])))
  return findings.map((each) => {
    const { code, detail, name = '', version = '' } = each
    const isDigest = code === 'entry-digest-missing' || code === 'entry-digest-invalid'
    return isDigest && elsewhere.has(versionKey({ name, version })) ? finding('entry-digest-elsewhere', detail, each) : each
  })
}

/** The key of an entry's archive, if it is one of this repository. */
export function ownKeyOf(location: RepositoryLocation, { urls }: Entry): Key | undefined {
  const url = urls?.[0]
  return url === undefined ? undefined : ownArchiveKey(location, url)
}

/** Entries whose url leads to one of these keys, where nothing is, and whose digest proves that their archive lies in its place instead. */
export function checkDeadUrls({ contents, entries, location }: SeenRepository, dead: ReadonlySet<Key>): readonly Finding[] {
  return entries.flatMap((entry) => {
    const url = entry.urls?.[0]
    const key = url === undefined ? undefined : folderArchiveKey(location, url)
    const content = contents.get(archiveKey(location, entry))
    const isProven = content !== undefined && content.outcome !== 'unreadable' && content.digest === promisedDigest(entry.digest)
    if (key === undefined || !dead.has(key) || !isProven) return []
    return [finding('entry-url-dead', `there is no ${key}`, { key, name: entry.name, version: entry.version })]
  })
}

function checkEntry({ contents, location, objects }: SeenRepository, entry: Entry, key: Key): readonly Finding[] {
  const subject = { key, name: entry.name, version: entry.version }
  if (!objects.has(key)) return [finding('archive-missing', `there is no ${key}`, subject)]
  const findings: Finding[] = []
  if (key !== archiveKey(location, entry)) findings.push(finding('archive-misnamed', key, subject))
  const content = contents.get(key)
  if (content === undefined) return findings
  if (content.outcome === 'unreadable') return [...findings, finding('archive-unreadable', content.reason, subject)]
  const promised = promisedDigest(entry.digest)
  if (promised !== undefined && promised !== content.digest) {
    findings.push(finding('archive-digest-mismatch', `SHA-256 ${content.digest}, not ${promised}`, subject))
  }
  if (content.outcome === 'chart' && (content.name !== entry.name || content.version !== entry.version)) {
    findings.push(finding('archive-of-other-chart', `it is ${content.name} ${content.version}`, subject))
  }
  return findings
}

/** What no entry names: a chart that a reindex would add, one of a version that has an entry already, or no chart at all. */
function unlistedArchives({ busy, contents, date, entries, location, named, objects }: SeenRepository): readonly Finding[] {
  const known = new Set(entries.flatMap((entry) => ((entry.urls ?? []).length > 0 ? [versionKey(entry)] : [])))
  return [...objects.values()].flatMap(({ key, lastModified }) => {
    if (!key.endsWith('.tgz') || named.has(key)) return []
    const content = contents.get(key)
    const chart = content?.outcome === 'chart' ? content : undefined
    const subject = { key, name: chart?.name, version: chart?.version }
    const about = chart === undefined ? key : `${key}: ${chart.name} ${chart.version}`
    if (date - lastModified < PUSH_TAKES || busy.has(key)) return [finding('archive-in-progress', about, subject)]
    if (content?.outcome === 'unreadable') return [finding('archive-foreign', `${key}: ${content.reason}`, subject)]
    if (chart === undefined) return [finding('archive-unlisted', about, subject)]
    if (known.has(versionKey(chart))) return [finding('archive-duplicate', about, subject)]
    return [finding(archiveKey(location, chart) === key ? 'archive-unlisted' : 'archive-unlisted-misnamed', about, subject)]
  })
}

/** Those of a version that has an entry belong to an archive that is missed, or lies elsewhere. */
export function staleProvenances({ entries, location, named, objects }: Pick<SeenRepository, 'entries' | 'location' | 'named' | 'objects'>): readonly Key[] {
  const known = new Set(entries.map(versionKey))
  return [...objects.keys()].filter((key) => {
    const archive = asKey(key.slice(0, -'.prov'.length))
    if (!key.endsWith('.prov') || objects.has(archive) || named.has(archive)) return false
    return !possibleVersions(archive.slice(location.prefix.length)).some((version) => known.has(versionKey(version)))
  })
}

function checkProvenances(seen: SeenRepository, named: ReadonlyMap<Key, Entry>): readonly Finding[] {
  const { contents, objects } = seen
  const findings = staleProvenances(seen).map((key) => {
    const content = contents.get(key)
    return content?.outcome === 'unreadable' ? finding('archive-foreign', `${key}: ${content.reason}`, { key }) : finding('provenance-stale', key, { key })
  })
  const charts = new Map<string, { signed: number; readonly without: VersionId[] }>()
  for (const [key, { name, version }] of named) {
    if (!objects.has(key)) continue
    const chart = charts.get(name) ?? { signed: 0, without: [] }
    charts.set(name, chart)
    if (objects.has(provenanceKey(key))) chart.signed++
    else chart.without.push({ name, version })
    const content = contents.get(key)
    if (content?.outcome !== 'chart' || content.provenance === undefined) continue
    const misnamed = provenanceProblem(content.provenance, key.slice(key.lastIndexOf('/') + 1))
    if (misnamed !== undefined) findings.push(finding('provenance-mismatch', misnamed, { key: provenanceKey(key), name, version }))
    if (misnamed !== undefined || content.provenance.includes(content.digest)) continue
    findings.push(finding('provenance-mismatch', `it does not name SHA-256 ${content.digest}`, { key: provenanceKey(key), name, version }))
  }
  for (const [name, { signed, without }] of charts) {
    if (signed === 0 || without.length === 0) continue
    const versions = without.slice(0, 3).map(({ version }) => version)
    const more = without.length > versions.length ? ' …' : ''
    findings.push(finding('provenance-missing', `${String(without.length)} of ${String(signed + without.length)} versions: ${versions.join(', ')}${more}`, { name }))
  }
  return findings
}
