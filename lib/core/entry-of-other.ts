import { type Entry, type VersionId, versionKey } from './log/entry.ts'
import type { IndexText } from './index/index-text.ts'
import type { Key, RepositoryLocation } from './keys.ts'
import { allEntries, namedArchives } from './plan-orphans.ts'

/**
 * The first entry of a version other than this one that names the archive under `key`, whatever its chart is called.
 * Undefined: there is no such entry.
 * @throws HelmS3Error `invalid-index` when Helm would refuse the index because of an entry
 */
export function entryOfOther(
  location: RepositoryLocation,
  index: IndexText,
  key: Key,
  version: VersionId,
): Entry | undefined {
  return namedArchives(location, allEntries(index))
    .by(key)
    .find((entry) => versionKey(entry) !== versionKey(version))
}
