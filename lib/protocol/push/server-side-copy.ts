import type { CopySource } from '../../store/object-store.ts'
import { ProbeObjects } from '../write/probe-objects.ts'
import type { Session } from '../session/session.ts'

/** Bytes of an archive below which sending it costs no more than the requests of a copy on the server. */
export const WORTH_COPYING = 5 * 1024 * 1024

/**
 * Whether the store of `session` copies `source` by itself and holds to the condition of doing so: a store may know
 * conditions on PUT only, and would then overwrite the archive of another push. Tried out with an object of the probe.
 * Cost: a PUT, three requests of a copy that must be refused, a HEAD, and the removal of the probe.
 */
export async function copiesOnServer(session: Session, source: CopySource): Promise<boolean> {
  if (session.store.copyFrom === undefined) return false
  const probe = new ProbeObjects(session)
  try {
    const put = await probe.put('copy', 'before', { when: 'absent' })
    if (put.outcome !== 'written') return false
    const copy = await probe.copyFrom(source, 'copy', { when: 'absent' })
    return copy.outcome === 'refused' && (await probe.head('copy'))?.etag === put.etag
  } finally {
    await probe.removeAll()
  }
}
