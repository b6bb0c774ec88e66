import type { JsonCopier } from './json-copier.ts'

/** Bytes. What is longer is copied by a call. */
const LONG = 96
/** Bytes that are compared at once. */
const WORD = 4

/**
 * An item that was copied. The one after it often differs in a few texts only, and can then be copied without a look at
 * its grammar: what stands around these texts is compared with the first, byte by byte.
 */
export class ItemPattern {
  readonly #copier: JsonCopier
  readonly #words: DataView
  /** Where the item stands in the text. */
  #start = 0
  #end = 0
  /** Where its copy stands. */
  #copy = 0
  #copyEnd = 0
  /** Of each text: where it begins in the item and in its copy, and where what follows begins. */
  #texts = new Int32Array(0)

  constructor(copier: JsonCopier) {
    const { source } = copier
    this.#copier = copier
    this.#words = new DataView(source.buffer, source.byteOffset, source.length)
  }

  /** Keeps the item that was just copied, and began at these places. It must be plain. */
  learn(start: number, copy: number): void {
    const { at, length, texts } = this.#copier
    this.#start = start
    this.#end = at
    this.#copy = copy
    this.#copyEnd = length
    this.#texts = Int32Array.from(texts)
  }

  /**
   * Copies the next item when it is like the one that is kept; the copier tells whether the copy is plain.
   * @returns false when it is not like it; then nothing has happened
   */
  copyNext(): boolean {
    const copier = this.#copier
    const texts = this.#texts
    const { at, length } = copier
    let place = this.#start
    let copy = this.#copy
    let index = 0
    copier.isPlain = true
    for (;;) {
      const equal = this.#equalTo(place)
      copier.at += equal
      place += equal
      if (place === this.#end) break
      while (index < texts.length && (texts[index + 2] ?? 0) <= place) index += 4
      const text = texts[index] ?? this.#end
      if (place < text) {
        copier.at = at
        copier.length = length
        return false
      }
      this.#copyAgain(copy, texts[index + 1] ?? 0)
      copier.at -= place - text
      copier.copyString()
      place = texts[index + 2] ?? 0
      copy = texts[index + 3] ?? 0
    }
    this.#copyAgain(copy, this.#copyEnd)
    return place > 0
  }

  /** The number of bytes that stand in the text just as at this place of the item. */
  #equalTo(place: number): number {
    const { at, source } = this.#copier
    const words = this.#words
    const most = Math.min(this.#end - place, source.length - at)
    let equal = 0
    while (equal + WORD <= most && words.getInt32(at + equal, true) === words.getInt32(place + equal, true))
      equal += WORD
    while (equal < most && source[at + equal] === source[place + equal]) equal++
    return equal
  }

  /** Writes a part of the copy once more. */
  #copyAgain(start: number, end: number): void {
    const { out } = this.#copier
    let { length } = this.#copier
    if (end - start > LONG) out.copyWithin(length, start, end)
    else for (let place = start; place < end; place++) out[length++] = out[place] ?? 0
    this.#copier.length += end - start
  }
}
