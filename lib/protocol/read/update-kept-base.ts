import { assembleText, pagesByDigest } from '../../core/index/assemble-text.ts'
import { digestOf } from '../../core/index/paging.ts'
import type { ObjectTail } from '../../store/object-store.ts'
import { sha256Of } from '../../sys/sha256.ts'
import type { Session } from '../session/session.ts'
import { MOST_OF_ALL, pagingIn, readRuns } from './read-pages.ts'

/**
 * The present text of `index.yaml` from an older one and the pages that have changed since. Undefined: something is in
 * doubt, or most of it has changed; then all of it has to be read.
 *
 * Cost: one ranged GET for each run of pages that the older text does not have, and one for what stands before them.
 * @param tail the end of the present text, with all that stands behind its pages
 */
export async function updateText(session: Session, old: Uint8Array, tail: ObjectTail): Promise<Uint8Array | undefined> {
  const paging = pagingIn(tail)
  if (paging === undefined) return undefined
  const { pages, head } = paging.table
  const known = pagesByDigest(old, sha256Of)
  const missing = pages.flatMap(({ digest }, i) => (known.has(digest) ? [] : [i]))
  const unknown = missing.reduce((sum, i) => sum + (pages[i]?.length ?? 0), 0)
  if (unknown > tail.size * MOST_OF_ALL) return undefined
  const [start, runs] = await Promise.all([
    session.store.getRange(session.location.indexKey, { start: 0, end: head }, tail.etag),
    readRuns(session, { etag: tail.etag, paging }, missing),
  ])
  if (typeof start === 'string' || typeof runs === 'string') return undefined
  const fetched = new Map(runs.flatMap(({ read }) => read))
  const isProved = ([page, bytes]: readonly [number, Uint8Array]): boolean =>
    digestOf([bytes], sha256Of) === pages[page]?.digest
  if (![...fetched].every(isProved)) return undefined
  const whole = pages.map(({ digest }, i) => known.get(digest) ?? fetched.get(i))
  const last = paging.spans.at(-1)?.end ?? 0
  const behind = tail.body.subarray(last - (tail.size - tail.body.length))
  if (!whole.every((page) => page !== undefined)) return undefined
  const { indexKey } = session.location
  const counts = `${String(missing.length)} of the ${String(pages.length)} pages`
  session.detail(`helm-s3: read ${counts} of ${indexKey}; the others are kept on this machine`)
  return assembleText(paging, start, whole, behind)
}
