import pLimit from 'p-limit'
import type { Delta } from '../core/delta.ts'
import type { DeltaId } from '../core/delta-id.ts'
import type { Entry, Removal, VersionId } from '../core/entry.ts'
import { type Key, ownArchiveKey } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { appendDelta } from './append-delta.ts'
import { deleteArchive } from './delete-archive.ts'
import { headArchive } from './head-archive.ts'
import { CONCURRENCY } from './limits.ts'
import { mint } from './mint.ts'
import { cannotFetchIndex } from './read-base.ts'
import { type View, readView } from './read-view.ts'
import { findRemovals, isUnsettled } from './removals.ts'
import type { Session } from './session.ts'

export interface DeleteResult {
  readonly removed: readonly VersionId[]
  /** Archives that stay although no entry names them any more. */
  readonly keptArchives: readonly Key[]
  /** What was committed, for local caches. */
  readonly committed: { readonly id: DeltaId; readonly delta: Delta; readonly newerDeltas: number }
}

const MAX_ATTEMPTS = 8

/**
 * Deletes chart versions: one delta of removals, then the archives. All versions exist, or nothing happens.
 *
 * Cost of n versions: two views (the second reads only what is new), n HEADs, LIST, PUT of the delta, then up to two HEADs and two DELETEs a version.
 * @throws HelmS3Error `not-found` (names each version that is missing), `missing-index`, `conflict`, `outcome-unknown`
 */
export async function deleteVersions(session: Session, versions: readonly VersionId[]): Promise<DeleteResult> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const entries = findAll(await readCurrentView(session), versions, attempt > 1)
    const archives = new Map(entries.map((entry) => [entry, archiveOf(session, entry)]))
    const limit = pLimit(CONCURRENCY)
    const keys = [...archives.values()].filter((key) => key !== undefined)
    const heads = await Promise.all(keys.map((key) => limit(() => headArchive(session, key))))
    const minted = await mint(session, heads.map((head) => head?.delta))
    const delta: Delta = { added: [], removed: entries.map(removalOf) }
    const sentAt = session.clock.monotonic()
    if ((await appendDelta(session, minted, delta)) === 'expired') continue

    const view = await readView(session)
    const remove = async (entry: Entry): Promise<Key | undefined> => {
      const key = archives.get(entry)
      if (key === undefined) return undefined
      return (await removeArchive(session, view, entry, key, minted.id, sentAt)) ? undefined : key
    }
    const kept = await Promise.all(entries.map((entry) => limit(() => remove(entry))))
    const newerDeltas = view.listing.deltas.filter(({ id }) => id > minted.id).length
    return {
      removed: entries.map(({ name, version }) => ({ name, version })),
      keptArchives: kept.filter((key) => key !== undefined),
      committed: { id: minted.id, delta, newerDeltas },
    }
  }
  throw new HelmS3Error('conflict', 'the store was too slow for the deletion to be written in time', {
    hint: 'nothing was deleted; try again',
  })
}

async function readCurrentView(session: Session): Promise<View> {
  try {
    return await readView(session)
  } catch (error) {
    throw cannotFetchIndex(error)
  }
}

/**
 * The second view tells whether the archive is still ours to remove: not when the version is there again, and not when
 * another removal of it is so young that its client may be just as far.
 */
async function removeArchive(
  session: Session,
  view: View,
  entry: Entry,
  key: Key,
  removal: DeltaId,
  sentAt: number,
): Promise<boolean> {
  if (view.index.find(entry) !== undefined) return true
  const others = await findRemovals(session, view, entry, new Set([removal]))
  if (others.some((other) => isUnsettled(other, view))) return false
  return (await deleteArchive(session, key, { removal, digest: entry.digest, sentAt })) !== 'kept'
}

function findAll(view: View, versions: readonly VersionId[], isRestart: boolean): readonly Entry[] {
  const missing = versions.filter((version) => view.index.find(version) === undefined)
  if (missing.length > 0) {
    const names = missing.map(({ name, version }) => `chart ${name} version ${version} not found in index`)
    throw new HelmS3Error('not-found', names.join('; '), {
      hint: isRestart
        ? 'it was there a moment ago: another client deleted it, or an earlier attempt of this command whose answer was lost'
        : 'nothing was deleted',
    })
  }
  return versions.flatMap((version) => view.index.find(version) ?? [])
}

function archiveOf({ location }: Session, { urls }: Entry): Key | undefined {
  const url = urls?.[0]
  return url === undefined ? undefined : ownArchiveKey(location, url)
}

function removalOf({ name, version, digest }: Entry): Removal {
  return digest === undefined ? { name, version } : { name, version, digest }
}
