import { formatCount } from '../../text/format.ts'
import { type Entry, type VersionId, promisedDigest, versionKey } from '../log/entry.ts'
import {
  type Key,
  type RepositoryLocation,
  archiveFileName,
  archiveKey,
  asKey,
  folderArchiveKey,
  ownArchiveKey,
  provenanceKey,
} from '../keys.ts'
import { type NamedArchives, possibleVersions } from '../plan-orphans.ts'
import { agree } from '../reindex/same-entry.ts'
import { provenanceProblem } from '../provenance.ts'
import { type Finding, finding } from './finding.ts'

/** An object as a listing shows it. */
export interface SeenObject {
  readonly key: Key
  /** Store clock, milliseconds since 1970. */
  readonly lastModified: number
}

/**
 * What is known of the content of an archive, or of a provenance file without an archive, as far as it was looked at.
 * `digest`: SHA-256 in lower-case hex.
 */
export type KnownContent =
  | { readonly outcome: 'digest'; readonly digest: string }
  | {
      readonly outcome: 'chart'
      readonly digest: string
      readonly name: string
      readonly version: string
      readonly provenance: string | undefined
    }
  | { readonly outcome: 'unreadable'; readonly reason: string }

/** What a check knows of entries and archives. */
export interface SeenRepository {
  readonly location: RepositoryLocation
  /** The entries of the merged index, without those that Helm skips. */
  readonly entries: readonly Entry[]
  /** The archives that entries name. Entries that Helm skips count here, too. */
  readonly named: NamedArchives
  /**
   * The keys in folders of this repository that entries point to. They count like archives directly below the prefix.
   */
  readonly inFolders: ReadonlySet<Key>
  /**
   * Keys in folders that entries point to and that hold nothing, while an object stands at the key that a push would
   * have used for the archive of the entry.
   */
  readonly dead: ReadonlySet<Key>
  /** The archives and provenance files directly below the prefix, and in folders those that entries name. */
  readonly objects: ReadonlyMap<Key, SeenObject>
  readonly contents: ReadonlyMap<Key, KnownContent>
  /** The archives of versions that another client may be changing at this moment. */
  readonly busy: ReadonlySet<Key>
  /** Store clock, milliseconds since 1970. */
  readonly date: number
}

/** What is needed to tell which archives belong to this repository. */
type Places = Pick<SeenRepository, 'inFolders' | 'location'>

/** Milliseconds. An archive younger than this may belong to a push that has not written its delta yet. */
export const PUSH_TAKES = 10 * 60_000

/** Compares entries, archives and provenance files, and returns what does not fit together. */
export function checkArchives(seen: SeenRepository): readonly Finding[] {
  const named = new Map<Key, Entry>()
  const findings: Finding[] = []
  let elsewhere = 0
  for (const entry of seen.entries) {
    const key = ownKeyOf(seen, entry)
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
 * The archives whose digest has to be looked up, in key order: those written after their entry, and those named by
 * entries that differ. An archive that was replaced within two seconds of its push is not among them, because entries
 * are dated a little late. Only reading the archive finds that case.
 */
export function doubtfulArchives(seen: Places & Pick<SeenRepository, 'entries' | 'objects'>): readonly Key[] {
  const { entries, inFolders, location, objects } = seen
  const named = new Map<Key, Entry>()
  const keys = entries.flatMap((entry) => {
    const key = ownKeyOf(seen, entry)
    const archive = key && objects.get(key)
    // The archive that is missing in the folder may lie at its regular key instead.
    if (key !== undefined && archive === undefined && inFolders.has(key) && objects.has(archiveKey(location, entry)))
      return [archiveKey(location, entry)]
    if (archive === undefined || promisedDigest(entry.digest) === undefined) return []
    const other = named.get(archive.key)
    named.set(archive.key, entry)
    const isLater = Math.floor(archive.lastModified / 1000) * 1000 > Date.parse(entry.created ?? '1970-01-01T00:00:00Z')
    return isLater || (other !== undefined && !agree([other, entry])) ? [archive.key] : []
  })
  return [...new Set(keys)].sort()
}

/**
 * The digests that the entries of each archive promise: SHA-256 in lower-case hex. Archives for which no entry promises
 * a digest are left out.
 */
export function promisedDigests(seen: Places & Pick<SeenRepository, 'entries'>): ReadonlyMap<Key, ReadonlySet<string>> {
  const promised = new Map<Key, Set<string>>()
  for (const entry of seen.entries) {
    const key = ownKeyOf(seen, entry)
    const digest = promisedDigest(entry.digest)
    if (key === undefined || digest === undefined) continue
    const digests = promised.get(key) ?? new Set()
    promised.set(key, digests.add(digest))
  }
  return promised
}

/**
 * The findings of an index, without the advice to reindex where a reindex would change nothing: it does not rewrite an
 * entry whose archive lies elsewhere or in a folder.
 */
export function adviseElsewhere(
  findings: readonly Finding[],
  all: readonly Entry[],
  location: RepositoryLocation,
): readonly Finding[] {
  const isElsewhere = ({ urls: [url] = [] }: Entry): boolean =>
    url !== undefined && ownArchiveKey(location, url) === undefined
  const elsewhere = new Set(all.flatMap((entry) => (isElsewhere(entry) ? [versionKey(entry)] : [])))
  return findings.map((each) => {
    const { code, detail, name = '', version = '' } = each
    const isDigest = code === 'entry-digest-missing' || code === 'entry-digest-invalid'
    return isDigest && elsewhere.has(versionKey({ name, version }))
      ? finding('entry-digest-elsewhere', detail, each)
      : each
  })
}

/** The key of an entry's archive, if it is one of this repository. */
function ownKeyOf({ inFolders, location }: Places, { urls: [url] = [] }: Entry): Key | undefined {
  if (url === undefined) return undefined
  const own = ownArchiveKey(location, url)
  const key = own ?? (inFolders.size === 0 ? undefined : folderArchiveKey(location, url))
  return key !== undefined && (own !== undefined || inFolders.has(key)) ? key : undefined
}

/**
 * Finds entries whose url leads to one of the `dead` keys, where nothing is, and whose digest proves that their archive
 * lies at its regular key instead.
 */
export function checkDeadUrls({ contents, dead, entries, location }: SeenRepository): readonly Finding[] {
  return entries.flatMap((entry) => {
    const url = entry.urls?.[0]
    const key = url === undefined ? undefined : folderArchiveKey(location, url)
    if (key === undefined || !dead.has(key) || !liesInItsPlace({ contents, location }, entry)) return []
    return [finding('entry-url-dead', `there is no ${key}`, { key, name: entry.name, version: entry.version })]
  })
}

/** Whether the object at the regular key of an entry's archive has the digest that the entry promises. */
function liesInItsPlace({ contents, location }: Pick<SeenRepository, 'contents' | 'location'>, entry: Entry): boolean {
  const content = contents.get(archiveKey(location, entry))
  return content !== undefined && content.outcome !== 'unreadable' && content.digest === promisedDigest(entry.digest)
}

function checkEntry(seen: SeenRepository, entry: Entry, key: Key): readonly Finding[] {
  const { contents, inFolders, objects } = seen
  const subject = { key, name: entry.name, version: entry.version }
  if (!objects.has(key)) return checkMissing(seen, entry, key)
  const findings: Finding[] = []
  if (key.slice(key.lastIndexOf('/') + 1) !== archiveFileName(entry))
    findings.push(finding('archive-misnamed', key, subject))
  const content = contents.get(key)
  if (content === undefined) return findings
  if (content.outcome === 'unreadable') return [...findings, finding('archive-unreadable', content.reason, subject)]
  const promised = promisedDigest(entry.digest)
  const isOther = promised !== undefined && promised !== content.digest
  const isOtherChart = content.outcome === 'chart' && (content.name !== entry.name || content.version !== entry.version)
  const problems = [
    ...(isOther ? [finding('archive-digest-mismatch', `SHA-256 ${content.digest}, not ${promised}`, subject)] : []),
    ...(isOtherChart ? [finding('archive-of-other-chart', `it is ${content.name} ${content.version}`, subject)] : []),
  ]
  if (problems.length === 0 || !inFolders.has(key)) return [...findings, ...problems]
  return [...findings, finding('archive-folder-mismatch', problems.map(({ detail }) => detail).join('; '), subject)]
}

/**
 * Finds an archive that is gone. When another archive lies at its regular key, a reindex leaves the entry alone,
 * because nothing proves that the two belong together. When the promised archive lies there, {@link checkDeadUrls} says
 * so.
 */
function checkMissing(seen: SeenRepository, entry: Entry, key: Key): readonly Finding[] {
  const { dead, inFolders, location, objects } = seen
  const subject = { key, name: entry.name, version: entry.version }
  const place = archiveKey(location, entry)
  if (!inFolders.has(key) || !objects.has(place)) return [finding('archive-missing', `there is no ${key}`, subject)]
  if (dead.has(key) && liesInItsPlace(seen, entry)) return []
  return [
    finding('archive-folder-mismatch', `there is no ${key}, and nothing proves that ${place} is its archive`, subject),
  ]
}

/**
 * Finds archives that no entry names: a chart that a reindex would add, an archive of a version that has an entry
 * already, or no chart at all.
 */
function unlistedArchives({
  busy,
  contents,
  date,
  entries,
  location,
  named,
  objects,
}: SeenRepository): readonly Finding[] {
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
    return [
      finding(archiveKey(location, chart) === key ? 'archive-unlisted' : 'archive-unlisted-misnamed', about, subject),
    ]
  })
}

/** Provenance files of a version that has an entry are left out: their archive is missing or lies elsewhere. */
export function staleProvenances({
  entries,
  location,
  named,
  objects,
}: Pick<SeenRepository, 'entries' | 'location' | 'named' | 'objects'>): readonly Key[] {
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
    return content?.outcome === 'unreadable'
      ? finding('archive-foreign', `${key}: ${content.reason}`, { key })
      : finding('provenance-stale', key, { key })
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
    if (misnamed !== undefined)
      findings.push(finding('provenance-mismatch', misnamed, { key: provenanceKey(key), name, version }))
    if (misnamed !== undefined || content.provenance.includes(content.digest)) continue
    findings.push(
      finding('provenance-mismatch', `it does not name SHA-256 ${content.digest}`, {
        key: provenanceKey(key),
        name,
        version,
      }),
    )
  }
  for (const [name, { signed, without }] of charts) {
    if (signed === 0 || without.length === 0) continue
    const versions = without.slice(0, 3).map(({ version }) => version)
    const more = without.length > versions.length ? ' …' : ''
    findings.push(
      finding(
        'provenance-missing',
        `${String(without.length)} of ${String(signed + without.length)} versions: ${versions.join(', ')}${more}`,
        { name },
      ),
    )
  }
  return findings
}
