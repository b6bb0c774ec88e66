import { skippedBecause } from '../../core/check/check-base.ts'
import { findVersion, isSameBuild, namesBuild } from '../../core/helm/constraint.ts'
import { type Entry, promisedDigest, underName } from '../../core/log/entry.ts'
import type { IndexText } from '../../core/index/index-text.ts'
import {
  type Key,
  type ObjectLocation,
  type RepositoryLocation,
  archiveKey,
  provenanceKey,
  resolveEntryUrl,
} from '../../core/keys.ts'
import { replacedInFolders } from '../../core/reindex/entry-places.ts'
import { MAX_ARCHIVE, MAX_PROVENANCE } from '../../text/size-limits.ts'
import { HelmS3Error, hasCode } from '../../errors.ts'
import { attempts } from '../session/attempts.ts'
import { headArchive } from './head-archive.ts'
import { DISAGREEMENT_RETRIES } from '../session/limits.ts'
import { locationFor } from '../read/config-defaults.ts'
import type { Session } from '../session/session.ts'
import type { ObjectStore, StoredObject } from '../../store/object-store.ts'
import { sha256 } from '../../sys/sha256.ts'
import { shellWord } from '../../text/terminal-text.ts'

/** Says which version of a chart is wanted. */
export interface WantedVersion {
  readonly name: string
  /** Exact version or constraint; undefined: the newest. */
  readonly version: string | undefined
  /** Pre-releases count as well when the newest version is chosen, as with the constraint `>0.0.0-0`. */
  readonly devel: boolean
}

/** Where the archive of an entry is, and what the entry promises about it. */
export interface EntryArchive {
  readonly entry: Entry
  readonly store: ObjectStore
  readonly bucket: string
  readonly key: Key
  /** The last segment of the key. */
  readonly fileName: string
  /** The repository as the user types it. */
  readonly repository: string
  /** The digest that the entry promises, SHA-256 in lower-case hex; undefined when it promises none. */
  readonly promised: string | undefined
  /**
   * Whether the archive is under the key where a push would have put it. Asked only when nothing is under `key`. Cost:
   * one HEAD, perhaps a GET.
   */
  readonly liesInPlace: () => Promise<boolean>
}

/**
 * Tries something again while entry and archive do not agree, which `attempt` reports by returning an error. A forced
 * push that is between its two writes, or a deletion, ends within moments.
 * @throws HelmS3Error the last error that was returned
 */
export async function untilInAgreement<T>(session: Session, attempt: () => Promise<T | HelmS3Error>): Promise<T> {
  let problem: HelmS3Error | undefined
  for await (const _ of attempts(session, DISAGREEMENT_RETRIES)) {
    const result = await attempt()
    if (!(result instanceof HelmS3Error)) return result
    problem = result
  }
  throw problem ?? new Error('nothing was tried')
}

/**
 * The entry that Helm would choose. One difference: a complete version with build metadata means exactly that build.
 * @throws HelmS3Error `not-found`; `usage` when the version is not a constraint
 */
export function chooseEntry(index: IndexText, wanted: WantedVersion): Entry {
  const known = index.versions(wanted.name)
  const entries = known.flatMap((each) => {
    return each.version === wanted.version || skippedBecause(each) === undefined ? [underName(wanted.name, each)] : []
  })
  const entry = findVersion(ofBuild(entries, wanted.version), wanted.version ?? (wanted.devel ? '>0.0.0-0' : ''))
  if (entry === undefined) throw noSuchVersion(entries, wanted)
  return entry
}

/** The entries of the build that the text names; all of them when it names none. */
export function ofBuild<T extends Pick<Entry, 'version'>>(
  entries: readonly T[],
  wanted: string | undefined,
): readonly T[] {
  return wanted !== undefined && namesBuild(wanted)
    ? entries.filter(({ version }) => isSameBuild(version, wanted))
    : entries
}

/**
 * The error when a chart has no such version.
 * @param entries all versions of the chart, newest first
 */
export function noSuchVersion(entries: readonly Entry[], { name, version }: WantedVersion): HelmS3Error {
  if (entries.length === 0) return new HelmS3Error('not-found', `chart ${name} not found in index`)
  const newest = entries.slice(0, 5).map((each) => each.version)
  const more = entries.length > newest.length ? ` and ${String(entries.length - newest.length)} older` : ''
  const wanted = version === undefined ? 'has no stable version' : `version ${version} not found in index`
  return new HelmS3Error('not-found', `chart ${name} ${wanted}`, { hint: `available: ${newest.join(', ')}${more}` })
}

/** Opens a bucket by its name. `query` is the query of the URL that named the bucket. */
export type OpenStore = (bucket: string, query?: string) => Promise<ObjectStore>

/**
 * Finds where the archive of an entry is.
 * @throws HelmS3Error `invalid-url` when the entry has no S3 url that names a file
 */
export async function findEntryArchive(openStore: OpenStore, session: Session, entry: Entry): Promise<EntryArchive> {
  const location = await locationFor(session, [entry])
  const { bucket, key, query } = locate(location, entry)
  const store = bucket === session.location.bucket ? session.store : await openStore(bucket, query)
  const promised = promisedDigest(entry.digest)
  const liesInPlace = (): Promise<boolean> => isInPlace(session, location, entry)
  return {
    entry,
    store,
    bucket,
    key,
    liesInPlace,
    repository: session.location.address,
    fileName: key.slice(key.lastIndexOf('/') + 1),
    promised,
  }
}

/**
 * Whether the archive of an entry whose url leads into a folder is where a push would have put it; the digest proves
 * that it is the entry's own. False when looking is not permitted.
 */
async function isInPlace(session: Session, location: RepositoryLocation, entry: Entry): Promise<boolean> {
  if (replacedInFolders(location, [entry], { has: () => true }).length === 0) return false
  try {
    return (await headArchive(session, archiveKey(location, entry)))?.digest === promisedDigest(entry.digest)
  } catch (error) {
    if (hasCode(error, 'denied')) return false
    throw error
  }
}

function locate(location: RepositoryLocation, { name, version, urls }: Entry): ObjectLocation {
  const url = urls?.[0]
  if (url === undefined)
    throw new HelmS3Error('invalid-url', `chart ${name} version ${version} has no downloadable URLs`)
  const archive = resolveEntryUrl(location, url)
  const file = archive.key.slice(archive.key.lastIndexOf('/') + 1)
  if (file === '' || file === '.' || file === '..' || /[\\\p{Cc}]/u.test(file)) {
    throw new HelmS3Error('invalid-url', `the url of ${name} ${version} names no file: ${JSON.stringify(url)}`)
  }
  return archive
}

/**
 * The archive and its SHA-256. An error is returned, not thrown, when the archive is missing or not what its entry
 * promises.
 * Cost: one GET.
 */
export async function readEntryArchive(
  archive: EntryArchive,
): Promise<(StoredObject & { readonly digest: string }) | HelmS3Error> {
  const object = await archive.store.get(archive.key, { most: MAX_ARCHIVE })
  if (object === undefined) return missingArchive(archive)
  const digest = sha256(object.body)
  return archive.promised !== undefined && archive.promised !== digest
    ? otherArchive(archive, digest)
    : { ...object, digest }
}

async function missingArchive({
  bucket,
  entry: { name, version },
  key,
  liesInPlace,
  repository,
}: EntryArchive): Promise<HelmS3Error> {
  const wayOut = (await liesInPlace())
    ? `the archive lies in its place, and the url of the entry leads elsewhere: \`helm s3 reindex ` +
      `${shellWord(repository)}\` puts that right`
    : `push it again, or take it out of the index with \`helm s3 delete ${shellWord(name)} ${shellWord(repository)} ` +
      `--version=${shellWord(version)}\``
  return new HelmS3Error('not-found', `the archive of ${name} ${version} is not there: s3://${bucket}/${key}`, {
    hint: wayOut,
  })
}

function otherArchive({ entry: { name, version }, promised = '' }: EntryArchive, digest: string): HelmS3Error {
  return new HelmS3Error(
    'corrupt-download',
    `the archive of ${name} ${version} is not what the index promises: SHA-256 ${digest}, not ${promised}`,
    {
      hint: 'it was replaced without this program; push the right one with --force',
    },
  )
}

/** The provenance file beside an archive. Cost: one GET. */
export async function readProvenance({ key, store }: EntryArchive): Promise<Uint8Array | undefined> {
  return (await store.get(provenanceKey(key), { most: MAX_PROVENANCE }))?.body
}
