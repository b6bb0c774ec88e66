import pLimit from 'p-limit'
import { type Key, asKey, isArchiveKey } from '../../core/keys.ts'
import type { SeenArchive } from '../../core/reindex/seen-archive.ts'
import type { ObjectInfo } from '../../store/object-store.ts'
import { compareBytes } from '../../text/byte-order.ts'
import type { Session } from '../session/session.ts'

/** A range of keys in key order; both ends are included. */
interface KeyRange {
  readonly from: Key
  readonly to: Key
}

/** The most objects that one answer of a store lists. */
const PAGE = 1000
/** Each page may take a megabyte of memory while it is read. */
const PAGES_AT_ONCE = 8

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
    ...(range === undefined ? {} : { startAfter: justBefore(range.from) }),
  }
  const isIn = ({ key }: ObjectInfo): boolean => range === undefined || compareBytes(key, range.to) <= 0
  const isLast = ({ key }: ObjectInfo): boolean => range !== undefined && compareBytes(key, range.to) >= 0
  for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
    const page = await store.list(location.prefix, token === undefined ? options : { ...options, token })
    for (const object of page.objects) {
      if (isArchiveKey(location, object.key) && isIn(object)) archives.set(object.key, seenArchive(object))
    }
    token = page.objects.slice(-1).some(isLast) ? undefined : page.next
  }
  return archives
}

/**
 * The archives under these keys, and perhaps others between them. The pages are listed at the same time, because each
 * takes a round trip.
 *
 * Cost: a LIST for each 1000 objects from the first of the keys to the last.
 */
export async function listArchivesUnder(
  session: Session,
  keys: readonly Key[],
): Promise<ReadonlyMap<Key, SeenArchive>> {
  const listings = await pLimit(PAGES_AT_ONCE).map(rangesOf(keys), (range) => listArchives(session, range))
  return new Map(listings.flatMap((archives) => [...archives]))
}

/** Ranges that cover the keys. None holds more of them than one page. */
function rangesOf(keys: readonly Key[]): readonly KeyRange[] {
  const sorted = keys.toSorted(compareBytes)
  const starts = sorted.filter((_, i) => i % PAGE === 0)
  return starts.map((from, i) => ({ from, to: sorted[Math.min((i + 1) * PAGE, sorted.length) - 1] ?? from }))
}

/** A key that comes just before this one in a listing. */
export function justBefore(key: Key): Key {
  return asKey(key.slice(0, -1))
}

/** An object as a plan remembers it. */
export function seenArchive({ key, etag, size, lastModified }: ObjectInfo): SeenArchive {
  return { key, etag, size, lastModified: Math.floor(lastModified / 1000) * 1000 }
}
