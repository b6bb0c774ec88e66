import { pagesInOlder, putSeparators } from '../../core/index/assemble-text.ts'
import { type Paging, digestOf } from '../../core/index/paging.ts'
import type { ObjectTail } from '../../store/object-store.ts'
import { sha256Of } from '../../sys/sha256.ts'
import type { KeptBase, KeptBytes } from '../session/base-cache.ts'
import type { Session } from '../session/session.ts'
import { MOST_OF_ALL, pagingIn, readRuns } from './read-pages.ts'

/**
 * The present text of `index.yaml` from an older one, which this machine keeps, and the pages that have changed since.
 * Undefined: something is in doubt, or most of it has changed; then all of it has to be read. Of the older text only
 * what is used is in memory, so that this takes no more of it than the present text has bytes.
 *
 * Cost: one ranged GET for each run of pages that the older text does not have, and one for what stands before them.
 * @param tail the end of the present text, with all that stands behind its pages
 */
export async function updateText(session: Session, kept: KeptBase, tail: ObjectTail): Promise<Uint8Array | undefined> {
  const paging = pagingIn(tail)
  const older = paging && (await kept.open())
  if (paging === undefined || older === undefined) return undefined
  try {
    return await updateFrom(session, older, paging, tail)
  } finally {
    await older.close()
  }
}

async function updateFrom(
  session: Session,
  older: KeptBytes,
  paging: Paging,
  tail: ObjectTail,
): Promise<Uint8Array | undefined> {
  const end = await older.read(Math.max(0, older.size - session.paging.tail), older.size)
  const known = end && pagesInOlder(paging, end, older.size)
  const isMost = (missing: readonly number[]): boolean =>
    missing.reduce((sum, page) => sum + (paging.table.pages[page]?.length ?? 0), 0) > tail.size * MOST_OF_ALL
  const numbers = paging.spans.map((_, page) => page)
  if (known === undefined || isMost(numbers.filter((page) => !known.has(page)))) return undefined

  const text = Buffer.allocUnsafe(tail.size)
  const put = (page: number, bytes: Uint8Array | undefined): boolean => {
    const span = paging.spans[page]
    const isProved = bytes !== undefined && digestOf([bytes], sha256Of) === paging.table.pages[page]?.digest
    if (isProved && span !== undefined) text.set(bytes, span.start)
    return isProved
  }
  const missing: number[] = []
  for (const page of numbers) {
    const span = known.get(page)
    if (span === undefined || !put(page, await older.read(span.start, span.end))) missing.push(page)
  }
  if (isMost(missing)) return undefined
  const [start, runs] = await Promise.all([
    session.store.getRange(session.location.indexKey, { start: 0, end: paging.table.head }, tail.etag),
    readRuns(session, { etag: tail.etag, paging }, missing),
  ])
  if (typeof start === 'string' || typeof runs === 'string') return undefined
  if (!runs.flatMap(({ read }) => read).every(([page, bytes]) => put(page, bytes))) return undefined
  const last = paging.spans.at(-1)?.end ?? 0
  text.set(start, 0)
  text.set(tail.body.subarray(last - (tail.size - tail.body.length)), last)
  putSeparators(paging, text)
  const counts = `${String(missing.length)} of the ${String(numbers.length)} pages`
  session.detail(`helm-s3: read ${counts} of ${session.location.indexKey}; the others are kept on this machine`)
  return text
}
