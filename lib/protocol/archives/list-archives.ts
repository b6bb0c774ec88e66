import { type Key, asKey, isArchiveKey } from '../../core/keys.ts'
import type { SeenArchive } from '../../core/reindex/seen-archive.ts'
import type { ObjectInfo } from '../../store/object-store.ts'
import type { Session } from '../session/session.ts'

/** A range of keys in key order; both ends are included. */
export interface KeyRange {
  readonly from: Key
  readonly to: Key
}

/**
 * The archives directly below the prefix, in key order; with `range` only those in it. Some stores give more exact
 * dates in listings than in the answer to HEAD; here they are cut to whole seconds, so that both agree.
 *
 * Cost: one LIST for each 1000 objects (provenance files count, too).
 */
export async function listArchives(session: Session, range?: KeyRange): Promise<ReadonlyMap<Key, SeenArchive>> {
  const { location, store } = session
  const archives = new Map<Key, SeenArchive>()
  const options = {
    delimiter: '/' as const,
    ...(range === undefined ? {} : { startAfter: asKey(range.from.slice(0, -1)) }),
  }
  const isBeyond = (object: ObjectInfo | undefined): boolean =>
    object !== undefined && range !== undefined && object.key > range.to
  for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
    const page = await store.list(location.prefix, token === undefined ? options : { ...options, token })
    for (const object of page.objects) {
      if (isArchiveKey(location, object.key) && !isBeyond(object)) archives.set(object.key, seenArchive(object))
    }
    token = isBeyond(page.objects.at(-1)) ? undefined : page.next
  }
  return archives
}

/** An object as a plan remembers it. */
export function seenArchive({ key, etag, size, lastModified }: ObjectInfo): SeenArchive {
  return { key, etag, size, lastModified: Math.floor(lastModified / 1000) * 1000 }
}
