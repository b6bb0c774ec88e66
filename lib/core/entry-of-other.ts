import { type Entry, type VersionId, versionKey } from './entry.ts'
import type { IndexText } from './index/index-text.ts'
import { type Key, type RepositoryLocation, ownArchiveKey } from './keys.ts'
import { possibleVersions } from './plan-orphans.ts'

/**
 * The first entry of another version than this one that names the archive under `key`; undefined: there is none. First those are looked
 * for whose archive would be called so, then all entries: one of an old client may be called otherwise.
 * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of an entry
 */
export function entryOfOther(location: RepositoryLocation, index: IndexText, key: Key, version: VersionId): Entry | undefined {
  const names = (entry: Entry | undefined): boolean => {
    const url = entry?.urls?.[0]
    return entry !== undefined && url !== undefined && versionKey(entry) !== versionKey(version) && ownArchiveKey(location, url) === key
  }
  const likely = possibleVersions(key.slice(location.prefix.length)).map((each) => index.find(each)).find(names)
  if (likely !== undefined) return likely
  for (const name of index.chartNames()) {
    const found = index.versions(name).find(names)
    if (found !== undefined) return found
  }
  return undefined
}
