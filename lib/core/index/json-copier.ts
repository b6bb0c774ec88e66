import { MAX_JSON_DEPTH } from '../../text/size-limits.ts'
import { ENTRY_FIELDS, fieldNamed } from '../helm/field-types.ts'
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  LETTER_N,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  SPACE,
} from './json-bytes.ts'
import { characterLength, escapeAt, isUnsafe, literalEnd, numberEnd } from './json-tokens.ts'
import { OpenKeys } from './open-keys.ts'
import { DOUBT, TextCopy } from './text-copy.ts'

/** The first byte that is no plain character of ASCII, and the number of bytes from the space up to it. */
const DELETE = 0x7f
const PLAIN = DELETE - SPACE

/** Levels around an item: the index, its entries, the list of the chart. */
const LEVELS_AROUND = 3

/**
 * Copies JSON values out of a text without their white space, and checks on the way that they are JSON: what it copies,
 * `JSON.parse` takes, and it is valid UTF-8. All methods throw {@link DOUBT} at a byte that JSON does not allow
 * there, and perhaps at others.
 */
export class JsonCopier extends TextCopy {
  /**
   * Whether the value that was copied last has the very bytes that `JSON.stringify` would give its value. If not, it
   * holds an escape or a number that could be written otherwise, a key twice, or the like.
   */
  isPlain = true
  /** Of each string in the value that was copied last, but the keys: its start in the text and in `out`, its ends. */
  texts: number[] = []
  /** The keys of the objects around the current place. */
  readonly #keys = new OpenKeys()
  /** Whether the item has shown a name and a version. */
  #hasName = false
  #hasVersion = false

  /** Copies the value that begins here. */
  copyValue(): void {
    this.#begin()
    this.#value(1)
  }

  /**
   * Copies the object that begins here and is an item of a chart. It is plain only when, besides, the fields have the
   * names that Helm gives them, none is null, and both name and version are texts.
   */
  copyItem(): void {
    this.#begin()
    this.#hasName = this.#hasVersion = false
    this.#object(1, true)
    if (!this.#hasName || !this.#hasVersion) this.isPlain = false
  }

  /** Copies the string that goes on here up to and with the quote at its end. */
  copyString(): void {
    const { out, source } = this
    for (;;) {
      let { at, length } = this
      let code = source[at] ?? 0
      while (code !== QUOTE && code !== BACKSLASH && (code - SPACE) >>> 0 < PLAIN) {
        out[length++] = code
        code = source[++at] ?? 0
      }
      this.at = at
      this.length = length
      if (code === BACKSLASH) this.#escape()
      else {
        const bytes = characterLength(source, at)
        if (bytes === 0 || code < SPACE) throw DOUBT
        if (code !== QUOTE && isUnsafe(source, at)) this.isPlain = false
        for (let index = 0; index < bytes; index++) this.#put(source[at + index] ?? 0)
        if (code === QUOTE) return
      }
    }
  }

  #begin(): void {
    this.#keys.count = 0
    this.isPlain = true
    this.texts.length = 0
  }

  /** Leaves out white space. @returns the next byte */
  #next(): number {
    const code = this.source[this.at] ?? -1
    return code > SPACE ? code : this.peek()
  }

  /** Copies this byte, which is the next. */
  #put(code: number): void {
    this.out[this.length++] = code
    this.at++
  }

  #value(depth: number): void {
    if (depth + LEVELS_AROUND > MAX_JSON_DEPTH) throw DOUBT
    const code = this.#next()
    if (code === QUOTE) {
      this.#put(code)
      this.#text()
    } else if (code === OPEN_BRACE) this.#object(depth, false)
    else if (code === OPEN_BRACKET) this.#array(depth)
    else this.#scalar()
  }

  /** Copies a string that is a value, and notes where it stands. */
  #text(): void {
    const { texts } = this
    texts.push(this.at, this.length)
    this.copyString()
    texts.push(this.at, this.length)
  }

  #array(depth: number): void {
    this.#put(OPEN_BRACKET)
    let code = this.#next()
    if (code !== CLOSE_BRACKET) {
      for (;;) {
        this.#value(depth + 1)
        code = this.#next()
        if (code !== COMMA) break
        this.#put(code)
      }
      if (code !== CLOSE_BRACKET) throw DOUBT
    }
    this.#put(code)
  }

  #object(depth: number, isItem: boolean): void {
    const first = this.#keys.count
    this.#put(OPEN_BRACE)
    let code = this.#next()
    if (code !== CLOSE_BRACE) {
      for (;;) {
        this.#member(depth, first, isItem)
        code = this.#next()
        if (code !== COMMA) break
        this.#put(code)
      }
      if (code !== CLOSE_BRACE) throw DOUBT
    }
    this.#put(code)
    this.#keys.count = first
  }

  /** @param first the number of keys of the objects around this one */
  #member(depth: number, first: number, isItem: boolean): void {
    if (this.#next() !== QUOTE) throw DOUBT
    this.#put(QUOTE)
    const start = this.at
    const hash = this.#key()
    if (!this.#keys.add(hash, first)) this.isPlain = false
    const end = this.at - 1
    if (this.#next() !== COLON) throw DOUBT
    this.#put(COLON)
    if (isItem) this.#noteField(this.source.toString('latin1', start, end), this.#next())
    this.#value(depth + 1)
  }

  /** Copies the key up to and with the quote at its end. @returns its hash, which is of no use when it is not plain */
  #key(): number {
    const { out, source } = this
    let { at, length } = this
    let hash = 0
    let code = source[at] ?? 0
    if (code >= 0x30 && code <= 0x39) this.isPlain = false
    while (code !== QUOTE && code !== BACKSLASH && (code - SPACE) >>> 0 < PLAIN) {
      hash = (Math.imul(hash, 31) + code) | 0
      out[length++] = code
      code = source[++at] ?? 0
    }
    this.at = at
    this.length = length
    if (code === QUOTE) this.#put(code)
    else {
      this.isPlain = false
      this.copyString()
    }
    return hash
  }

  /** @param code the first byte of the value */
  #noteField(key: string, code: number): void {
    if (code === LETTER_N || (!ENTRY_FIELDS.has(key) && fieldNamed(ENTRY_FIELDS, key) !== undefined))
      this.isPlain = false
    if (code === QUOTE && key === 'name') this.#hasName = true
    if (code === QUOTE && key === 'version') this.#hasVersion = true
  }

  /** Copies an escape; one that stands for a plain character becomes that. */
  #escape(): void {
    const { at, out, source } = this
    const { isPlain, length, raw } = escapeAt(source, at)
    if (length === 0) throw DOUBT
    if (!isPlain) this.isPlain = false
    if (raw !== undefined) out[this.length++] = raw
    else for (let index = 0; index < length; index++) out[this.length++] = source[at + index] ?? 0
    this.at = at + length
  }

  #scalar(): void {
    const literal = literalEnd(this.source, this.at)
    const end = literal < 0 ? numberEnd(this.source, this.at) : literal
    if (end < 0) throw DOUBT
    if (literal < 0) this.isPlain = false
    while (this.at < end) this.#put(this.source[this.at] ?? 0)
  }
}
