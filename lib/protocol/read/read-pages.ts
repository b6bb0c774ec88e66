import pLimit from 'p-limit'
import { indexOfPages, readIndexEnd } from '../../core/index/index-text.ts'
import { type PageText, type WantedCharts, pagesWith, readPage } from '../../core/index/paging.ts'
import { WRITE_METADATA } from '../../core/object-metadata.ts'
import type { ObjectTail } from '../../store/object-store.ts'
import { sha256Of } from '../../sys/sha256.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Base, PagedBase } from '../session/base.ts'
import type { Session } from '../session/session.ts'

/** When more of the pages are wanted than this part of them, all of the text is read at once. */
const MOST_OF_ALL = 0.5

/**
 * What the end of `index.yaml` tells. `whole`: its pages cannot be used, and all of it has to be read. `missing`: there
 * is no `index.yaml`. An {@link ObjectTail}: it is so short that all of it was read.
 *
 * Cost: one GET of the last 256 KiB, which transfers nothing when the pages of this version are known already.
 * @throws HelmS3Error `invalid-index`
 */
export async function openPages(session: Session): Promise<PagedBase | ObjectTail | 'whole' | 'missing'> {
  const { location, memory, paging: limits, store } = session
  if (memory.distrustsPages) return 'whole'
  const known = memory.paged
  const tail = await store.getTail(location.indexKey, limits.tail, known?.etag)
  if (tail === undefined) return 'missing'
  if ('unchanged' in tail) return known === undefined ? 'whole' : { ...known, date: tail.date }
  memory.paged = undefined
  if (tail.body.length === tail.size) return tail
  const end = readIndexEnd(tail.body, tail.size)
  if (end === undefined || end === 'cut' || end.paging === undefined) return 'whole'
  // Another client has rewritten the text, and kept the table.
  if (end.header.annotations.bookkeeping.writeId !== tail.metadata[WRITE_METADATA]) return 'whole'
  const { date, etag, lastModified, size } = tail
  memory.paged = { date, etag, lastModified, size, paging: end.paging, pages: new Map() }
  return memory.paged
}

/**
 * The base with the charts that are wanted. `changed`: `index.yaml` is another one by now. `whole`: a page is not what
 * the table says, or so many are wanted that it is better to read the whole text.
 *
 * Cost: one ranged GET for each run of pages that was not read before.
 */
export async function readWanted(
  session: Session,
  base: PagedBase,
  wanted: WantedCharts,
): Promise<Base | 'changed' | 'whole'> {
  const { pages, paging } = base
  const needed = pagesWith(paging, wanted)
  if (needed.length > 1 && needed.length > paging.table.pages.length * MOST_OF_ALL) return 'whole'
  const limit = pLimit(CONCURRENCY)
  const runs = runsOf(needed.filter((page) => !pages.has(page)))
  const read = await Promise.all(runs.map((run) => limit(() => readRun(session, base, run))))
  const problem = read.find((run) => typeof run === 'string')
  if (problem === 'whole') session.memory.distrustsPages = true
  if (problem !== undefined) return problem
  for (const run of read) if (typeof run !== 'string') for (const [page, text] of run) pages.set(page, text)
  const { date, etag, lastModified, size } = base
  return { index: indexOfPages(paging, pages), bytes: undefined, isFromCache: false, date, etag, lastModified, size }
}

/** Page numbers in runs of neighbours. */
function runsOf(pages: readonly number[]): readonly (readonly number[])[] {
  const runs: number[][] = []
  for (const page of pages) {
    const run = runs.at(-1)
    if (run?.at(-1) === page - 1) run.push(page)
    else runs.push([page])
  }
  return runs
}

async function readRun(
  session: Session,
  { etag, paging }: PagedBase,
  run: readonly number[],
): Promise<readonly (readonly [number, PageText])[] | 'changed' | 'whole'> {
  const spans = run.flatMap((page) => paging.spans[page] ?? [])
  const [start, end] = [spans[0]?.start ?? 0, spans.at(-1)?.end ?? 0]
  const bytes = await session.store.getRange(session.location.indexKey, { start, end }, etag)
  if (bytes === 'changed') return 'changed'
  if (bytes === 'unsupported') return 'whole'
  session.detail(
    `helm-s3: read bytes ${String(start)} to ${String(end)} of ${session.location.indexKey}: ` +
      `${String(run.length)} of its ${String(paging.spans.length)} pages`,
  )
  const pages: (readonly [number, PageText])[] = []
  for (const [i, page] of run.entries()) {
    const span = spans[i]
    const text = span && readPage(paging, page, bytes.subarray(span.start - start, span.end - start), sha256Of)
    if (text === undefined) return 'whole'
    pages.push([page, text])
  }
  return pages
}
