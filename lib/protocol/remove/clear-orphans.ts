import { type Entry, NO_ENTRY } from '../../core/log/entry.ts'
import type { Key } from '../../core/keys.ts'
import { type Orphan, possibleVersions } from '../../core/plan-orphans.ts'
import type { ExpectedArchive } from '../write/delete-archive.ts'
import { type Deletion, type DeletionTarget, deleteInBatches } from './delete-targets.ts'
import type { ArchiveHead } from '../archives/head-archive.ts'
import type { Session } from '../session/session.ts'

/** An archive that no entry is known to name, and what it must be to be removed. */
export interface OrphanArchive extends ExpectedArchive {
  readonly key: Key
  readonly digest: string
}

/** An archive that there is none of. */
const NONE: ExpectedArchive = { digest: '' }

/**
 * Removes archives that no entry means, under the rules of a deleted version: it is announced in the log, looked at
 * again, and removed by one conditional DELETE within the deadline. Whoever pushes or adopts it meanwhile sees the
 * announcement and waits, or is seen and keeps it. (Removals that match no entry are what announces.)
 *
 * `isOwn`: this push has put them itself, so that an entry with another digest means the archive of another push.
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
 * The deletion of an orphan: of whatever stands under its key when the delta is written, unless it was written since
 * `before` (store clock, milliseconds since 1970): then it may be that of a push under way.
 */
export function orphanTarget({ key, versions }: Orphan, before = Infinity): DeletionTarget {
  const removals = versions.map((version) => ({ ...version, created: NO_ENTRY }))
  // Where there was no archive, one that has come since is not the one to delete.
  const isOld = (seen: ArchiveHead): boolean => seen.lastModified < before
  const expect = (seen: ArchiveHead | undefined): ExpectedArchive =>
    seen !== undefined && isOld(seen) ? { digest: seen.digest, writer: seen } : NONE
  return { removals, key, expect }
}
