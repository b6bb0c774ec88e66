import type { Bookkeeping } from '../bookkeeping.ts'
import type { DeltaId } from '../delta-id.ts'
import { FOLDED_PREFIX } from './bookkeeping-text.ts'
import { headerFrom } from './index-header.ts'
import { parseHead } from './json-form.ts'

/** What the first bytes of an index tell. */
export interface IndexHead {
  /** Whether the head reaches to the entries, so that nothing about the bookkeeping is left open. */
  readonly complete: boolean
  /** Undefined when the head is cut. */
  readonly bookkeeping: Bookkeeping | undefined
  /** RFC 3339; undefined when the head is cut, too. */
  readonly generated: string | undefined
  /** Whether this delta is folded into the index; undefined when the head is cut before it could tell. */
  mentions(id: DeltaId): boolean | undefined
}

/**
 * Reads the head of an index from its first bytes, in either form.
 * @throws HelmS3Error `invalid-index` when the head is complete and Helm would refuse it
 */
export function readIndexHead(firstBytes: Uint8Array): IndexHead {
  const text = Buffer.from(firstBytes.buffer, firstBytes.byteOffset, firstBytes.byteLength).toString('utf8')
  const lineEnd = text.indexOf('\n')
  const fields = lineEnd < 0 ? undefined : parseHead(text.slice(0, lineEnd))
  return fields === undefined ? cutHead(text) : completeHead(fields)
}

function completeHead(fields: Record<string, unknown>): IndexHead {
  const { annotations, generated } = headerFrom(fields, 'json')
  const { bookkeeping } = annotations
  return { complete: true, bookkeeping, generated, mentions: (id) => bookkeeping.folded.has(id) }
}

function cutHead(text: string): IndexHead {
  const mentions = (id: DeltaId): true | undefined => (text.includes(FOLDED_PREFIX + id) ? true : undefined)
  return { complete: false, bookkeeping: undefined, generated: undefined, mentions }
}
