import type { StoredDelta } from '../../core/log/delta.ts'
import { type DecodedDelta, decodeDelta, deltaSizeProblem } from '../../core/log/delta-text.ts'
import { MAX_DELTA } from '../../text/size-limits.ts'
import { hasCode } from '../../errors.ts'
import type { StoredObject } from '../../store/object-store.ts'
import type { ListedDelta } from './list-deltas.ts'
import type { Session } from '../session/session.ts'

/** What a listed delta says; `missing`: it has been collected since the LIST. */
export type ReadDelta =
  | { readonly outcome: 'delta'; readonly delta: StoredDelta }
  | Exclude<DecodedDelta, { readonly outcome: 'delta' }>
  | { readonly outcome: 'missing' }

/** Reads one delta. Cost: one GET; nothing when this session has read it before. */
export async function readDelta(session: Session, { id, key, lastModified }: ListedDelta): Promise<ReadDelta> {
  const { deltas } = session.memory
  const before = deltas.get(id)
  if (before !== undefined) return { outcome: 'delta', delta: { ...before, lastModified } }
  let object: StoredObject | undefined
  try {
    object = await session.store.get(key, { most: MAX_DELTA })
  } catch (error) {
    if (!hasCode(error, 'too-large')) throw error
    return { outcome: 'malformed', reason: deltaSizeProblem(Infinity, 0) ?? '' }
  }
  if (object === undefined) return { outcome: 'missing' }
  const decoded = await decodeDelta(object.body)
  if (decoded.outcome !== 'delta') return decoded
  const delta = { ...decoded.delta, id, lastModified }
  deltas.set(id, delta)
  return { outcome: 'delta', delta }
}
