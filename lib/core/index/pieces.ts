/** A range of bytes: `source[start, end)`. */
export interface Slice {
  readonly source: Buffer
  readonly start: number
  readonly end: number
}

export function bytesOf({ end, source, start }: Slice): Buffer {
  return source.subarray(start, end)
}

/** Bytes. {@link joinSmall} joins pieces shorter than this. */
const SMALL = 64 * 1024

/**
 * A text that is built from strings and from slices of other texts. Adjacent slices become one piece. Nothing is
 * copied.
 */
export class Pieces {
  readonly #pieces: Uint8Array[] = []
  #text = ''
  #run: Slice | undefined

  addText(text: string): void {
    this.#flushRun()
    this.#text += text
  }

  /**
   * Adds a slice with the separator before it. When the separator already stands between this slice and the one before,
   * all three become one piece.
   */
  addSlice(slice: Slice, separator = ''): void {
    const run = this.#run
    if (run !== undefined && run.source === slice.source && run.end + separator.length === slice.start) {
      this.#run = { source: run.source, start: run.start, end: slice.end }
      return
    }
    if (separator !== '') this.addText(separator)
    this.#flushRun()
    this.#flushText()
    this.#run = slice
  }

  /** All pieces that were added, in order. */
  all(): Uint8Array[] {
    this.#flushRun()
    this.#flushText()
    return this.#pieces
  }

  #flushRun(): void {
    if (this.#run !== undefined) this.#pieces.push(this.#run.source.subarray(this.#run.start, this.#run.end))
    this.#run = undefined
  }

  #flushText(): void {
    if (this.#text !== '') this.#pieces.push(Buffer.from(this.#text))
    this.#text = ''
  }
}

/** The same bytes in fewer pieces: small neighbours are copied into one piece, for writers that pay for each piece. */
export function joinSmall(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  let small: Uint8Array[] = []
  let size = 0
  const flush = (): void => {
    if (small.length > 0) joined.push(small.length === 1 && small[0] !== undefined ? small[0] : Buffer.concat(small))
    small = []
    size = 0
  }
  for (const piece of pieces) {
    if (piece.length >= SMALL) {
      flush()
      joined.push(piece)
      continue
    }
    small.push(piece)
    size += piece.length
    if (size >= SMALL) flush()
  }
  flush()
  return joined
}
