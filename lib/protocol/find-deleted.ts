import pLimit from 'p-limit'
import { readChartArchive } from '../chart/chart-archive.ts'
import type { DeltaId } from '../core/delta-id.ts'
import { type Removal, type VersionId, isAnnouncement, promisedDigest, versionKey } from '../core/entry.ts'
import { entryOfOther } from '../core/entry-of-other.ts'
import { compareIds } from '../core/fold.ts'
import { type Key, archiveKey, provenanceKey } from '../core/keys.ts'
import { type ErrorCode, HelmS3Error, hasCode } from '../errors.ts'
import type { ObjectVersion, StoredObject } from '../store/object-store.ts'
import { sha256 } from '../sys/sha256.ts'
import { keyTaken } from './archive-owner.ts'
import type { ChartUpload } from './chart-upload.ts'
import { CONCURRENCY } from './limits.ts'
import { readDelta } from './read-delta.ts'
import { type View, readView } from './read-view.ts'
import { type KnownRemoval, findAllRemovals } from './removals.ts'
import { publishedLocation } from './config-defaults.ts'
import type { Session } from './session.ts'
import { shellWord } from '../terminal-text.ts'

/** A version that was deleted, and whose archive can still be had. */
export interface DeletedChart {
  /** Pushing it undoes the deletion. */
  readonly upload: ChartUpload & { readonly created: string }
  /** The delta that deleted it. */
  readonly removal: DeltaId
  /** Where the bytes are: under the key of the archive, or in an older version that the bucket keeps of it. */
  readonly source: 'archive' | 'older-version'
}

/** Of an archive the newest so many versions are looked at. */
const MAX_VERSIONS = 20

/**
 * The archives of these deleted versions, each with the bytes that the removed entry promised; all of them, or none.
 * A version dates from when its archive was pushed.
 *
 * Cost: a view, one GET for each folded delta that touched any of them, and for each version one GET of its deletion and one
 * of the archive. Where that is gone, LIST of its versions and GETs of these until one fits, and the same for provenance.
 * @throws HelmS3Error `already-exists`, `not-found` or `conflict`, which say what cannot be restored and why; `missing-index`
 */
export async function findDeleted(session: Session, versions: readonly VersionId[]): Promise<readonly DeletedChart[]> {
  const view = await readView(session)
  const removals = await findAllRemovals(session, view, versions, new Set())
  const limit = pLimit(CONCURRENCY)
  const find = (version: VersionId): Promise<DeletedChart | HelmS3Error> => findOne(session, view, version, removals.get(versionKey(version)) ?? [])
  const found = await Promise.all(versions.map((version) => limit(() => find(version))))
  const problems = found.flatMap((each) => (each instanceof HelmS3Error ? [each] : []))
  const [first] = problems
  if (first === undefined) return found.flatMap((each) => (each instanceof HelmS3Error ? [] : [each]))
  if (problems.length === 1) throw first
  throw new HelmS3Error(first.code, problems.map(({ message }) => message).join('; '), { hint: `nothing was restored; ${first.hint ?? ''}` })
}

/** The error, returned, when it cannot be restored. */
async function findOne(session: Session, view: View, version: VersionId, removals: readonly KnownRemoval[]): Promise<DeletedChart | HelmS3Error> {
  const { location } = session
  const what = `${version.name} ${version.version}`
  const problem = (code: ErrorCode, message: string, hint: string): HelmS3Error => new HelmS3Error(code, message, { hint })
  const pushAgain = 'push the archive again'
  if (view.index.find(version) !== undefined) {
    return problem('already-exists', `${what} is in the repository`, `there is nothing to restore; \`helm s3 log ${shellWord(location.address)} ${shellWord(version.name)}\` shows what happened to it`)
  }
  const removal = await lastRemoval(session, view, version, removals)
  if (removal === undefined) {
    const isCollected = removals.some(({ isCertain }) => !isCertain)
    return isCollected
      ? problem('not-found', `what deleted ${what} has been collected: nobody remembers its digest`, pushAgain)
      : problem(
          'not-found',
          `no deletion of ${what} is known`,
          `one can be undone until its delta is collected, some five minutes after a compaction has folded it; look at \`helm s3 log ${shellWord(location.address)} ${shellWord(version.name)}\`, or ${pushAgain}`,
        )
  }
  const key = archiveKey(location, version)
  const present = await session.store.get(key)
  if (present !== undefined && !isWhatWasRemoved(present, removal)) {
    const owner = entryOfOther(await publishedLocation(session), view.index, key, version)
    if (owner !== undefined) return keyTaken(location, version, owner)
    return problem('conflict', `another archive stands at ${key} than the deleted one of ${what}`, `\`helm s3 reindex ${shellWord(location.address)}\` adds the one that stands there`)
  }
  const object = present ?? (await findVersion(session, key, (body) => isWhatWasRemoved({ body }, removal)))
  if (object === undefined || object === 'no-versions') {
    const reason = object === undefined ? 'no version of it that the bucket keeps is the deleted one' : 'the bucket keeps no older version of it'
    // A deletion does not say where the archive lay.
    const elsewhere = `${pushAgain}; where it lay in a folder, or under another name, it may still be there, or an older version of it`
    return problem('not-found', `there is no ${key} with the archive of ${what}, and ${reason}`, elsewhere)
  }
  const upload = await uploadOf(session, version, key, object, present === undefined)
  return { upload, removal: removal.id, source: present === undefined ? 'older-version' : 'archive' }
}

/** The newest delta that removed the version for good, with the digest that it removed. */
async function lastRemoval(
  session: Session,
  view: View,
  version: VersionId,
  removals: readonly KnownRemoval[],
): Promise<(Removal & { readonly id: DeltaId }) | undefined> {
  const newest = removals.filter((each) => each.isCertain && !each.isAnnouncement).sort((a, b) => compareIds(b.id, a.id))[0]
  const listed = view.listing.deltas.find(({ id }) => id === newest?.id)
  if (listed === undefined) return undefined
  const pending = view.pending.find(({ id }) => id === listed.id)
  const read = pending === undefined ? await readDelta(session, listed) : ({ outcome: 'delta', delta: pending } as const)
  const removal = read.outcome === 'delta' ? read.delta.removed.find((each) => versionKey(each) === versionKey(version) && !isAnnouncement(each)) : undefined
  return removal && { ...removal, id: listed.id }
}

/** An entry without a digest stands for whatever its archive is. */
function isWhatWasRemoved({ body }: Pick<StoredObject, 'body'>, { digest }: Removal): boolean {
  return digest === undefined || sha256(body) === promisedDigest(digest)
}

/** The newest version of an object that fits. `no-versions`: the bucket keeps none of it, or of no object at all. */
async function findVersion(session: Session, key: Key, fits: (body: Uint8Array) => boolean): Promise<StoredObject | 'no-versions' | undefined> {
  const versions = await listVersions(session, key)
  if (versions.length === 0) return 'no-versions'
  for (const { version } of versions.slice(0, MAX_VERSIONS)) {
    const object = await session.store.get(key, { version })
    if (object !== undefined && fits(object.body)) return object
  }
  return undefined
}

async function listVersions({ store }: Session, key: Key): Promise<readonly ObjectVersion[]> {
  try {
    return await store.listVersions(key)
  } catch (error) {
    if (hasCode(error, 'unsupported-store')) return []
    throw error
  }
}

async function uploadOf(session: Session, version: VersionId, key: Key, object: StoredObject, isGone: boolean): Promise<DeletedChart['upload']> {
  const { metadata } = await readChartArchive(object.body)
  if (metadata.name !== version.name || metadata.version !== version.version) {
    throw new HelmS3Error('invalid-chart', `${key} holds ${metadata.name} ${metadata.version}, not ${version.name} ${version.version}`, { hint: 'push the right archive' })
  }
  const digest = sha256(object.body)
  // Helm's provenance files name the digest of their archive. One that stands there stays.
  const isSigned = (body: Uint8Array): boolean => Buffer.from(body).includes(`sha256:${digest}`)
  const provenance = isGone ? await findVersion(session, provenanceKey(key), isSigned) : undefined
  return {
    ...version,
    digest,
    bytes: object.body,
    provenance: typeof provenance === 'object' ? provenance.body : undefined,
    metadata,
    source: key,
    created: new Date(object.lastModified).toISOString(),
  }
}
