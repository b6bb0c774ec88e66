import { hasCode } from '../../errors.ts'
import { isObject } from '../../text/is-object.ts'
import { entriesFrom } from './index-entry.ts'
import type { SlicedText } from './index-form.ts'
import { headerFrom } from './index-header.ts'
import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, LETTER_N, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-bytes.ts'
import { JsonCopier } from './json-copier.ts'
import { ItemPattern } from './item-pattern.ts'
import { jsonText, mayHoldLone } from './json-text.ts'
import type { Slice } from './pieces.ts'
import { DOUBT } from './text-copy.ts'

/*
 * Any JSON text, as ChartMuseum, `helm repo index --json` and editors write it, is read by laying its charts out anew,
 * in the layout of json-form.ts. That and the writing take an eighth of the time that a full parse and its writing
 * take, and what follows is as for our own text. `parseJson` stays the reference: the charts have the bytes that it
 * would lead to, and whatever is not certain is left to it.
 *
 * The grammar of the whole text is checked: no text is read here that `JSON.parse` refuses. As in our own layout, it is
 * not checked whether Helm takes the fields of an entry as long as nobody asks for the entry.
 */

const LIST_OPEN = Buffer.from(':[')
const LIST_CLOSE = Buffer.from('\n]')
const FIRST = Buffer.from('\n')
const SEPARATOR = Buffer.from(',\n')

/** The start of a text that may be an index; the white space before it is seldom long. */
const LONGEST_START = 1024
const START = /^[ \t\r\n]*\{/
/** The keys that stand before all others in an object of JavaScript, whatever their place in the text. */
const NUMBER = /^\d+$/

/**
 * The header of an index in JSON, and its charts as slices of a new text in our layout. Undefined when the text is not
 * certain to be JSON, when a full parse would refuse it, or when its charts need one: a name that is there twice, or
 * is a number, a chart that is no list.
 */
export function relayJson(bytes: Uint8Array): SlicedText | undefined {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!START.test(source.toString('latin1', 0, LONGEST_START))) return undefined
  try {
    return new Relay(source).read()
  } catch (error) {
    if (error === DOUBT || hasCode(error, 'invalid-index')) return undefined
    throw error
  }
}

class Relay {
  readonly #copier: JsonCopier
  readonly #pattern: ItemPattern
  readonly #charts = new Map<string, Pick<Slice, 'end' | 'start'>>()

  constructor(source: Buffer) {
    this.#copier = new JsonCopier(source)
    this.#pattern = new ItemPattern(this.#copier)
  }

  read(): SlicedText {
    const { source } = this.#copier
    let entries: Pick<Slice, 'end' | 'start'> | undefined
    this.#eachMember(() => {
      const key = this.#string().toLowerCase()
      this.#copier.pass(COLON)
      if (key !== 'entries') this.#skip()
      else if (entries !== undefined) throw DOUBT
      else {
        const start = this.#copier.at
        this.#eachMember(() => this.#chart())
        entries = { start, end: this.#copier.at }
      }
    })
    if (entries === undefined || this.#copier.peek() >= 0) throw DOUBT
    const others = `${source.toString('utf8', 0, entries.start)}{}${source.toString('utf8', entries.end)}`
    const fields: unknown = JSON.parse(others)
    if (!isObject(fields)) throw DOUBT
    return { header: headerFrom(fields, 'json'), charts: this.#slices() }
  }

  /** Passes an object, and calls this for each member. */
  #eachMember(read: () => void): void {
    const copier = this.#copier
    copier.pass(OPEN_BRACE)
    if (copier.peek() !== CLOSE_BRACE) {
      read()
      while (copier.peek() === COMMA) {
        copier.at++
        read()
      }
    }
    copier.pass(CLOSE_BRACE)
  }

  /** Passes a value. */
  #skip(): void {
    const { length } = this.#copier
    this.#copier.copyValue()
    this.#copier.length = length
  }

  /** Passes a string. */
  #string(): string {
    if (this.#copier.peek() !== QUOTE) throw DOUBT
    const start = this.#copier.at
    this.#skip()
    return JSON.parse(this.#copier.source.toString('utf8', start, this.#copier.at)) as string
  }

  #chart(): void {
    const copier = this.#copier
    const name = this.#string()
    if (NUMBER.test(name) || this.#charts.has(name) || mayHoldLone(name)) throw DOUBT
    if (this.#charts.size > 0) copier.write(SEPARATOR)
    const start = copier.length
    copier.write(Buffer.from(jsonText(name)))
    copier.pass(COLON)
    this.#list(name)
    this.#charts.set(name, { start, end: copier.length })
  }

  #list(chart: string): void {
    const copier = this.#copier
    copier.pass(OPEN_BRACKET)
    copier.write(LIST_OPEN)
    let separator = FIRST
    let next = copier.peek() === CLOSE_BRACKET ? CLOSE_BRACKET : COMMA
    while (next === COMMA) {
      const first = copier.peek()
      if (first === LETTER_N) this.#skip()
      else if (first === OPEN_BRACE) {
        copier.write(separator)
        this.#item(chart)
        separator = SEPARATOR
      } else throw DOUBT
      next = copier.peek()
      if (next === COMMA) copier.at++
    }
    copier.pass(CLOSE_BRACKET)
    copier.write(LIST_CLOSE)
  }

  #item(chart: string): void {
    const copier = this.#copier
    const { at, length } = copier
    if (!this.#pattern.copyNext()) {
      copier.copyItem()
      if (copier.isPlain) this.#pattern.learn(at, length)
    }
    if (copier.isPlain) return
    const value: unknown = JSON.parse(copier.source.toString('utf8', at, copier.at))
    if (mayHoldLone(value)) throw DOUBT
    copier.length = length
    for (const entry of entriesFrom([value], chart, 'json')) copier.write(Buffer.from(jsonText(entry)))
  }

  #slices(): ReadonlyMap<string, Slice> {
    const source = this.#copier.out
    return new Map([...this.#charts].map(([name, range]) => [name, { source, ...range }]))
  }
}
