import type { Entry } from '../entry.ts'
import type { FormCodec, Slice } from './index-form.ts'

/** One chart of an index: a slice of its text or a list of entries; the other is made when it is asked for. */
export interface ChartText {
  entries(): readonly Entry[]
  count(): number
  slice(): Slice
}

/** The chart that stands in a slice of a text of this form. */
export function slicedChart(codec: FormCodec, name: string, slice: Slice): ChartText {
  let entries: readonly Entry[] | undefined
  return {
    entries: () => (entries ??= codec.decodeChart(name, slice)),
    count: () => entries?.length ?? codec.countEntries(slice),
    slice: () => slice,
  }
}

/** A chart of these entries, to be written in this form. */
export function listedChart(codec: FormCodec, name: string, entries: readonly Entry[]): ChartText {
  let slice: Slice | undefined
  const encode = (): Slice => {
    const source = codec.encodeChart(name, entries)
    return { source, start: 0, end: source.length }
  }
  return { entries: () => entries, count: () => entries.length, slice: () => (slice ??= encode()) }
}

/** The texts of these charts in their order, with separators, in as few pieces as possible and without copying any. */
export function joinCharts(codec: FormCodec, charts: Iterable<ChartText>): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let run: Slice | undefined
  const flush = ({ source, start, end }: Slice): void => void pieces.push(source.subarray(start, end))
  for (const chart of charts) {
    const slice = chart.slice()
    if (run === undefined) run = slice
    else if (follows(slice, run, codec)) run = { ...run, end: slice.end }
    else {
      flush(run)
      if (codec.separator.length > 0) pieces.push(codec.separator)
      run = slice
    }
  }
  if (run !== undefined) flush(run)
  return pieces
}

/** Whether nothing but the separator lies between two slices of one text. */
function follows(slice: Slice, before: Slice, { separator }: FormCodec): boolean {
  return slice.source === before.source && slice.start === before.end + separator.length
}
