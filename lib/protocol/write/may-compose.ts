import type { Bookkeeping, ComposeFinding } from '../../core/log/bookkeeping.ts'
import { sha256 } from '../../sys/sha256.ts'
import type { Session } from '../session/session.ts'

/** A finding counts for this long, milliseconds: a store may be replaced by another one. */
const COUNTS_FOR = 90 * 24 * 60 * 60_000

/** Names the store in the bookkeeping. Undefined: it cannot be told from others, or cannot compose. */
export function composingPlace({ store: { place, uploads } }: Session): string | undefined {
  return uploads === undefined || place === undefined ? undefined : sha256(Buffer.from(place)).slice(0, 16)
}

/** What was found out about composed writes in this store, as long as that counts. */
export function composeFinding(session: Session, { composes }: Bookkeeping): ComposeFinding | undefined {
  const finding = composes?.get(composingPlace(session) ?? '')
  return finding !== undefined && session.storeClock.now() - finding.at < COUNTS_FOR ? finding : undefined
}

/** Whether it is known that an `index.yaml` so small will be sent as a whole, so that all of it is to be read. */
export function isSentWhole({ memory, paging }: Session): boolean {
  return memory.indexSize !== undefined && memory.indexSize < paging.parts.composeFrom
}

/**
 * Whether it is possible that an `index.yaml` of this size (bytes) is composed: that was tried out, or is still to be.
 */
export function mayCompose(
  session: Session,
  { bookkeeping, size }: { readonly bookkeeping: Bookkeeping; readonly size: number },
): boolean {
  const { memory, paging } = session
  if (composingPlace(session) === undefined || memory.distrustsComposing || size < paging.parts.composeFrom)
    return false
  return composeFinding(session, bookkeeping)?.works !== false
}
