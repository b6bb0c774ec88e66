import pLimit from 'p-limit'
import type { Entry } from '../../core/log/entry.ts'
import { type Key, type RepositoryLocation, folderArchiveKey, isPlainKey } from '../../core/keys.ts'
import { replacedInFolders } from '../../core/reindex/entry-places.ts'
import type { NamedInFolders } from './archive-folders.ts'
import { unlessDenied } from '../read/ask-again.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/**
 * The keys in folders of the repository that entries name although nothing is there, while the archive is in the place
 * where a push would put it: ChartMuseum and GitLab write `charts/app-1.0.0.tgz` into the index. A key that may not be
 * looked at, or that not every store accepts, counts as present. `known`: keys that have been listed already, for which
 * no request is sent.
 *
 * Cost: a HEAD for each other such entry whose archive is in the place of a push.
 */
export async function findDeadUrls(
  session: Session,
  location: RepositoryLocation,
  entries: readonly Entry[],
  archives: { readonly has: (key: Key) => boolean },
  known: NamedInFolders,
): Promise<ReadonlySet<Key>> {
  const keys = replacedInFolders(location, entries, archives).filter((key) => isPlainKey(location, key))
  const limit = pLimit(CONCURRENCY)
  const look = async (key: Key): Promise<boolean> =>
    known.keys.has(key) ? known.objects.has(key) : limit(() => isThere(session, key))
  const found = await Promise.all(keys.map(look))
  return new Set(keys.filter((_, i) => found[i] === false))
}

/**
 * Whether the first url of an entry leads into a folder of the repository where there is no object. Cost: a HEAD, when
 * the url leads into a folder.
 */
export async function leadsNowhere(
  session: Session,
  location: RepositoryLocation,
  { urls = [] }: Entry,
): Promise<boolean> {
  const key = urls[0] === undefined ? undefined : folderArchiveKey(location, urls[0])
  return key !== undefined && isPlainKey(location, key) && !(await isThere(session, key))
}

async function isThere(session: Session, key: Key): Promise<boolean> {
  return (await unlessDenied(session, async () => (await session.store.head(key)) !== undefined)) ?? true
}
