import type { Entry, Removal, VersionId } from '../core/entry.ts'
import { type RepositoryLocation, ownArchiveKey } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { type Choose, type Deletion, type DeletionTarget, deleteTargets } from './delete-targets.ts'
import { type View, readView } from './read-view.ts'
import { publishedLocation } from './repository-config.ts'
import type { Session } from './session.ts'

/** The deletion of an entry and of its archive. */
export interface EntryTarget extends DeletionTarget {
  readonly entry: Entry
}

export interface SelectedOptions {
  /** Says what would go, and writes nothing. */
  readonly dryRun: boolean
  /** Versions that are not there do not matter, nor does a chart that has none. */
  readonly ignoreMissing: boolean
}

/**
 * Deletes chart versions: a delta of removals, then the archives. All versions exist, or nothing happens.
 *
 * Cost of n versions: two views (the second reads only what is new), n HEADs, LIST, PUT of the delta, then up to two HEADs and two DELETEs a version.
 * @throws HelmS3Error `not-found` (names each version that is missing), `missing-index`, `conflict`, `outcome-unknown`
 */
export async function deleteVersions(session: Session, versions: readonly VersionId[]): Promise<Deletion<EntryTarget>> {
  return deleteTargets(session, async (view, turn) => {
    if (turn !== 'rest') refuseMissing(missingFrom(view, versions), turn)
    return entryTargets(session, present(view, versions))
  })
}

/**
 * Deletes versions of one chart, or all that it has when the deletion is written.
 * Cost: as {@link deleteVersions}; of a dry run one view.
 * @throws HelmS3Error as {@link deleteVersions}; `not-found` also for all versions of a chart that has none
 */
export async function deleteSelected(
  session: Session,
  name: string,
  versions: readonly string[] | 'all',
  { dryRun, ignoreMissing }: SelectedOptions,
): Promise<Deletion<EntryTarget>> {
  const choose: Choose<EntryTarget> = async (view, turn) => {
    const wanted = versions === 'all' ? new Set(view.index.versions(name).map(({ version }) => version)) : versions
    const chosen = [...wanted].map((version) => ({ name, version }))
    if (!ignoreMissing && turn !== 'rest') {
      refuseMissing(chosen.length === 0 ? [`chart ${name} not found in index`] : missingFrom(view, chosen), turn)
    }
    return entryTargets(session, present(view, chosen))
  }
  if (dryRun) return { targets: await choose(await readView(session), 'first'), keptArchives: [], revived: [], committed: [] }
  return deleteTargets(session, choose)
}

function present({ index }: View, versions: readonly VersionId[]): readonly Entry[] {
  return versions.flatMap((version) => index.find(version) ?? [])
}

/** What the deletion of these entries takes: an archive only when it is one of this repository. */
export async function entryTargets(session: Session, entries: readonly Entry[]): Promise<readonly EntryTarget[]> {
  const location = await publishedLocation(session)
  return entries.map((entry) => entryTarget(location, entry))
}

function entryTarget(location: RepositoryLocation, entry: Entry): EntryTarget {
  const url = entry.urls?.[0]
  const key = url === undefined ? undefined : ownArchiveKey(location, url)
  return { entry, removals: [removalOf(entry)], key, digestOf: () => entry.digest }
}

/** What cannot be found, one text for each version. */
function missingFrom({ index }: View, versions: readonly VersionId[]): readonly string[] {
  const missing = versions.filter((version) => index.find(version) === undefined)
  return missing.map(({ name, version }) => `chart ${name} version ${version} not found in index`)
}

function refuseMissing(missing: readonly string[], turn: 'first' | 'again'): void {
  if (missing.length === 0) return
  throw new HelmS3Error('not-found', missing.join('; '), {
    hint:
      turn === 'again'
        ? 'it was there a moment ago: another client deleted it, or an earlier attempt of this command whose answer was lost'
        : 'nothing was deleted',
  })
}

function removalOf({ name, version, digest }: Entry): Removal {
  return digest === undefined ? { name, version } : { name, version, digest }
}
