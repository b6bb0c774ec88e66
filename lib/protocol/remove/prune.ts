import { type Entry, versionKey } from '../../core/log/entry.ts'
import { type Key, provenanceKey } from '../../core/keys.ts'
import {
  type ForeignFile,
  type Orphan,
  allEntries,
  findForeign,
  findOrphans,
  namedArchives,
} from '../../core/plan-orphans.ts'
import { type PrunePlan, type PruneRules, planPrune } from '../../core/plan-prune.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { type ObjectInfo, listAll } from '../../store/object-store.ts'
import { ArchiveFolders } from '../archives/archive-folders.ts'
import { orphanTarget } from './clear-orphans.ts'
import { entryTargets, isElsewhere } from './delete.ts'
import type { CommittedDelta } from '../session/committed.ts'
import { deleteInBatches } from './delete-targets.ts'
import type { DeletionTarget } from './deletion.ts'
import { OrphanJudge } from '../archives/judge-orphans.ts'
import { type View, readView } from '../read/read-view.ts'
import { rebuildsUnderWay } from '../write/rebuild-mark.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'
import { shellWord } from '../../text/terminal-text.ts'

export interface PruneOptions {
  /** Which versions to remove; undefined: none, only orphans. `createdBefore` comes from `olderThan`. */
  readonly rules: Omit<PruneRules, 'createdBefore'> | undefined
  /** Remove only versions older than this, milliseconds; undefined: age does not matter. */
  readonly olderThan: number | undefined
  /** Remove archives that no entry names when they are older than this, milliseconds. Undefined: they stay. */
  readonly orphanAge: number | undefined
  /** Remove orphans even when they are more than a tenth of all archives. */
  readonly allowManyOrphans: boolean
  /** Only plan the prune, and write nothing. */
  readonly dryRun: boolean
}

export interface PrunedVersion {
  readonly entry: Entry
  /** Bytes of archive and provenance file; 0 when the archive does not belong to this repository, or is missing. */
  readonly size: number
  /** Whether its archive, or one of them, does not belong to this repository, and therefore stays. */
  readonly isElsewhere: boolean
}

export interface PruneResult {
  /** Versions that left the index (with `dryRun`: that would leave it). */
  readonly removed: readonly PrunedVersion[]
  readonly orphans: readonly Orphan[]
  /** Files that no entry names and that are not orphans: they stay. Empty unless orphans are to be removed. */
  readonly foreign: readonly ForeignFile[]
  readonly kept: PrunePlan['keep']
  /** Archives that stay in the bucket although no entry names them any more. */
  readonly keptArchives: readonly Key[]
  /** The number of bytes that were freed in the bucket. */
  readonly freed: number
  /** The deltas that were committed, in this order; several when there is more than can be deleted in time. */
  readonly committed: readonly CommittedDelta[]
}

interface Target extends DeletionTarget {
  readonly what: { readonly entry: Entry } | { readonly orphan: Orphan }
  readonly size: number
}

/**
 * Removes chart versions by rules, and archives that no entry names: a delta of removals first, then the archives. The
 * rules are applied again to the view from which each delta is written, so versions that have come or gone since the
 * first look count.
 *
 * An orphan is removed under the same rules as a deleted version. Its removal matches no entry, but it is in the log: a
 * push that adopts the archive at the same time either sees the removal and waits, or is seen by it and keeps its
 * archive. When the index lacks many of the archives, it is more likely damaged than they are orphans. Therefore no
 * orphan is removed while `index.yaml` is being rebuilt, nor when orphans are more than a tenth of all archives,
 * unless that is asked for.
 *
 * Cost: LIST of the prefix, a view; for versions whose archives are in folders a listing of each folder; then that of
 * `deleteInBatches`.
 * @throws HelmS3Error as `deleteInBatches`; `conflict` during a rebuild; `too-many-orphans`
 */
export async function prune(session: Session, options: PruneOptions): Promise<PruneResult> {
  // LIST comes before the view: so the view names every archive that is listed and whose push has committed.
  const listing = await listAll(session.store, session.location.prefix, { delimiter: '/' })
  const sizes = new Map(listing.objects.map(({ key, size }) => [key, size]))
  const first = await readView(session)
  const kept = planOf(first, options).keep
  const judge = new OrphanJudge(session)
  const foreign = new Map<Key, ForeignFile>()
  const choose = async (view: View): Promise<readonly Target[]> => {
    const chosen = await chooseTargets(session, view, options, listing, sizes, judge)
    for (const file of chosen.foreign) foreign.set(file.key, file)
    return chosen.targets
  }
  if (options.dryRun)
    return { ...report(await choose(first), [], []), foreign: [...foreign.values()], kept, committed: [] }
  const { committed, keptArchives, revived, targets } = await deleteInBatches(session, { choose }, first)
  return { ...report(targets, keptArchives, revived), foreign: [...foreign.values()], kept, committed }
}

function planOf(view: View, { olderThan, rules }: PruneOptions): PrunePlan {
  if (rules === undefined) return { remove: [], keep: [] }
  return planPrune(view.index, {
    ...rules,
    createdBefore: olderThan === undefined ? undefined : view.base.date - olderThan,
  })
}

async function chooseTargets(
  session: Session,
  view: View,
  options: PruneOptions,
  listing: { readonly objects: readonly ObjectInfo[]; readonly date: number },
  sizes: ReadonlyMap<Key, number>,
  judge: OrphanJudge,
): Promise<{ readonly targets: readonly Target[]; readonly foreign: readonly ForeignFile[] }> {
  const location = await publishedLocation(session)
  const removals = await entryTargets(session, view.index, planOf(view, options).remove)
  const inFolders = await new ArchiveFolders(session, location).sizesAround(removals.flatMap(({ key }) => key ?? []))
  const sizeOf = (key: Key): number => sizes.get(key) ?? inFolders.get(key) ?? 0
  const versions = removals.map((target): Target => {
    const size = target.key === undefined ? 0 : sizeOf(target.key) + sizeOf(provenanceKey(target.key))
    return { ...target, what: { entry: target.entry }, size }
  })
  if (options.orphanAge === undefined) return { targets: versions, foreign: [] }
  const before = listing.date - Math.max(options.orphanAge, options.olderThan ?? 0)
  const named = namedArchives(location, allEntries(view.index))
  const { foreign, orphans } = await judge.judge(
    findOrphans(location, view.index, named, listing.objects, before),
    view.index,
  )
  const unfit = findForeign(location, named, listing.objects)
  if (orphans.length > 0) refuseDoubtful(session, view, orphans, listing.objects, options)
  const targets = [
    ...versions,
    ...orphans.map((orphan) => ({ ...orphanTarget(orphan, before), what: { orphan }, size: orphan.size })),
  ]
  return { targets, foreign: [...foreign, ...unfit] }
}

/** When a larger share of all archives than this are orphans, they are removed only if the user has allowed it. */
const DOUBTFUL_SHARE = 0.1

/** @throws HelmS3Error `conflict` during a rebuild; `too-many-orphans` */
function refuseDoubtful(
  { location }: Session,
  view: View,
  orphans: readonly Orphan[],
  objects: readonly ObjectInfo[],
  { allowManyOrphans, dryRun }: PruneOptions,
): void {
  if (dryRun) return
  if (rebuildsUnderWay(view.listing).length > 0) {
    throw new HelmS3Error(
      'conflict',
      `the index of ${location.url} is being rebuilt: archives that it does not name yet look like orphans`,
      {
        hint: 'nothing was removed; try again when the reindex has ended, or twenty minutes after it died',
      },
    )
  }
  const archives = new Set(objects.map(({ key }) => key).filter((key) => key.endsWith('.tgz')))
  const unnamed = orphans.filter(({ key }) => archives.has(key)).length
  if (allowManyOrphans || unnamed <= archives.size * DOUBTFUL_SHARE) return
  const share = `${String(unnamed)} of ${formatCount(archives.size, 'archive')}`
  throw new HelmS3Error('too-many-orphans', `no entry names ${share}: that is more than a tenth`, {
    hint:
      `nothing was removed; if the index lacks charts, \`helm s3 reindex ${shellWord(location.address)}\` adds them; ` +
      'if they are orphans indeed, add --allow-many-orphans',
  })
}

function report(
  targets: readonly Target[],
  keptArchives: readonly Key[],
  revived: readonly Key[],
): Omit<PruneResult, 'kept' | 'committed' | 'foreign'> {
  const isKept = new Set([...keptArchives, ...revived])
  const gone = targets.filter(({ key }) => key === undefined || !isKept.has(key))
  return {
    removed: eachOnce(
      targets.flatMap(({ key, size, what }) =>
        'entry' in what ? [{ entry: what.entry, size, isElsewhere: isElsewhere(what.entry, key) }] : [],
      ),
    ),
    orphans: gone.flatMap(({ what }) => ('orphan' in what ? [what.orphan] : [])),
    keptArchives,
    freed: gone.reduce((sum, { size }) => sum + size, 0),
  }
}

/** The pruned versions, each once: two entries of one version with two archives count as one version. */
function eachOnce(removed: readonly PrunedVersion[]): readonly PrunedVersion[] {
  const versions = new Map<string, PrunedVersion>()
  for (const { entry, isElsewhere, size } of removed) {
    const known = versions.get(versionKey(entry))
    versions.set(versionKey(entry), {
      entry: known?.entry ?? entry,
      size: (known?.size ?? 0) + size,
      isElsewhere: known?.isElsewhere === true || isElsewhere,
    })
  }
  return [...versions.values()]
}
