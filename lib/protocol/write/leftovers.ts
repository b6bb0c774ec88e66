import { probeFolder } from '../../core/keys.ts'
import { hasCode } from '../../errors.ts'
import { type ObjectStore, type OpenUpload, listAll } from '../../store/object-store.ts'
import type { Session } from '../session/session.ts'
import { ABANDONED, ProbeObjects } from './probe-objects.ts'

/** What interrupted clients have left in the bucket, so old that nobody is working on it. */
export interface Leftovers {
  /** Whether there are objects of a probe. */
  readonly hasProbes: boolean
  /** Uploads of `index.yaml`, and of objects of a probe, that were neither completed nor aborted. */
  readonly uploads: readonly OpenUpload[]
}

/** Cost: a LIST, and two listings of uploads in a store that composes objects. */
export async function findLeftovers({ location, store, storeClock }: Session): Promise<Leftovers> {
  const probes = probeFolder(location)
  const { date, objects } = await listAll(store, probes)
  const open = [...(await openUploads(store, location.indexKey)), ...(await openUploads(store, probes))]
  const isOurs = ({ key }: OpenUpload): boolean => key === location.indexKey || key.startsWith(probes)
  return {
    hasProbes: objects.some(({ lastModified }) => date - lastModified > ABANDONED),
    uploads: open.filter((upload) => isOurs(upload) && storeClock.now() - upload.startedAt > ABANDONED),
  }
}

/** MinIO lists uploads by the whole key only. Who may not list them finds none. */
async function openUploads(store: ObjectStore, prefix: string): Promise<readonly OpenUpload[]> {
  try {
    return (await store.uploads?.list(prefix)) ?? []
  } catch (error) {
    if (!hasCode(error, 'denied')) throw error
    return []
  }
}

/** Removes them. Cost: that of finding them, and a DELETE for each. */
export async function sweepLeftovers(session: Session): Promise<void> {
  const { hasProbes, uploads } = await findLeftovers(session)
  for (const upload of uploads) await session.store.uploads?.abort(upload)
  if (hasProbes) await new ProbeObjects(session).removeAll()
}
