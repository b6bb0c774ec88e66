import { formatCount } from '../../text/format.ts'
import pLimit from 'p-limit'
import {
  type SeenObject,
  type SeenRepository,
  adviseElsewhere,
  checkArchives,
  checkDeadUrls,
} from '../../core/check/check-archives.ts'
import { type Permission, checkClock, checkPermissions, checkStore } from '../../core/check/check-store.ts'
import { DEFAULT_ROUNDS, type Level, type ProbeReport, levelOf } from '../../core/check/probe-report.ts'
import { type Finding, finding, findingKey } from '../../core/check/finding.ts'
import type { FindingCode } from '../../core/check/finding-kinds.ts'
import { type Key, probeFolder, resourceArn } from '../../core/keys.ts'
import { namedArchives } from '../../core/plan-orphans.ts'
import type { ObjectInfo } from '../../store/object-store.ts'
import { ArchiveFolders, NOTHING_NAMED } from '../archives/archive-folders.ts'
import { unlessDenied } from '../read/ask-again.ts'
import { type CheckedIndex, bothEntriesOf, checkIndex } from './check-index.ts'
import { findDeadUrls } from '../archives/dead-urls.ts'
import { CONCURRENCY } from '../session/limits.ts'
import { type LookOptions, listRepository, lookAtArchives } from './look-at-archives.ts'
import { findLeftovers } from '../write/leftovers.ts'
import { probePermissions } from '../write/probe-permissions.ts'
import { probeStore } from './probe-store.ts'
import { readView } from '../read/read-view.ts'
import { locationFor } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'

export interface CheckOptions extends LookOptions {
  /** Write as well, to find out what the store guarantees and what these credentials may do. */
  readonly probe: boolean
  /** How many rounds each race of the probe has. */
  readonly rounds?: number | undefined
}

export interface CheckResult {
  readonly findings: readonly Finding[]
  readonly level: Level
  readonly probe: ProbeReport | undefined
  readonly permissions: readonly Permission[]
  /** Milliseconds by which the store's clock is ahead of the local one, accurate to a second. */
  readonly clockSkew: number
  readonly generation: number | undefined
  readonly counts: CheckedIndex['counts'] & {
    readonly entries: number
    readonly archives: number
    readonly provenances: number
    readonly bytes: number
  }
}

/** More suspects than this cannot come from a push that crosses the check; they are not looked at again. */
const MOST_TO_CONFIRM = 1000

/** Findings that a push or a deletion causes for a moment. */
const FLEETING: readonly FindingCode[] = [
  'archive-missing',
  'archive-unlisted',
  'archive-unlisted-misnamed',
  'archive-duplicate',
  'archive-foreign',
  'archive-digest-mismatch',
  'archive-of-other-chart',
  'archive-folder-mismatch',
  'provenance-stale',
  'provenance-mismatch',
]

/**
 * Checks a repository. Sends only GET, HEAD and LIST, unless `probe` is set. Others may push and delete at the same
 * time: what looks wrong is looked at twice.
 *
 * Cost:
 *
 * - a view, one LIST for each 1000 objects, and one HEAD;
 * - a HEAD for each archive that is younger than its entry or that no entry names (a GET when it carries no metadata);
 * - one more view, and a HEAD for each suspect;
 * - the LISTs of {@link ArchiveFolders.namedBy}, and the requests of {@link findDeadUrls};
 * - with `deep` a GET for each archive and provenance file; with `probe` see {@link probeStore}.
 *
 * @throws HelmS3Error `missing-index` when there is no trace of a repository; `denied` when `index.yaml` may not be
 *   read
 */
export async function checkRepository(session: Session, options: CheckOptions): Promise<CheckResult> {
  const index = await checkIndex(session)
  const clockSkew = clockSkewOf(session)
  const listing = await unlessDenied(session, () => listRepository(session))
  const entries = index.entries ?? []
  const location = await locationFor(session, index.all)
  const inFolders = listing === undefined ? NOTHING_NAMED : await new ArchiveFolders(session, location).namedBy(entries)
  const objects = new Map<Key, ObjectInfo>([...(listing ?? []), ...inFolders.objects])
  const named = index.entries === undefined ? NAMED : namedArchives(location, index.all)
  const places = { location, entries, named, objects, inFolders: inFolders.keys }
  const { contents, denied, isDenied } = await lookAtArchives(session, places, options)
  const dead =
    index.entries === undefined ? new Set<Key>() : await findDeadUrls(session, location, entries, objects, inFolders)
  const seen: SeenRepository = { ...places, dead, contents, busy: index.busy, date: session.storeClock.now() }
  const suspects = listing === undefined || index.entries === undefined ? [] : checkArchives(seen)
  const archives = await confirm(session, seen, objects, suspects)

  const probed = options.probe
    ? await probeAll(session, options.rounds ?? DEFAULT_ROUNDS)
    : { probe: undefined, permissions: [], findings: await leftovers(session, listing !== undefined) }
  const permissions = [...readPermissions(session, index, listing !== undefined, isDenied), ...probed.permissions]
  const sizes = [...objects.values()]
  return {
    findings: [
      ...adviseElsewhere(index.findings, index.all, location),
      ...checkDeadUrls(seen),
      ...archives,
      ...(isDenied === true ? [] : denied.map(deniedArchive)),
      ...checkClock(clockSkew),
      ...checkPermissions(permissions),
      ...probed.findings,
    ],
    level: levelOf(probed.probe),
    probe: probed.probe,
    permissions,
    clockSkew,
    generation: index.generation,
    counts: {
      ...index.counts,
      entries: entries.length,
      archives: sizes.filter(({ key }) => key.endsWith('.tgz')).length,
      provenances: sizes.filter(({ key }) => key.endsWith('.prov')).length,
      bytes: sizes.reduce((sum, { size }) => sum + size, 0),
    },
  }
}

/** Stands for the names in an index that cannot be read: every archive counts as named. */
const NAMED: SeenRepository['named'] = { has: () => true, by: () => [] }

/**
 * The finding for one archive that may not be read while others may. When none may be read, a permission is lacking.
 */
function deniedArchive(key: Key): Finding {
  return finding('archive-unread', `s3:GetObject on ${key} is denied`, { key })
}

/** The findings that still hold after a second look at the index and at the objects in question. */
async function confirm(
  session: Session,
  seen: SeenRepository,
  listed: ReadonlyMap<Key, ObjectInfo>,
  findings: readonly Finding[],
): Promise<readonly Finding[]> {
  const keys = new Set(
    findings.flatMap(({ code, key }) => (FLEETING.includes(code) && key !== undefined ? [key as Key] : [])),
  )
  if (keys.size === 0 || keys.size > MOST_TO_CONFIRM) return findings
  const objects = new Map<Key, SeenObject>(listed)
  const contents = new Map(seen.contents)
  const withArchives = [...keys].flatMap((key) =>
    key.endsWith('.prov') ? [key, key.slice(0, -'.prov'.length) as Key] : [key],
  )
  const limit = pLimit(CONCURRENCY)
  const look = async (key: Key): Promise<void> => {
    const head = await unlessDenied(session, async () => (await session.store.head(key)) ?? 'missing')
    // An object that may not be looked at counts as the listing has shown it.
    if (head === undefined) return
    if (head !== 'missing' && head.etag === listed.get(key)?.etag) return
    contents.delete(key)
    if (head === 'missing') objects.delete(key)
    else objects.set(key, head)
  }
  await Promise.all([...new Set(withArchives)].map((key) => limit(() => look(key))))
  const { all, entries = [] } = bothEntriesOf((await readView(session)).index)
  const named = namedArchives(seen.location, all)
  const now = new Set(checkArchives({ ...seen, entries, named, objects, contents }).map(findingKey))
  return findings.filter((each) => now.has(findingKey(each)))
}

async function probeAll(
  session: Session,
  rounds: number,
): Promise<{
  readonly probe: ProbeReport | undefined
  readonly permissions: readonly Permission[]
  readonly findings: readonly Finding[]
}> {
  const probe = await unlessDenied(session, () => probeStore(session, rounds))
  const permissions = await probePermissions(session, probe)
  if (probe !== undefined) return { probe, permissions, findings: checkStore(probe) }
  const { bucket } = session.location
  const resource = resourceArn(bucket, `${probeFolder(session.location)}*`)
  const needs =
    `a probe needs s3:PutObject, s3:GetObject and s3:DeleteObject on ${resource}, and s3:ListBucket on ` +
    `${resourceArn(bucket, '')}`
  return { probe, permissions, findings: [finding('probe-incomplete', needs)] }
}

async function leftovers(session: Session, mayList: boolean): Promise<readonly Finding[]> {
  if (!mayList) return []
  const { hasProbes, uploads } = await findLeftovers(session)
  const { indexKey } = session.location
  return [
    ...(hasProbes ? [finding('probe-leftovers', `below ${probeFolder(session.location)}`)] : []),
    ...(uploads.length > 0
      ? [finding('upload-leftovers', formatCount(uploads.length, 'upload'), { key: indexKey })]
      : []),
  ]
}

/**
 * What the requests so far have shown about permissions. `isDenied`: whether an archive could not be read; undefined:
 * none was tried.
 */
function readPermissions(
  { location }: Session,
  { counts, denied }: CheckedIndex,
  mayList: boolean,
  isDenied: boolean | undefined,
): readonly Permission[] {
  const { bucket, deltaFolder, indexKey, prefix } = location
  const read = 's3:GetObject'
  return [
    { action: 's3:ListBucket', resource: resourceArn(bucket, ''), granted: mayList && !denied.list },
    { action: read, resource: resourceArn(bucket, indexKey), granted: true },
    {
      action: read,
      resource: resourceArn(bucket, `${deltaFolder}*`),
      granted: denied.deltas ? false : counts.pending > 0 ? true : undefined,
    },
    {
      action: read,
      resource: resourceArn(bucket, `${prefix}*.tgz`),
      granted: isDenied === undefined ? undefined : !isDenied,
    },
  ]
}

/** `Date` headers are cut to whole seconds, so the true time is half a second later on average. */
function clockSkewOf({ clock, storeClock }: Session): number {
  return Math.round((storeClock.now() - clock.now() - 500) / 1000) * 1000
}
