import type { CopySource } from '../../store/object-store.ts'
import { ProbeObjects } from '../write/probe-objects.ts'
import type { Session } from '../session/session.ts'

/** Size of an archive, in bytes, below which sending it costs no more than the requests of a copy on the server. */
export const WORTH_COPYING = 5 * 1024 * 1024

/**
 * Whether the store of `session` can copy `source` by itself and obeys the condition on that copy. Some stores know
 * conditions on PUT only; their copy would overwrite the archive of another push. This is tried out on a probe object.
 *
 * Cost: a PUT, the three requests of a copy that must be refused, a HEAD, and the removal of the probe.
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
