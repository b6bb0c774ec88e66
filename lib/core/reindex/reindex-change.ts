import type { IndexText } from '../index/index-text.ts'
import type { Key } from '../keys.ts'
import type { Entry, VersionId } from '../log/entry.ts'
import { isSame } from './same-entry.ts'
import type { SeenArchive } from './seen-archive.ts'

/**
 * One step of a plan, about one version. It is valid only while index and store are still as the step describes them.
 */
export interface ReindexChange extends VersionId {
  readonly key: Key
  /** The archive under the key when the plan was made. Undefined: there was none. */
  readonly archive: SeenArchive | undefined
  /** The entry that is taken away. Undefined: there was none. */
  readonly seen: Entry | undefined
  /** The entry that is added. Undefined: none is added. */
  readonly entry: Entry | undefined
}

/** Whether a change is still valid: the archive is as the plan saw it, and so is the entry or its absence. */
export function stillHolds(change: ReindexChange, index: IndexText, archives: ReadonlyMap<Key, SeenArchive>): boolean {
  const archive = archives.get(change.key)
  if (archive?.etag !== change.archive?.etag || archive?.lastModified !== change.archive?.lastModified) return false
  const entry = index.find(change)
  return entry === undefined || change.seen === undefined ? entry === change.seen : isSame(entry, change.seen)
}
