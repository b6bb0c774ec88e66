import type { StoredDelta } from '../core/delta.ts'
import { type DecodedDelta, decodeDelta } from '../core/delta-text.ts'
import type { ListedDelta } from './list-deltas.ts'
import type { Session } from './session.ts'

/** What a listed delta says; `missing`: it has been collected since. */
export type ReadDelta =
  | { readonly outcome: 'delta'; readonly delta: StoredDelta }
  | Exclude<DecodedDelta, { readonly outcome: 'delta' }>
  | { readonly outcome: 'missing' }

/** Reads one delta. Cost: one GET. */
export async function readDelta(session: Session, { id, key, lastModified }: ListedDelta): Promise<ReadDelta> {
  const object = await session.store.get(key)
  if (object === undefined) return { outcome: 'missing' }
  const decoded = await decodeDelta(object.body)
  return decoded.outcome === 'delta' ? { outcome: 'delta', delta: { ...decoded.delta, id, lastModified } } : decoded
}
