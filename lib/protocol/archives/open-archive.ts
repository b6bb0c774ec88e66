import { readChartArchive } from '../../chart/chart-archive.ts'
import { REFUSED_METADATA } from '../../chart/metadata.ts'
import { MAX_ARCHIVE } from '../../text/size-limits.ts'
import { readStoredMetadata } from '../../chart/stored-metadata.ts'
import { CHART_METADATA } from '../../core/object-metadata.ts'
import type { ArchiveContent, SeenArchive } from '../../core/reindex/seen-archive.ts'
import { hasCode } from '../../errors.ts'
import type { ObjectHead } from '../../store/object-store.ts'
import { sha256 } from '../../sys/sha256.ts'
import { askAgain } from '../read/ask-again.ts'
import { knownDigest } from './head-archive.ts'
import { seenArchive } from './list-archives.ts'
import type { Session } from '../session/session.ts'

/**
 * `isRefused`: the archive was read, and Helm refuses the chart in it. `changed`: it is gone, or no longer the archive
 * that the listing has shown.
 */
export type OpenedArchive =
  | { readonly outcome: 'content'; readonly content: ArchiveContent }
  | { readonly outcome: 'unusable'; readonly reason: string; readonly isRefused: boolean }
  | { readonly outcome: 'changed' }

/**
 * Finds out what an archive holds. The object metadata are enough when the digest is known and they say all that Helm's
 * loader would find in the archive. With `full` the bytes are read in any case.
 *
 * Cost: one HEAD, and a GET of the archive when the metadata are not enough; with `full` only the GET. An archive that
 * may not be read is asked for three times; see {@link askAgain}.
 * @throws HelmS3Error what the store throws, except `denied`: then this archive is unusable
 */
export async function openArchive(
  session: Session,
  archive: SeenArchive,
  options: { readonly full: boolean },
): Promise<OpenedArchive> {
  try {
    return await openReadable(session, archive, options)
  } catch (error) {
    if (!hasCode(error, 'denied')) throw error
    return { outcome: 'unusable', reason: error.message, isRefused: false }
  }
}

/**
 * Like {@link openArchive}, for a caller that must know when an archive may not be read.
 * @throws HelmS3Error what the store throws
 */
export async function openReadable(
  session: Session,
  archive: SeenArchive,
  options: { readonly full: boolean },
): Promise<OpenedArchive> {
  try {
    const known = options.full ? undefined : await askAgain(session, () => openByMetadata(session, archive))
    return known ?? (await askAgain(session, () => openByBytes(session, archive)))
  } catch (error) {
    if (!hasCode(error, 'invalid-chart')) throw error
    return { outcome: 'unusable', reason: error.message, isRefused: error.message.startsWith(REFUSED_METADATA) }
  }
}

async function openByMetadata({ store }: Session, archive: SeenArchive): Promise<OpenedArchive | undefined> {
  const head = await store.head(archive.key)
  if (!isTheSame(head, archive)) return { outcome: 'changed' }
  const digest = knownDigest(head)
  const metadata = digest === undefined ? undefined : readStoredMetadata(head.metadata[CHART_METADATA])
  return digest === undefined || metadata === undefined
    ? undefined
    : { outcome: 'content', content: { metadata, digest } }
}

async function openByBytes({ store }: Session, archive: SeenArchive): Promise<OpenedArchive> {
  if (archive.size > MAX_ARCHIVE)
    return { outcome: 'unusable', reason: 'it is larger than any chart that Helm loads (100 MiB)', isRefused: false }
  const object = await store.get(archive.key, { most: MAX_ARCHIVE })
  if (!isTheSame(object, archive)) return { outcome: 'changed' }
  const { metadata } = await readChartArchive(object.body)
  return { outcome: 'content', content: { metadata, digest: sha256(object.body) } }
}

function isTheSame<T extends ObjectHead>(object: T | undefined, archive: SeenArchive): object is T {
  return (
    object !== undefined && seenArchive(object).lastModified === archive.lastModified && object.size === archive.size
  )
}
