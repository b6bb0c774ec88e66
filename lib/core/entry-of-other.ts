import { type Entry, type VersionId, versionKey } from './log/entry.ts'
import type { IndexText } from './index/index-text.ts'
import { type Key, type RepositoryLocation, fileOf } from './keys.ts'
import { namedArchives } from './plan-orphans.ts'

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
  return namedArchives(location, index.entriesNaming([fileOf(key)]))
    .by(key)
    .find((entry) => versionKey(entry) !== versionKey(version))
}
