import pLimit from 'p-limit'
import { readChartArchive } from '../../chart/chart-archive.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import { type Removal, type VersionId, isAnnouncement, promisedDigest, versionKey } from '../../core/log/entry.ts'
import { entryOfOther } from '../../core/entry-of-other.ts'
import { compareIds } from '../../core/fold.ts'
import { type Key, archiveKey, folderArchiveKey, isPlainKey, ownArchiveKey, provenanceKey } from '../../core/keys.ts'
import { type ErrorCode, HelmS3Error } from '../../errors.ts'
import type { StoredObject } from '../../store/object-store.ts'
import { sha256 } from '../../sys/sha256.ts'
import { keyTaken } from '../archives/archive-owner.ts'
import type { ChartUpload } from '../archives/chart-upload.ts'
import { type DatedRemoval, FormerEntries } from './former-entries.ts'
import { CONCURRENCY } from '../session/limits.ts'
import { findObjectVersion } from '../read/object-versions.ts'
import { readDelta } from '../read/read-delta.ts'
import { entriesAndOwnersOf } from '../read/wanted-charts.ts'
import { type View, readView } from '../read/read-view.ts'
import { type KnownRemoval, findAllRemovals } from '../read/removals.ts'
import { publishedLocation } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'
import { shellWord } from '../../text/terminal-text.ts'

/** A version that was deleted, and whose archive still exists. */
export interface DeletedChart {
  /** What has to be pushed to undo the deletion. */
  readonly upload: ChartUpload & { readonly created: string }
  /** The id of the delta that deleted it. */
  readonly removal: DeltaId
  /** Where the bytes are: under the key of the archive, or in an older version of that object that the bucket keeps. */
  readonly source: 'archive' | 'older-version'
  /** That key, when it is not the one under which a push puts the archive: in a folder, or under another name. */
  readonly elsewhere: Key | undefined
}

/**
 * Finds the archives of deleted versions, each with the bytes that the removed entry promised. Returns all of them, or
 * fails. Each upload is dated as its archive was when it was first pushed.
 *
 * Cost: a view, one GET for each folded delta that touched any of the versions, and for each version one GET of its
 * deletion and one of the archive. When the archive is gone: a LIST of its object versions, and GETs of these until one
 * fits; the same for the provenance file. When the key of a push has none of these: see {@link FormerEntries}, and the
 * same requests for the key that the entry named.
 * @throws HelmS3Error `already-exists`, `not-found` or `conflict`, which say what cannot be restored and why;
 *   `missing-index`
 */
export async function findDeleted(session: Session, versions: readonly VersionId[]): Promise<readonly DeletedChart[]> {
  const view = await readView(session, { wanted: entriesAndOwnersOf(versions) })
  const removals = await findAllRemovals(session, view, versions, new Set())
  const limit = pLimit(CONCURRENCY)
  const former = new FormerEntries(session, view)
  const find = (version: VersionId): Promise<DeletedChart | HelmS3Error> =>
    findOne(session, view, former, version, removals.get(versionKey(version)) ?? [])
  const found = await Promise.all(versions.map((version) => limit(() => find(version))))
  const problems = found.flatMap((each) => (each instanceof HelmS3Error ? [each] : []))
  const [first] = problems
  if (first === undefined) return found.flatMap((each) => (each instanceof HelmS3Error ? [] : [each]))
  if (problems.length === 1) throw first
  throw new HelmS3Error(first.code, problems.map(({ message }) => message).join('; '), {
    hint: `nothing was restored; ${first.hint ?? ''}`,
  })
}

/** Finds one deleted version. An error is returned, not thrown, when it cannot be restored. */
async function findOne(
  session: Session,
  view: View,
  former: FormerEntries,
  version: VersionId,
  removals: readonly KnownRemoval[],
): Promise<DeletedChart | HelmS3Error> {
  if (view.index.find(version) !== undefined) return isThere(session, version)
  const removal = await lastRemoval(session, view, version, removals)
  if (removal === undefined) return noRemoval(session, version, removals)
  const key = archiveKey(session.location, version)
  const present = await session.store.get(key)
  if (present !== undefined && !isWhatWasRemoved(present, removal)) return takenByOther(session, view, version, key)
  const found = (present && { key, object: present, isGone: false }) ?? (await findVersionAt(session, key, removal))
  if (typeof found === 'object') return deletedChart(session, version, found, removal)
  // A removal does not say where the archive was; the entry did.
  const url = (await former.find(removal))?.urls?.[0]
  const place = url === undefined ? undefined : await formerKey(session, url)
  if (place === undefined || place === key) return notInPlace(version, key, { found, url, isSamePlace: place === key })
  const standing = await session.store.get(place)
  if (standing !== undefined && isWhatWasRemoved(standing, removal))
    return deletedChart(session, version, { key: place, object: standing, isGone: false }, removal)
  const moved = await findVersionAt(session, place, removal)
  if (typeof moved === 'object') return deletedChart(session, version, moved, removal)
  const reason =
    found === moved && found !== undefined
      ? 'the bucket keeps no older version of them'
      : 'no version of them that the bucket keeps is the deleted one'
  const places = `there is no ${key} and no ${place} with the archive of ${nameOf(version)}`
  return problem('not-found', `${places}, and ${reason}`, PUSH_AGAIN)
}

const PUSH_AGAIN = 'push the archive again'

function problem(code: ErrorCode, message: string, hint: string): HelmS3Error {
  return new HelmS3Error(code, message, { hint })
}

function nameOf({ name, version }: VersionId): string {
  return `${name} ${version}`
}

function isThere({ location }: Session, version: VersionId): HelmS3Error {
  const log = `\`helm s3 log ${shellWord(location.address)} ${shellWord(version.name)}\``
  const hint = `there is nothing to restore; ${log} shows what happened to it`
  return problem('already-exists', `${nameOf(version)} is in the repository`, hint)
}

function noRemoval({ location }: Session, version: VersionId, removals: readonly KnownRemoval[]): HelmS3Error {
  const what = nameOf(version)
  const isCollected = removals.some(({ isCertain }) => !isCertain)
  if (isCollected) {
    return problem('not-found', `what deleted ${what} has been collected: its digest is no longer known`, PUSH_AGAIN)
  }
  return problem(
    'not-found',
    `no deletion of ${what} is known`,
    `one can be undone until its delta is collected, some five minutes after a compaction has folded it; look at ` +
      `\`helm s3 log ${shellWord(location.address)} ${shellWord(version.name)}\`, or ${PUSH_AGAIN}`,
  )
}

/** The error when the archive of another push, or of another chart, stands where the deleted one was. */
async function takenByOther(session: Session, { index }: View, version: VersionId, key: Key): Promise<HelmS3Error> {
  const { location } = session
  const owner = entryOfOther(await publishedLocation(session), index, key, version)
  if (owner !== undefined) return keyTaken(location, version, owner)
  return problem(
    'conflict',
    `the archive at ${key} is not the deleted one of ${nameOf(version)}`,
    `\`helm s3 reindex ${shellWord(location.address)}\` adds the archive that is there`,
  )
}

/** The error when the archive is not in its place, and nothing names another place below the prefix. */
function notInPlace(
  version: VersionId,
  key: Key,
  {
    found,
    isSamePlace,
    url,
  }: { readonly found: 'no-versions' | undefined; readonly isSamePlace: boolean; readonly url: string | undefined },
): HelmS3Error {
  const reason =
    found === undefined
      ? 'no version of it that the bucket keeps is the deleted one'
      : 'the bucket keeps no older version of it'
  const unknown =
    `${PUSH_AGAIN}; where it lay in a folder, or under another name, it may still be there, or an older version of ` +
    `it: nothing that can be read tells where it lay`
  const elsewhere = isSamePlace ? PUSH_AGAIN : `${PUSH_AGAIN}; its entry led elsewhere: ${url ?? ''}`
  const message = `there is no ${key} with the archive of ${nameOf(version)}, and ${reason}`
  return problem('not-found', message, url === undefined ? unknown : elsewhere)
}

/** An archive that was found: its key, and whether it exists only as an older version of that object. */
interface FoundArchive {
  readonly key: Key
  readonly object: StoredObject
  readonly isGone: boolean
}

async function findVersionAt(
  session: Session,
  key: Key,
  removal: Removal,
): Promise<FoundArchive | 'no-versions' | undefined> {
  const object = await findObjectVersion(session, key, (body) => isWhatWasRemoved({ body }, removal))
  return typeof object === 'object' ? { key, object, isGone: true } : object
}

/** The key of an archive below the prefix that the url of a former entry names. */
async function formerKey(session: Session, url: string): Promise<Key | undefined> {
  const location = await publishedLocation(session)
  const key = ownArchiveKey(location, url) ?? folderArchiveKey(location, url)
  return key !== undefined && isPlainKey(location, key) ? key : undefined
}

async function deletedChart(
  session: Session,
  version: VersionId,
  found: FoundArchive,
  { id }: { readonly id: DeltaId },
): Promise<DeletedChart> {
  const upload = await uploadOf(session, version, found)
  const isElsewhere = found.key !== archiveKey(session.location, version)
  return {
    upload,
    removal: id,
    source: found.isGone ? 'older-version' : 'archive',
    elsewhere: isElsewhere ? found.key : undefined,
  }
}

/** The newest delta that removed the version and did not add it again, with the digest that it removed. */
async function lastRemoval(
  session: Session,
  view: View,
  version: VersionId,
  removals: readonly KnownRemoval[],
): Promise<(DatedRemoval & { readonly id: DeltaId }) | undefined> {
  const newest = removals
    .filter((each) => each.isCertain && !each.isAnnouncement)
    .sort((a, b) => compareIds(b.id, a.id))[0]
  const listed = view.listing.deltas.find(({ id }) => id === newest?.id)
  if (listed === undefined) return undefined
  const pending = view.pending.find(({ id }) => id === listed.id)
  const read =
    pending === undefined ? await readDelta(session, listed) : ({ outcome: 'delta', delta: pending } as const)
  const removal =
    read.outcome === 'delta'
      ? read.delta.removed.find((each) => versionKey(each) === versionKey(version) && !isAnnouncement(each))
      : undefined
  return removal && { ...removal, id: listed.id, at: listed.lastModified }
}

/** Whether these bytes are what was removed. An entry without a digest accepts any archive. */
function isWhatWasRemoved({ body }: Pick<StoredObject, 'body'>, { digest }: Removal): boolean {
  return digest === undefined || sha256(body) === promisedDigest(digest)
}

async function uploadOf(
  session: Session,
  version: VersionId,
  { isGone, key, object }: FoundArchive,
): Promise<DeletedChart['upload']> {
  const { metadata } = await readChartArchive(object.body)
  if (metadata.name !== version.name || metadata.version !== version.version) {
    throw new HelmS3Error(
      'invalid-chart',
      `${key} holds ${metadata.name} ${metadata.version}, not ${version.name} ${version.version}`,
      { hint: 'push the right archive' },
    )
  }
  const digest = sha256(object.body)
  const provenance = await provenanceOf(session, version, { isGone, key, object }, digest)
  return {
    ...version,
    digest,
    bytes: object.body,
    provenance,
    metadata,
    source: key,
    created: new Date(object.lastModified).toISOString(),
  }
}

/**
 * The provenance file of an archive. Helm's provenance files contain the digest of their archive. When the archive is
 * still in its place, its provenance file stays there as well and is not looked at.
 */
async function provenanceOf(
  session: Session,
  version: VersionId,
  { isGone, key }: FoundArchive,
  digest: string,
): Promise<Uint8Array | undefined> {
  const isSigned = (body: Uint8Array): boolean => Buffer.from(body).includes(`sha256:${digest}`)
  if (!isGone && key === archiveKey(session.location, version)) return undefined
  const standing = isGone ? undefined : await session.store.get(provenanceKey(key))
  if (standing !== undefined && isSigned(standing.body)) return standing.body
  const found = await findObjectVersion(session, provenanceKey(key), isSigned)
  return typeof found === 'object' ? found.body : undefined
}
