import pLimit from 'p-limit'
import { type Key, folderArchiveKey } from '../../core/keys.ts'
import { namedArchives } from '../../core/plan-orphans.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { ArchiveFolders } from '../archives/archive-folders.ts'
import { CONCURRENCY } from '../session/limits.ts'
import { type View, readView } from '../read/read-view.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'

/** At most this many archives are named. */
const MOST_NAMED = 20

/**
 * Tells the user about archives in folders of the repository that the folded deltas have taken out of the index. A push
 * puts its archive directly below the prefix; the archive that the version had before, in a folder, stays where it is.
 * After that nothing else shows it, because archives in folders that no entry names are never looked at. It is told
 * once, by the client that folds. When the store does not answer, it is not told: the index is written all the same.
 *
 * Cost: nothing, unless a pending addition replaces an entry that leads into a folder: then a LIST for that folder, and
 * for those around it, and a HEAD for each archive.
 */
export async function nameLeftInFolders(session: Session, view: View): Promise<void> {
  try {
    const keys = await leftInFolders(session, view)
    if (keys.length === 0) return
    const more = keys.length > MOST_NAMED ? ` and ${formatCount(keys.length - MOST_NAMED, 'archive')} more` : ''
    const named = keys.slice(0, MOST_NAMED).join(', ')
    session.notice(
      `helm-s3: replaced in the index, and still in a folder of the bucket: ${named}${more}; remove the object, if ` +
        `it is no longer needed`,
    )
  } catch (error) {
    if (!(error instanceof HelmS3Error)) throw error
  }
}

async function leftInFolders(session: Session, { base, index, pending }: View): Promise<readonly Key[]> {
  const replaced = pending.flatMap(({ added }) => added.flatMap(({ entry }) => base.index.find(entry)?.urls?.[0] ?? []))
  if (!replaced.some((url) => url.includes('/'))) return []
  const location = await publishedLocation(session)
  const keys = [...new Set(replaced.flatMap((url) => folderArchiveKey(location, url) ?? []))]
  if (keys.length === 0) return []
  const files = [...new Set(keys.flatMap((key) => key.split('/').at(-1) ?? []))]
  const wanted = { charts: [], files }
  const { index: seen } = index.covers(wanted) ? { index } : await readView(session, { wanted })
  const named = namedArchives(location, seen.entriesNaming(files))
  const folders = new ArchiveFolders(session, location)
  const limit = pLimit(CONCURRENCY)
  const isLeft = async (key: Key): Promise<boolean> =>
    named.by(key).length === 0 && (await folders.isOfRepository(key)) && (await session.store.head(key)) !== undefined
  const left = await Promise.all(keys.map((key) => limit(() => isLeft(key))))
  return keys.filter((_, i) => left[i])
}
