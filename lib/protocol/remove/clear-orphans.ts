import { type Entry, NO_ENTRY } from '../../core/log/entry.ts'
import type { Key } from '../../core/keys.ts'
import { type Orphan, possibleVersions } from '../../core/plan-orphans.ts'
import type { ExpectedArchive } from '../write/delete-archive.ts'
import { deleteInBatches } from './delete-targets.ts'
import type { Deletion, DeletionTarget } from './deletion.ts'
import type { ArchiveHead } from '../archives/head-archive.ts'
import type { Session } from '../session/session.ts'

/** An archive that no known entry names, and what it must be to be removed. */
export interface OrphanArchive extends ExpectedArchive {
  readonly key: Key
  readonly digest: string
}

/** Fits no archive: no archive has this digest. */
const NONE: ExpectedArchive = { digest: '' }

/**
 * Removes archives that no entry names, under the same rules as for a deleted version: the removal is announced in the
 * log, the archive is looked at again, and it is removed by one conditional DELETE within the deadline. A client that
 * pushes or adopts the archive at the same time either sees the announcement and waits, or is seen and keeps the
 * archive. (The announcement is a removal that matches no entry.)
 *
 * `isOwn`: this push has written the archives itself; then an entry with another digest names the archive of another
 * push.
 *
 * Cost: as `deleteInBatches`. What the store refuses to delete stays: see `keptArchives`.
 * @throws HelmS3Error as `deleteInBatches`
 */
export function clearOrphans(
  session: Session,
  orphans: readonly OrphanArchive[],
  { isOwn }: { readonly isOwn: boolean },
): Promise<Deletion<DeletionTarget>> {
  const { prefix } = session.location
  const targets = orphans.map(({ key, ...expected }) => {
    const versions = possibleVersions(key.slice(prefix.length))
    const isKeptBy = (entry: Entry): boolean => !isOwn || entry.digest === undefined || entry.digest === expected.digest
    return { ...orphanTarget({ key, versions, size: 0 }), expect: () => expected, versions, isKeptBy }
  })
  return deleteInBatches(session, {
    choose: ({ index }) =>
      targets.filter(
        ({ isKeptBy, versions }) => !versions.flatMap((version) => index.find(version) ?? []).some(isKeptBy),
      ),
  })
}

/**
 * The deletion of an orphan. It deletes the archive that is under the key when the delta is written, unless that
 * archive was written at or after `before` (store clock, milliseconds since 1970): then it may belong to a push under
 * way.
 */
export function orphanTarget({ key, versions }: Orphan, before = Infinity): DeletionTarget {
  const removals = versions.map((version) => ({ ...version, created: NO_ENTRY }))
  // Where there was no archive before the delta, an archive that has come since must not be deleted.
  const isOld = (seen: ArchiveHead): boolean => seen.lastModified < before
  const expect = (seen: ArchiveHead | undefined): ExpectedArchive =>
    seen !== undefined && isOld(seen) ? { digest: seen.digest, writer: seen } : NONE
  return { removals, key, expect }
}
