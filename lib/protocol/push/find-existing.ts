import pLimit from 'p-limit'
import { type Key, archiveKey } from '../../core/keys.ts'
import type { VersionId } from '../../core/log/entry.ts'
import { during, hasCode } from '../../errors.ts'
import { absentArchives } from '../archives/absent-archives.ts'
import { keyTaken, otherOwner } from '../archives/archive-owner.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { type ArchiveHead, headArchive } from '../archives/head-archive.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import { entriesAndOwnersOf } from '../read/wanted-charts.ts'
import { readView } from '../read/read-view.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/** A version that is not pushed because it exists already. */
export interface ExistingVersion extends VersionId {
  /** SHA-256 of the existing archive, lower-case hex; undefined when the entry has no digest. */
  readonly digest: string | undefined
  /** True when no entry names the version, but an archive that another push left under its key could not be removed. */
  readonly isOrphan: boolean
}

/** The Go plugin's words for this step. */
const LOOK = 'check if chart already exists in the repository: head s3 object'

/**
 * HEADs the key of each archive, but for those under which nothing is, as a listing has shown. The promise may be left
 * alone for a while: a rejection does not count as unhandled before it is awaited. A client that pushes one chart need
 * not have permission to look: then the store decides, by the condition of the PUT.
 */
export function headArchives(
  session: Session,
  uploads: readonly ChartUpload[],
  { dryRun }: { readonly dryRun: boolean },
): Promise<readonly (ArchiveHead | undefined)[]> {
  const limit = pLimit(CONCURRENCY)
  const keyOf = (upload: ChartUpload): Key => archiveKey(session.location, upload)
  const look = async (upload: ChartUpload, absent: ReadonlySet<Key>): Promise<ArchiveHead | undefined> => {
    const key = keyOf(upload)
    try {
      return absent.has(key) ? undefined : await headArchive(session, key)
    } catch (error) {
      if (uploads.length === 1 && !dryRun && hasCode(error, 'denied')) return undefined
      throw error
    }
  }
  const lookAtAll = async (): Promise<readonly (ArchiveHead | undefined)[]> => {
    const absent = await absentArchives(session, uploads.map(keyOf))
    return Promise.all(uploads.map((upload) => limit(() => look(upload, absent))))
  }
  const heads = lookAtAll()
  heads.catch(() => undefined)
  return heads
}

/**
 * The uploads whose version is in the index, as one view shows it. By force there are none. An archive alone does not
 * prove that its version exists: the push that wrote it may have died.
 * @throws HelmS3Error `usage` when one of the other uploads would replace the archive of another chart
 */
export async function findExisting(
  session: Session,
  uploads: readonly ChartUpload[],
  looked: Promise<readonly (ArchiveHead | undefined)[]>,
  { force }: { readonly force: boolean },
): Promise<ReadonlyMap<ChartUpload, ExistingVersion>> {
  const heads = await during(LOOK, () => looked)
  const existing = new Map<ChartUpload, ExistingVersion>()
  if (heads.every((head) => head === undefined)) return existing
  const { index } = await during(LOOK, () => readView(session, { wanted: entriesAndOwnersOf(uploads) }))
  const location = await publishedLocation(session)
  for (const [i, upload] of uploads.entries()) {
    const head = heads[i]
    if (head === undefined) continue
    const { name, version } = upload
    const entry = force ? undefined : index.find(upload)
    const owner = entry === undefined ? otherOwner(location, index, upload, head) : undefined
    if (owner !== undefined) throw keyTaken(location, upload, owner)
    if (entry !== undefined) existing.set(upload, { name, version, digest: entry.digest, isOrphan: false })
  }
  return existing
}
