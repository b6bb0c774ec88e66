import type { Key } from '../../core/keys.ts'
import type { Entry, Removal } from '../../core/log/entry.ts'
import type { ArchiveHead } from '../archives/head-archive.ts'
import type { CommittedDelta } from '../session/committed.ts'
import type { ExpectedArchive, Unlike } from '../write/delete-archive.ts'

/** Something to delete: the removals that the delta names, and the archive that goes with them. */
export interface DeletionTarget {
  /** One removal for each version that the archive may have been pushed as. */
  readonly removals: readonly Removal[]
  /** Undefined when the archive does not belong to this repository, and so must stay. */
  readonly key: Key | undefined
  /**
   * Whether this entry keeps the archive. Asked of each entry that is of one of the versions or whose url names the
   * archive. Left out: any such entry keeps it.
   */
  readonly isKeptBy?: (entry: Entry) => boolean
  /** What the archive must be to be deleted, given what HEAD showed before the delta was written. */
  readonly expect: (seen: ArchiveHead | undefined) => ExpectedArchive
}

export interface Deletion<T extends DeletionTarget> {
  readonly targets: readonly T[]
  /** Archives that stay although no entry names them any more. */
  readonly keptArchives: readonly Key[]
  /** Those of them that nothing proves to be the deleted archive, and that no other client is working on. */
  readonly unlike: readonly UnlikeArchive[]
  /** Archives whose version was pushed again in the meantime. */
  readonly revived: readonly Key[]
  /**
   * The deltas of removals that were committed, in the order of the log: more than one only when there was too much for
   * one delta, none when nothing was chosen.
   */
  readonly committed: readonly CommittedDelta[]
}

/** An archive that stays, and the reason. */
export interface UnlikeArchive {
  readonly key: Key
  readonly reason: Unlike
}
