import { touches } from '../../core/log/delta.ts'
import type { DeltaId } from '../../core/log/delta-id.ts'
import type { VersionId } from '../../core/log/entry.ts'
import { listDeltas } from './list-deltas.ts'
import { readDelta } from './read-delta.ts'
import type { Session } from '../session/session.ts'

/**
 * Which of the versions are touched by a delta of a higher id than `own`. Such a delta was minted later and landed
 * earlier, so its writer did not see this one. The answer is reliable only while `own` is fresh, because until then no
 * delta above it is collected. `date`: the store's clock at the look, milliseconds since 1970.
 *
 * Cost: one LIST, and one GET for each delta above.
 */
export async function overtakenVersions<T extends VersionId>(
  session: Session,
  own: DeltaId,
  versions: readonly T[],
): Promise<{ readonly overtaken: readonly T[]; readonly newerDeltas: number; readonly date: number }> {
  const { date, deltas } = await listDeltas(session, own)
  const overtaken = new Set<T>()
  for (const listed of deltas) {
    const read = await readDelta(session, listed)
    for (const version of versions) {
      if (read.outcome === 'missing' || (read.outcome === 'delta' && touches(read.delta, version)))
        overtaken.add(version)
    }
  }
  return { overtaken: [...overtaken], newerDeltas: deltas.length, date }
}
