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

/**
 * The parts of which a store can compose a text whose old version it has. Unchanged ranges are copied; what is sent is
 * widened with unchanged pages until it has the size that S3 asks of a part. Undefined: nothing would be saved, and the
 * text is better sent as a whole.
 */
export function planParts(segments: readonly Segment[], limits: PartLimits): readonly Part[] | undefined {
  const total = sizeOf(segments)
  if (total < limits.composeFrom) return undefined
  const parts: Part[] = []
  let open: Segment[] = []
  const close = (): void => {
    if (open.length > 0) parts.push({ send: open })
    open = []
  }
  for (const run of runsOf(segments)) {
    const [first] = run
    if (first?.old === undefined) {
      open.push(...run)
      continue
    }
    const taken = open.length === 0 ? 0 : segmentsToFill(run, limits.least - sizeOf(open))
    const left = run.slice(taken)
    if (sizeOf(left) < limits.least) {
      open.push(...run)
      continue
    }
    open.push(...run.slice(0, taken))
    close()
    parts.push(...copies(left, limits))
  }
  close()
  const sent = parts.reduce((sum, part) => sum + ('send' in part ? sizeOf(part.send) : 0), 0)
  return sent > total / 2 || parts.length > MOST_PARTS ? undefined : parts
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
