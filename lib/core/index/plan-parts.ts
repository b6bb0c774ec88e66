import type { Segment } from './lay-out.ts'
import type { Span } from './paging.ts'

/** A part of a composed write: a range of the old text, which the store copies, or bytes that are sent. */
export type Part = { readonly copy: Span } | { readonly send: readonly Segment[] }

export interface PartLimits {
  /** Bytes that every part but the last has at least. */
  readonly least: number
  /** Bytes that a part has at most. */
  readonly most: number
  /** A text shorter than this is sent as a whole, bytes. */
  readonly composeFrom: number
}

const MIB = 1024 * 1024

/** The limits of S3 ("Amazon S3 multipart upload limits"), and where composing begins to pay. */
export const PART_LIMITS: PartLimits = { least: 5 * MIB, most: 5 * 1024 * MIB, composeFrom: 16 * MIB }

/** At most this many parts, by the limits of S3. */
const MOST_PARTS = 10_000

/** A part while it is planned. `isCopied`: a range of the old text. */
interface Draft {
  readonly segments: readonly Segment[]
  readonly isCopied: boolean
}

/**
 * The parts of which a store can compose a text whose old version it has. Unchanged ranges are copied; what is sent is
 * widened with unchanged pages, behind it or else before it, until it has the size that S3 asks of a part. Undefined:
 * nothing would be saved, and the text is better sent as a whole.
 */
export function planParts(segments: readonly Segment[], limits: PartLimits): readonly Part[] | undefined {
  const total = sizeOf(segments)
  if (total < limits.composeFrom) return undefined
  const parts = draftParts(segments, limits).flatMap(({ isCopied, segments }) =>
    isCopied ? copies(segments, limits) : [{ send: segments }],
  )
  const sent = parts.reduce((sum, part) => sum + ('send' in part ? sizeOf(part.send) : 0), 0)
  return sent > total / 2 || parts.length > MOST_PARTS ? undefined : parts
}

function draftParts(segments: readonly Segment[], { least }: PartLimits): readonly Draft[] {
  const drafts: Draft[] = []
  let open: readonly Segment[] = []
  const close = (): void => {
    if (open.length > 0) drafts.push({ segments: open, isCopied: false })
    open = []
  }
  for (const run of runsOf(segments)) {
    if (run[0]?.old === undefined || sizeOf(run) < least) {
      open = [...open, ...run]
      continue
    }
    const lacking = open.length === 0 ? 0 : least - sizeOf(open)
    const behind = segmentsToFill(run, lacking)
    const left = run.slice(behind)
    const spared = spareable(drafts.at(-1), lacking, least)
    if (sizeOf(left) >= least) {
      open = [...open, ...run.slice(0, behind)]
      close()
      drafts.push({ segments: left, isCopied: true })
    } else if (spared !== undefined) {
      drafts.splice(-1, 1, { segments: spared.kept, isCopied: true })
      open = [...spared.given, ...open]
      close()
      drafts.push({ segments: run, isCopied: true })
    } else {
      open = [...open, ...run]
    }
  }
  close()
  return drafts
}

/**
 * What a copy gives of its end, so many bytes or more, and what it keeps. Undefined: there is no copy, or it would be
 * too short.
 */
function spareable(
  copy: Draft | undefined,
  bytes: number,
  least: number,
): { readonly kept: readonly Segment[]; readonly given: readonly Segment[] } | undefined {
  if (copy?.isCopied !== true) return undefined
  const border = copy.segments.length - segmentsToFill([...copy.segments].reverse(), bytes)
  const kept = copy.segments.slice(0, border)
  return sizeOf(kept) < least ? undefined : { kept, given: copy.segments.slice(border) }
}

/** Neighbours that are either all new or one unbroken range of the old text. */
function runsOf(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const runs: Segment[][] = []
  let before: Segment | undefined
  for (const segment of segments) {
    const follows = before !== undefined && before.old?.end === segment.old?.start
    if (follows) runs.at(-1)?.push(segment)
    else runs.push([segment])
    before = segment
  }
  return runs
}

/** How many of these segments, from the first on, have so many bytes together. */
function segmentsToFill(segments: readonly Segment[], bytes: number): number {
  let sum = 0
  let count = 0
  while (sum < bytes && count < segments.length) sum += segments[count++]?.size ?? 0
  return count
}

/** One range of the old text in as few parts as possible, all of them long enough. */
function copies(segments: readonly Segment[], { most }: PartLimits): readonly Part[] {
  const [start, end] = [segments[0]?.old?.start ?? 0, segments.at(-1)?.old?.end ?? 0]
  const count = Math.ceil((end - start) / most)
  const border = (i: number): number => start + Math.floor(((end - start) * i) / count)
  return Array.from({ length: count }, (_, i) => ({ copy: { start: border(i), end: border(i + 1) } }))
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { size }) => sum + size, 0)
}
