import { readIndexEnd } from './index-text.ts'
import type { Paging, Span } from './paging.ts'

/**
 * Where an older text has the pages of a newer one, by their numbers, as the tables of both say. Empty where the older
 * one has no table that fits.
 * @param end the last bytes of the older text, with all that stands behind its charts
 * @param size of the older text, bytes
 * @throws HelmS3Error `invalid-index` when Helm would refuse what stands behind the charts
 */
export function pagesInOlder({ table }: Paging, end: Uint8Array, size: number): ReadonlyMap<number, Span> {
  const older = readIndexEnd(end, size)
  if (typeof older !== 'object' || older.paging === undefined) return new Map()
  const { spans, table: olderTable } = older.paging
  const byDigest = new Map(olderTable.pages.map(({ digest }, i) => [digest, spans[i]]))
  return new Map(
    table.pages.flatMap(({ digest, length }, i) => {
      const span = byDigest.get(digest)
      return span !== undefined && span.end - span.start === length ? [[i, span] as const] : []
    }),
  )
}

/** Puts what separates the pages of a text between them. */
export function putSeparators({ codec, spans }: Paging, text: Uint8Array): void {
  const separator = Buffer.from(codec.separator)
  for (const { end } of spans.slice(0, -1)) text.set(separator, end)
}
