import { readIndexEnd } from './index-text.ts'
import { type Hash, type Paging, digestOf } from './paging.ts'

/**
 * The pages of an older text by their digests, each compared with its bytes. Empty where it has no table that fits.
 * @throws HelmS3Error `invalid-index` when Helm would refuse what stands behind the charts
 */
export function pagesByDigest(text: Uint8Array, hash: Hash): ReadonlyMap<string, Uint8Array> {
  const end = readIndexEnd(text, text.length)
  const pages = new Map<string, Uint8Array>()
  if (typeof end !== 'object' || end.paging === undefined) return pages
  const { spans, table } = end.paging
  for (const [i, { digest }] of table.pages.entries()) {
    const span = spans[i]
    const bytes = span && text.subarray(span.start, span.end)
    if (bytes !== undefined && digestOf([bytes], hash) === digest) pages.set(digest, bytes)
  }
  return pages
}

/**
 * A whole text from its pages, each with the digest and the length that the table says, in the order of the table.
 * @param head what stands before the first page
 * @param tail what stands behind the last page
 */
export function assembleText(
  { codec }: Paging,
  head: Uint8Array,
  pages: readonly Uint8Array[],
  tail: Uint8Array,
): Uint8Array {
  const separator = Buffer.from(codec.separator)
  const pieces = pages.flatMap((page, i) => (i === 0 || separator.length === 0 ? [page] : [separator, page]))
  return Buffer.concat([head, ...pieces, tail])
}
