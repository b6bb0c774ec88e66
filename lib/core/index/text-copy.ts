import { CARRIAGE_RETURN, LINE_FEED, SPACE, TAB } from './json-bytes.ts'

/** What a text is when it is not certain to be JSON that can be copied. It has to be parsed in full. */
export const DOUBT = new Error('not certain to be JSON')

/** A JSON text that is read from its start to its end, and another one that is made of it meanwhile. */
export class TextCopy {
  readonly source: Buffer
  /** The byte to be read next. */
  at = 0
  /** What has been written, in the first `length` bytes. */
  out: Buffer
  length = 0

  constructor(source: Buffer) {
    this.source = source
    this.out = Buffer.allocUnsafeSlow(source.length + (source.length >> 6) + 1024)
  }

  /** The next byte that is no white space; -1 at the end of the text. */
  peek(): number {
    const { source } = this
    let code = source[this.at] ?? -1
    while (code === SPACE || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB)
      code = source[++this.at] ?? -1
    return code
  }

  /** Passes white space and this byte. */
  pass(code: number): void {
    if (this.peek() !== code) throw DOUBT
    this.at++
  }

  /** Writes these bytes, which are not of the text. */
  write(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    for (const code of bytes) this.out[this.length++] = code
  }

  /** Makes room for so many bytes, and for all that can still be copied from the text. */
  reserve(bytes: number): void {
    const wanted = this.length + bytes + this.source.length - this.at
    if (wanted <= this.out.length) return
    const larger = Buffer.allocUnsafeSlow(wanted + (wanted >> 3))
    this.out.copy(larger, 0, 0, this.length)
    this.out = larger
  }
}
