import type { Key } from '../../core/keys.ts'
import { hasCode } from '../../errors.ts'
import type { ObjectVersion, StoredObject } from '../../store/object-store.ts'
import type { Session } from '../session/session.ts'

/** At most this many of the newest versions of an object are looked at. */
const MAX_VERSIONS = 20

/**
 * The versions of an object that the bucket keeps, the newest first; none when the store does not keep versions. Cost:
 * one LIST.
 */
export async function listVersions({ store }: Session, key: Key): Promise<readonly ObjectVersion[]> {
  try {
    return await store.listVersions(key)
  } catch (error) {
    if (hasCode(error, 'unsupported-store')) return []
    throw error
  }
}

/**
 * The newest version of an object that fits. `no-versions`: the bucket keeps no versions of it, or of any object.
 * Cost: a LIST, and a GET for each of the newest versions until one fits.
 */
export async function findObjectVersion(
  session: Session,
  key: Key,
  fits: (body: Uint8Array) => boolean,
): Promise<StoredObject | 'no-versions' | undefined> {
  const versions = await listVersions(session, key)
  if (versions.length === 0) return 'no-versions'
  for (const { version } of versions.slice(0, MAX_VERSIONS)) {
    const object = await session.store.get(key, { version })
    if (object !== undefined && fits(object.body)) return object
  }
  return undefined
}
