import type { Entry, VersionId } from './log/entry.ts'
import { identityProblem } from './helm/entry-shape.ts'
import type { IndexText } from './index/index-text.ts'
import { type Key, type RepositoryLocation, asKey, keyInBucket } from './keys.ts'

/** An object of a listing directly below the prefix. */
interface Listed {
  readonly key: Key
  /** Bytes. */
  readonly size: number
  /** Store clock, milliseconds since 1970. */
  readonly lastModified: number
}

/** An archive that no entry names, with its provenance file; or a provenance file whose archive is gone. */
export interface Orphan {
  /** The key of the archive, whether the archive is there or not. */
  readonly key: Key
  /**
   * The versions that a push of this archive could have had. There may be several, because the key does not tell where
   * the name ends and the version begins.
   */
  readonly versions: readonly VersionId[]
  /** Bytes of the archive and the provenance file, as far as they are there. */
  readonly size: number
}

/** A file that no entry names, and that is not an orphan of this repository. */
export interface ForeignFile {
  readonly key: Key
  /** Bytes of the file and its provenance file. */
  readonly size: number
  /** Why the file is not an orphan of this repository. */
  readonly reason: string
}

/** Archives without an entry, and provenance files without an archive, that cannot come from a push of this program. */
export function findForeign(
  location: RepositoryLocation,
  named: NamedArchives,
  listed: readonly Listed[],
): readonly ForeignFile[] {
  const keys = new Set(listed.map(({ key }) => key))
  return listed.flatMap(({ key, size }) => {
    const end = key.endsWith('.prov') ? '.tgz.prov' : '.tgz'
    const archive = asKey(key.endsWith('.prov') ? key.slice(0, -'.prov'.length) : key)
    if (!key.endsWith(end) || named.has(archive) || (archive !== key && keys.has(archive))) return []
    const isForeign = possibleVersions(archive.slice(location.prefix.length)).length === 0
    return isForeign ? [{ key, size, reason: `it is not called NAME-VERSION${end}` }] : []
  })
}

/**
 * Finds the orphans. `changedBefore`, milliseconds since 1970: archives and provenance files that are younger do not
 * count.
 */
export function findOrphans(
  location: RepositoryLocation,
  index: IndexText,
  named: NamedArchives,
  listed: readonly Listed[],
  changedBefore: number,
): readonly Orphan[] {
  const orphans = new Map<Key, { size: number; isOld: boolean }>()
  for (const { key, lastModified, size } of listed) {
    const archive = asKey(key.endsWith('.prov') ? key.slice(0, -'.prov'.length) : key)
    if (!archive.endsWith('.tgz') || named.has(archive)) continue
    const known = orphans.get(archive) ?? { size: 0, isOld: true }
    orphans.set(archive, { size: known.size + size, isOld: known.isOld && lastModified < changedBefore })
  }
  return [...orphans].flatMap(([key, { isOld, size }]) => {
    const versions = possibleVersions(key.slice(location.prefix.length))
    const isFree = versions.length > 0 && versions.every((version) => index.find(version) === undefined)
    return isOld && isFree ? [{ key, versions, size }] : []
  })
}

/** The entries of all charts. @throws HelmS3Error `invalid-index` */
export function allEntries(index: IndexText): readonly Entry[] {
  return index.chartNames().flatMap((name) => index.versions(name))
}

/** The archives that entries name. */
export interface NamedArchives {
  /** Whether an entry names the archive, with any form of url that may lead to it. */
  readonly has: (key: Key) => boolean
  /** The entries whose urls point to the archive. */
  readonly by: (key: Key) => readonly Entry[]
}

/**
 * The archives that entries name. Nobody can tell for certain where a url leads: a published repository has addresses
 * that this program does not know, and buckets have aliases. So `has` also counts an archive as named when a url that
 * leads elsewhere ends with its file name. Both functions also count an archive that a url points to after being
 * decoded again, as the getter tries it, or after its dots are resolved, which no S3 store does.
 */
export function namedArchives(location: RepositoryLocation, entries: readonly Entry[]): NamedArchives {
  const keys = new Map<string, Entry[]>()
  const files = new Set<string>()
  const note = (key: string, entry: Entry): void => {
    const known = keys.get(key)
    if (known === undefined) keys.set(key, [entry])
    else known.push(entry)
  }
  for (const entry of entries) {
    for (const url of entry.urls ?? []) {
      const key = keyInBucket(location, url)
      if (key === undefined) for (const file of spellings(lastSegment(url))) files.add(file)
      else for (const spelling of spellings(key)) note(spelling, entry)
    }
  }
  return { has: (key) => keys.has(key) || files.has(lastSegment(key)), by: (key) => keys.get(key) ?? [] }
}

function lastSegment(path: string): string {
  return (
    path
      .replace(/[?#].*$/s, '')
      .split('/')
      .at(-1) ?? ''
  )
}

/** A text as it is, decoded once and decoded twice, and each of these without dots. */
function spellings(text: string): ReadonlySet<string> {
  const all = [text]
  try {
    for (let i = 0; i < 2; i++) all.push(decodeURIComponent(all.at(-1) ?? ''))
  } catch {
    // A text that cannot be decoded any further is left as it is.
  }
  return new Set(
    all.flatMap((each) => (each.includes('./') ? [each, each.replace(/(?:^|(?<=\/))(?:\.\/)+/g, '')] : [each])),
  )
}

/** Every way to read `<name>-<version>.tgz`. Empty for a file that no push of this program could write. */
export function possibleVersions(file: string): readonly VersionId[] {
  const stem = file.slice(0, -'.tgz'.length)
  return Array.from(stem.matchAll(/-/g), ({ index }) => ({
    name: stem.slice(0, index),
    version: stem.slice(index + 1),
  })).filter((version) => identityProblem(version) === undefined)
}
