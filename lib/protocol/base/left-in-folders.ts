import pLimit from 'p-limit'
import { type Key, folderArchiveKey } from '../../core/keys.ts'
import { namedArchives } from '../../core/plan-orphans.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { ArchiveFolders } from '../archives/archive-folders.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { View } from '../read/read-view.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'

/** So many are named. */
const MOST_NAMED = 20

/**
 * Names the archives in folders of the repository that what is pending has taken out of the index: a push puts its
 * archive directly below the prefix, and the one that the version had before stays where it lies. Nothing else shows it
 * from then on, for what no entry names in a folder is nobody's business. To be said once, by who folds; what the store
 * does not answer is left unsaid, for the index stands.
 *
 * Cost: nothing, unless a pending addition replaces an entry that leads into a folder: then a LIST for that folder, and
 * for those around it, and a HEAD for each.
 */
export async function nameLeftInFolders(session: Session, view: View): Promise<void> {
  try {
    const keys = await leftInFolders(session, view)
    if (keys.length === 0) return
    const more = keys.length > MOST_NAMED ? ` and ${formatCount(keys.length - MOST_NAMED, 'archive')} more` : ''
    const named = keys.slice(0, MOST_NAMED).join(', ')
    session.notice(
      `helm-s3: replaced in the index, and still in a folder of the bucket: ${named}${more}; remove the object, if ` +
        `nobody wants it`,
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
  const named = namedArchives(
    location,
    index.entriesNaming([...new Set(keys.flatMap((key) => key.split('/').at(-1) ?? []))]),
  )
  const folders = new ArchiveFolders(session, location)
  const limit = pLimit(CONCURRENCY)
  const isLeft = async (key: Key): Promise<boolean> =>
    named.by(key).length === 0 && (await folders.isOfRepository(key)) && (await session.store.head(key)) !== undefined
  const left = await Promise.all(keys.map((key) => limit(() => isLeft(key))))
  return keys.filter((_, i) => left[i])
}
