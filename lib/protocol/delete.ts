import type { Entry, Removal, VersionId } from '../core/entry.ts'
import { ownArchiveKey } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { type Deletion, type DeletionTarget, deleteTargets } from './delete-targets.ts'
import { type View, readView } from './read-view.ts'
import type { Session } from './session.ts'

/** The deletion of an entry and of its archive. */
export interface EntryTarget extends DeletionTarget {
  readonly entry: Entry
}

/**
 * Deletes chart versions: a delta of removals, then the archives. All versions exist, or nothing happens.
 *
 * Cost of n versions: two views (the second reads only what is new), n HEADs, LIST, PUT of the delta, then up to two HEADs and two DELETEs a version.
 * @throws HelmS3Error `not-found` (names each version that is missing), `missing-index`, `conflict`, `outcome-unknown`
 */
export async function deleteVersions(session: Session, versions: readonly VersionId[]): Promise<Deletion<EntryTarget>> {
  return deleteTargets(session, (view, turn) => {
    if (turn !== 'rest') refuseMissing(view, versions, turn)
    return versions.flatMap((version) => view.index.find(version) ?? []).map((entry) => entryTarget(session, entry))
  })
}

/**
 * Deletes what `select` finds, and nothing when it finds nothing. `dryRun`: says what would go, and writes nothing.
 * Cost: as {@link deleteVersions}; of a dry run one view.
 * @throws HelmS3Error as {@link deleteVersions}, and what `select` throws
 */
export async function deleteSelected(
  session: Session,
  select: (index: View['index']) => readonly Entry[],
  dryRun: boolean,
): Promise<Deletion<EntryTarget>> {
  const choose = (view: View): readonly EntryTarget[] => select(view.index).map((entry) => entryTarget(session, entry))
  if (dryRun) return { targets: choose(await readView(session)), keptArchives: [], revived: [], committed: [] }
  return deleteTargets(session, choose)
}

/** What the deletion of an entry takes: its archive only when it is one of this repository. */
export function entryTarget({ location }: Session, entry: Entry): EntryTarget {
  const url = entry.urls?.[0]
  const key = url === undefined ? undefined : ownArchiveKey(location, url)
  return { entry, removals: [removalOf(entry)], key, digestOf: () => entry.digest }
}

function refuseMissing(view: View, versions: readonly VersionId[], turn: 'first' | 'again'): void {
  const missing = versions.filter((version) => view.index.find(version) === undefined)
  if (missing.length === 0) return
  const names = missing.map(({ name, version }) => `chart ${name} version ${version} not found in index`)
  throw new HelmS3Error('not-found', names.join('; '), {
    hint:
      turn === 'again'
        ? 'it was there a moment ago: another client deleted it, or an earlier attempt of this command whose answer was lost'
        : 'nothing was deleted',
  })
}

function removalOf({ name, version, digest }: Entry): Removal {
  return digest === undefined ? { name, version } : { name, version, digest }
}
