import pLimit from 'p-limit'
import { indexOfPages, readIndexEnd } from '../../core/index/index-text.ts'
import { type Paging, type Span, type WantedCharts, pagesWith, readPage } from '../../core/index/paging.ts'
import { WRITE_METADATA } from '../../core/object-metadata.ts'
import type { ObjectTail } from '../../store/object-store.ts'
import { sha256Of } from '../../sys/sha256.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Base, PagedBase } from '../session/base.ts'
import type { Session } from '../session/session.ts'

/** When more of a text is wanted than this part of it, all of it is read at once. */
export const MOST_OF_ALL = 0.5

/**
 * The pages of the text that `tail` is the end of. Undefined: it has no table that fits, or another client has
 * rewritten the text and kept the table.
 * @throws HelmS3Error `invalid-index`
 */
export function pagingIn(tail: ObjectTail): Paging | undefined {
  const end = readIndexEnd(tail.body, tail.size)
  if (typeof end !== 'object') return undefined
  return end.header.annotations.bookkeeping.writeId === tail.metadata[WRITE_METADATA] ? end.paging : undefined
}

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
  const paging = pagingIn(tail)
  if (paging === undefined) return 'whole'
  const { date, etag, lastModified, size } = tail
  memory.paged = { date, etag, lastModified, size, paging, pages: new Map() }
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
  const problem = await addPages(session, base, needed)
  if (problem === 'whole') session.memory.distrustsPages = true
  if (problem !== undefined) return problem
  const { date, etag, lastModified, size } = base
  return { index: indexOfPages(paging, pages), bytes: undefined, isFromCache: false, date, etag, lastModified, size }
}

/** Reads those of these pages that were not read before. */
async function addPages(
  session: Session,
  base: PagedBase,
  needed: readonly number[],
): Promise<'changed' | 'whole' | undefined> {
  const { pages, paging } = base
  const runs = await readRuns(
    session,
    base,
    needed.filter((page) => !pages.has(page)),
  )
  if (typeof runs === 'string') return runs
  for (const { read, span } of runs) {
    session.detail(
      `helm-s3: read bytes ${String(span.start)} to ${String(span.end)} of ${session.location.indexKey}: ` +
        `${String(read.length)} of its ${String(paging.spans.length)} pages`,
    )
    for (const [page, bytes] of read) {
      const text = readPage(paging, page, bytes, sha256Of)
      if (text === undefined) return 'whole'
      pages.set(page, text)
    }
  }
  return undefined
}

/** Neighbouring pages that were read by one request. */
interface PageRun {
  readonly span: Span
  /** The bytes of each page by its number, not compared with the table yet. */
  readonly read: readonly (readonly [page: number, bytes: Uint8Array])[]
}

/**
 * The bytes of these pages, whose numbers ascend. `changed`: `index.yaml` is another one by now. `whole`: the store
 * does not give such ranges.
 *
 * Cost: one ranged GET for each run of neighbours.
 */
export async function readRuns(
  { location, store }: Session,
  { etag, paging }: Pick<PagedBase, 'etag' | 'paging'>,
  pages: readonly number[],
): Promise<readonly PageRun[] | 'changed' | 'whole'> {
  const readRun = async (run: readonly number[]): Promise<PageRun | 'changed' | 'whole'> => {
    const spans = run.flatMap((page) => paging.spans[page] ?? [])
    const span = { start: spans[0]?.start ?? 0, end: spans.at(-1)?.end ?? 0 }
    const bytes = await store.getRange(location.indexKey, span, etag)
    if (typeof bytes === 'string') return bytes === 'changed' ? bytes : 'whole'
    const read = run.flatMap((page) => {
      const at = paging.spans[page]
      return at === undefined ? [] : [[page, bytes.subarray(at.start - span.start, at.end - span.start)] as const]
    })
    return { span, read }
  }
  const limit = pLimit(CONCURRENCY)
  const runs = await Promise.all(runsOf(pages).map((run) => limit(() => readRun(run))))
  const problem = runs.find((run) => typeof run === 'string')
  return typeof problem === 'string' ? problem : runs.flatMap((run) => (typeof run === 'string' ? [] : [run]))
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
