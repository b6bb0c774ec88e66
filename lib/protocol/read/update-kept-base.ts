import pLimit from 'p-limit'
import { assembleText, pagesByDigest } from '../../core/index/assemble-text.ts'
import { readIndexEnd } from '../../core/index/index-text.ts'
import { type Paging, type Span, digestOf } from '../../core/index/paging.ts'
import { WRITE_METADATA } from '../../core/object-metadata.ts'
import type { ObjectTail } from '../../store/object-store.ts'
import { sha256Of } from '../../sys/sha256.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/** When more than this part of a text is not known, all of it is read at once. */
const MOST_OF_ALL = 0.5

/**
 * The present text of `index.yaml` from an older one and the pages that have changed since. Undefined: something is in
 * doubt, or most of it has changed; then all of it has to be read.
 *
 * Cost: one ranged GET for each run of pages that the older text does not have, and one for what stands before them.
 * @param tail the end of the present text, with all that stands behind its pages
 */
export async function updateText(session: Session, old: Uint8Array, tail: ObjectTail): Promise<Uint8Array | undefined> {
  const end = readIndexEnd(tail.body, tail.size)
  if (typeof end !== 'object' || end.paging === undefined) return undefined
  if (end.header.annotations.bookkeeping.writeId !== tail.metadata[WRITE_METADATA]) return undefined
  const { paging } = end
  const { pages, head } = paging.table
  const known = pagesByDigest(old, sha256Of)
  const missing = pages.flatMap(({ digest }, i) => (known.has(digest) ? [] : [i]))
  const unknown = missing.reduce((sum, i) => sum + (pages[i]?.length ?? 0), 0)
  if (unknown > tail.size * MOST_OF_ALL) return undefined
  const spans = [{ start: 0, end: head }, ...runsOf(paging, missing)]
  const limit = pLimit(CONCURRENCY)
  const read = await Promise.all(
    spans.map((span) => limit(() => session.store.getRange(session.location.indexKey, span, tail.etag))),
  )
  const fetched = new Map<number, Uint8Array>()
  for (const [i, span] of spans.entries()) {
    const bytes = read[i]
    if (!(bytes instanceof Uint8Array)) return undefined
    fetched.set(span.start, bytes)
  }
  const whole = pages.map(({ digest }, i) => known.get(digest) ?? pageIn(paging, i, fetched))
  const start = fetched.get(0)
  const last = paging.spans.at(-1)?.end ?? 0
  const behind = tail.body.subarray(last - (tail.size - tail.body.length))
  if (start === undefined || !whole.every((page) => page !== undefined)) return undefined
  const { indexKey } = session.location
  const counts = `${String(missing.length)} of the ${String(pages.length)} pages`
  session.detail(`helm-s3: read ${counts} of ${indexKey}; the others are kept on this machine`)
  return assembleText(paging, start, whole, behind)
}

/** Pages in runs of neighbours, each as the range of bytes that holds it. */
function runsOf({ spans }: Paging, pages: readonly number[]): readonly Span[] {
  const runs: { start: number; end: number }[] = []
  let before: number | undefined
  for (const page of pages) {
    const span = spans[page]
    if (span === undefined) continue
    const run = runs.at(-1)
    if (run !== undefined && before === page - 1) run.end = span.end
    else runs.push({ ...span })
    before = page
  }
  return runs
}

/** A page in one of the runs that were read, when it is what the table says. */
function pageIn({ spans, table }: Paging, page: number, runs: ReadonlyMap<number, Uint8Array>): Uint8Array | undefined {
  const span = spans[page]
  if (span === undefined) return undefined
  for (const [start, bytes] of runs) {
    if (start > span.start || start + bytes.length < span.end) continue
    const found = bytes.subarray(span.start - start, span.end - start)
    return digestOf([found], sha256Of) === table.pages[page]?.digest ? found : undefined
  }
  return undefined
}
