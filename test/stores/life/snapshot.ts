import pLimit from 'p-limit'
import { type DeltaId, deltaIdOf } from '../../../lib/core/log/delta-id.ts'
import { decodeDelta } from '../../../lib/core/log/delta-text.ts'
import type { StoredDelta } from '../../../lib/core/log/delta.ts'
import { fold } from '../../../lib/core/fold.ts'
import { type IndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import { type Key, type RepositoryLocation, isArchiveKey } from '../../../lib/core/keys.ts'
import { type ObjectInfo, type ObjectStore, type OpenUpload, listAll } from '../../../lib/store/object-store.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'

/** All that the bucket holds of a repository, as the adapter of the store reads it. */
export interface Snapshot {
  readonly location: RepositoryLocation
  readonly objects: ReadonlyMap<Key, ObjectInfo>
  /** The text of `index.yaml`. Undefined: there is none. */
  readonly base: IndexText | undefined
  /** `base` with what is not folded. */
  readonly merged: IndexText | undefined
  readonly deltas: readonly StoredDelta[]
  /** The SHA-256 of each archive, if archives were read. */
  readonly digests: ReadonlyMap<Key, string>
  /** Uploads that were begun and neither completed nor aborted. */
  readonly uploads: readonly OpenUpload[]
}

const CONCURRENCY = 16

/**
 * Reads a repository, to which nobody writes meanwhile: it does not go through the protocol. Cost: a LIST for each 1000
 * objects, a GET of the index and of each delta, with `withArchives` a GET of each archive, and the LISTs of uploads.
 * @throws HelmS3Error `invalid-index` when `index.yaml` is none
 */
export async function readSnapshot(
  store: ObjectStore,
  location: RepositoryLocation,
  withArchives: boolean,
): Promise<Snapshot> {
  const { objects } = await listAll(store, location.prefix)
  const index = await store.get(location.indexKey)
  const base = index && readIndexText(index.body)
  const limit = pLimit(CONCURRENCY)
  const read = await Promise.all(objects.map((object) => limit(() => readDelta(store, location, object))))
  const deltas = read.flatMap((delta) => delta ?? [])
  const pending = deltas.filter(({ id }) => base?.bookkeeping.folded.has(id) === false)
  const archives = withArchives ? objects.filter(({ key }) => isArchiveKey(location, key)) : []
  const digests = await Promise.all(archives.map(({ key }) => limit(() => digestAt(store, key))))
  return {
    location,
    objects: new Map(objects.map((object) => [object.key, object])),
    base,
    merged: base && fold(base, pending),
    deltas,
    digests: new Map(archives.map(({ key }, i) => [key, digests[i] ?? ''])),
    uploads: await openUploads(store, location),
  }
}

/** A delta that can be read. */
async function readDelta(
  store: ObjectStore,
  { deltaFolder }: RepositoryLocation,
  { key, lastModified }: ObjectInfo,
): Promise<StoredDelta | undefined> {
  const id: DeltaId | undefined = deltaIdOf(deltaFolder, key)
  const object = id && (await store.get(key))
  const decoded = object && (await decodeDelta(object.body))
  return id !== undefined && decoded?.outcome === 'delta' ? { ...decoded.delta, id, lastModified } : undefined
}

async function digestAt(store: ObjectStore, key: Key): Promise<string> {
  const object = await store.get(key)
  return object === undefined ? '' : sha256(object.body)
}

/** MinIO lists open uploads only for a whole key. */
async function openUploads(
  { uploads }: ObjectStore,
  { indexKey, prefix }: RepositoryLocation,
): Promise<readonly OpenUpload[]> {
  const found = await Promise.all([prefix, indexKey].map(async (each) => (await uploads?.list(each)) ?? []))
  return [...new Map(found.flat().map((upload) => [upload.id, upload])).values()]
}
