import type { Entry, VersionId } from './entry.ts'
import { identityProblem } from './entry-shape.ts'
import type { IndexText } from './index/index-text.ts'
import { type Key, type RepositoryLocation, asKey, ownArchiveKey } from './keys.ts'

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
  /** Of the archive, whether it is there or not. */
  readonly key: Key
  /** The versions that a push of this archive could have: where its name and its version part cannot be told from the key. */
  readonly versions: readonly VersionId[]
  /** Bytes of what is there of the two. */
  readonly size: number
}

/** `changedBefore`: archives or provenance files that are younger are none: milliseconds since 1970. */
export function findOrphans(
  location: RepositoryLocation,
  index: IndexText,
  listed: readonly Listed[],
  changedBefore: number,
): readonly Orphan[] {
  const named = namedArchives(location, index)
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

/** The keys of this repository that entries name, with those entries. */
export function namedArchives(location: RepositoryLocation, index: IndexText): ReadonlyMap<Key, readonly Entry[]> {
  const named = new Map<Key, Entry[]>()
  for (const entry of index.chartNames().flatMap((name) => index.versions(name))) {
    for (const key of (entry.urls ?? []).flatMap((url) => ownArchiveKey(location, url) ?? [])) {
      const known = named.get(key)
      if (known === undefined) named.set(key, [entry])
      else known.push(entry)
    }
  }
  return named
}

/** Every way to read `<name>-<version>.tgz`; none for a file that no push of this program could write. */
export function possibleVersions(file: string): readonly VersionId[] {
  const stem = file.slice(0, -'.tgz'.length)
  return Array.from(stem.matchAll(/-/g), ({ index }) => ({ name: stem.slice(0, index), version: stem.slice(index + 1) })).filter(
    (version) => identityProblem(version) === undefined,
  )
}
