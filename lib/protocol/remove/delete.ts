import { type Entry, type VersionId, promisedDigest, removalOf, underName } from '../../core/log/entry.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import type { Key } from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import { ArchiveFolders } from '../archives/archive-folders.ts'
import type { WantedCharts } from '../../core/index/paging.ts'
import { entriesOf } from '../read/wanted-charts.ts'
import { deleteInBatches } from './delete-targets.ts'
import type { Deletion, DeletionTarget } from './deletion.ts'
import { type View, readView } from '../read/read-view.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'

/** The deletion of an entry and of its archive. */
export interface EntryTarget extends DeletionTarget {
  readonly entry: Entry
}

export interface SelectedOptions {
  /** Only say what would be deleted, and write nothing. */
  readonly dryRun: boolean
  /** Ignore versions that are not there, and a chart that has none. */
  readonly ignoreMissing: boolean
}

/**
 * Deletes chart versions: a delta of removals first, then the archives. When one of the versions does not exist,
 * nothing is deleted.
 *
 * Cost of n versions: two views (the second reads only what is new), n HEADs, LIST, PUT of the delta, then up to two
 * HEADs and two DELETEs for each version.
 * @throws HelmS3Error `not-found` (names each version that is missing), `missing-index`, `conflict`, `outcome-unknown`
 */
export async function deleteVersions(session: Session, versions: readonly VersionId[]): Promise<Deletion<EntryTarget>> {
  return deleteInBatches(session, {
    wanted: entriesOf(versions),
    choose: ({ index }) => entryTargets(session, index, versions),
    refuseMissing: (view, mayHaveLanded) => refuseMissing(missingFrom(view, versions), mayHaveLanded),
  })
}

/**
 * Deletes some versions of one chart, or all versions that it has when the deletion is written.
 * Cost: as {@link deleteVersions}; a dry run costs one view.
 * @throws HelmS3Error as {@link deleteVersions}; `not-found` also when all versions are to be deleted and there is none
 */
export async function deleteSelected(
  session: Session,
  name: string,
  versions: readonly string[] | 'all',
  { dryRun, ignoreMissing }: SelectedOptions,
): Promise<Deletion<EntryTarget>> {
  const chosenFrom = ({ index }: View): readonly VersionId[] => {
    const wanted = versions === 'all' ? new Set(index.versions(name).map(({ version }) => version)) : versions
    return [...wanted].map((version) => ({ name, version }))
  }
  const choose = (view: View): Promise<readonly EntryTarget[]> => entryTargets(session, view.index, chosenFrom(view))
  const refuse = (view: View, mayHaveLanded: boolean): void => {
    const chosen = chosenFrom(view)
    refuseMissing(chosen.length === 0 ? [`chart ${name} not found in index`] : missingFrom(view, chosen), mayHaveLanded)
  }
  const wanted: WantedCharts = { charts: [name] }
  const choice = { wanted, choose, refuseMissing: ignoreMissing ? undefined : refuse }
  if (!dryRun) return deleteInBatches(session, choice)
  const view = await readView(session, { wanted })
  choice.refuseMissing?.(view, false)
  return { targets: await choose(view), keptArchives: [], unlike: [], revived: [], committed: [] }
}

/**
 * What a deletion of these versions removes: every entry with exactly this chart name and exactly this version, and the
 * archives of this repository that those entries name, in folders as well. For a version that is not there it removes
 * nothing.
 *
 * Cost: see {@link ArchiveFolders}; nothing for archives directly below the prefix.
 */
export async function entryTargets(
  session: Session,
  index: IndexText,
  versions: readonly VersionId[],
): Promise<readonly EntryTarget[]> {
  const folders = new ArchiveFolders(session, await publishedLocation(session))
  const targets: EntryTarget[] = []
  for (const { name, version } of versions) {
    const entries = index.items(name).flatMap((item) => (item.version === version ? [underName(name, item.entry)] : []))
    const byKey = new Map<Key | undefined, Entry[]>()
    for (const entry of entries) {
      const url = entry.urls?.[0]
      const key = url === undefined ? undefined : await folders.archiveOf(url)
      byKey.set(key, [...(byKey.get(key) ?? []), entry])
    }
    targets.push(...[...byKey].map(([key, named]) => entryTarget(key, named)))
  }
  return targets
}

/**
 * Whether the archive of an entry does not belong to this repository, and therefore stays. `key`: the archive that its
 * deletion may remove.
 */
export function isElsewhere({ urls = [] }: Entry, key: Key | undefined): boolean {
  return key === undefined && urls.length > 0
}

/** `entries`: entries of one version that name one archive; the first is the one that Helm uses. */
function entryTarget(key: Key | undefined, entries: readonly Entry[]): EntryTarget {
  const [entry] = entries
  if (entry === undefined) throw new Error('a target without an entry')
  const promised = entries.map(({ digest }) => promisedDigest(digest) ?? digest)
  const expect: EntryTarget['expect'] = (seen) => ({
    digest: promised.includes(seen?.digest) ? seen?.digest : promised[0],
  })
  return { entry, removals: entries.map(removalOf), key, expect }
}

/** One text for each version that cannot be found. */
function missingFrom({ index }: View, versions: readonly VersionId[]): readonly string[] {
  const missing = versions.filter((version) => index.find(version) === undefined)
  return missing.map(({ name, version }) => `chart ${name} version ${version} not found in index`)
}

function refuseMissing(missing: readonly string[], mayHaveLanded: boolean): void {
  if (missing.length === 0) return
  throw new HelmS3Error('not-found', missing.join('; '), {
    hint: mayHaveLanded
      ? 'it was there a moment ago: another client deleted it, or an earlier attempt of this command whose answer ' +
        'was lost'
      : 'nothing was deleted',
  })
}
