import type { Bookkeeping } from '../log/bookkeeping.ts'
import type { DeltaId } from '../log/delta-id.ts'
import { FOLDED_PREFIX } from './bookkeeping-text.ts'
import { type IndexHeader, headerFrom } from './index-header.ts'
import { parseHead } from './json-form.ts'
import { parseYamlHead } from './yaml-form.ts'

/** What the first bytes of an index tell about it. */
export interface IndexHead {
  /** Whether the first bytes reach as far as the entries, so that the bookkeeping is known completely. */
  readonly complete: boolean
  /** Undefined when the head is cut. */
  readonly bookkeeping: Bookkeeping | undefined
  /** RFC 3339. Undefined when the head is cut, and in block YAML, where the time stands after the entries. */
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
  const header = text.startsWith('{') ? jsonHeader(text) : yamlHeader(text)
  return header === undefined ? cutHead(text) : completeHead(header)
}

/** Reads the header from JSON: in our layout the head is the first line. */
function jsonHeader(text: string): IndexHeader | undefined {
  const lineEnd = text.indexOf('\n')
  const fields = lineEnd < 0 ? undefined : parseHead(text.slice(0, lineEnd))
  return fields === undefined ? undefined : headerFrom(fields, 'json')
}

/**
 * Reads the header from block YAML. In Helm's order of keys the annotations stand before the entries. When they are
 * missing there, they may follow the entries, and the result is undefined.
 */
function yamlHeader(text: string): IndexHeader | undefined {
  const entries = /^entries:/m.exec(text)?.index
  const head = text.slice(0, entries)
  const isWhole = entries !== undefined && /^annotations:/m.test(head) && /^apiVersion:/m.test(head)
  return isWhole ? parseYamlHead(head) : undefined
}

function completeHead({ annotations, generated }: IndexHeader): IndexHead {
  const { bookkeeping } = annotations
  return { complete: true, bookkeeping, generated, mentions: (id) => bookkeeping.folded.has(id) }
}

function cutHead(text: string): IndexHead {
  const mentions = (id: DeltaId): true | undefined => (text.includes(FOLDED_PREFIX + id) ? true : undefined)
  return { complete: false, bookkeeping: undefined, generated: undefined, mentions }
}
