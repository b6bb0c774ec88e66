import { MAX_YAML_DEPTH } from '../text/size-limits.ts'
import { type ExactScalar, resolvePlain } from './scalar.ts'

/** The answer of {@link readBlockYaml} for a text outside its subset. */
export const UNREAD = Symbol('unread')

/**
 * Reads the subset of block YAML that Helm and most tools write, about seven times faster than the full parser:
 * mappings with simple keys, sequences, plain and quoted scalars, literal blocks. The values are those of Go's loader
 * (docs/decisions/0027).
 * @param resolve what a plain scalar means
 * @returns the value; or UNREAD, when the text may be any other YAML, or invalid
 */
export function readBlockYaml(text: string, resolve: Resolve = resolvePlain): unknown {
  if (UNUSUAL.test(text)) return UNREAD
  try {
    const reader = new BlockReader((text.endsWith('\n') ? text.slice(0, -1) : text).split('\n'), resolve)
    return reader.readAll()
  } catch (error) {
    if (error instanceof Unread) return UNREAD
    throw error
  }
}

type Resolve = (text: string) => ExactScalar

class Unread extends Error {}

/**
 * Tabs, other line breaks, characters that a YAML text must not hold, and long runs of spaces, which are slow to match.
 */
const UNUSUAL = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd]| {400}/
const MAX_LINE = 100_000
const MAX_QUOTED_LINES = 200

const KEY = /^(?:([A-Za-z0-9_$](?:[A-Za-z0-9_$./+~ -]*[A-Za-z0-9_$./+~-])?)|"([^"\\]*)"|'([^']*)'):(?: +(.*))?$/
const DASH = /^- +/
/** What cannot stand inside a plain scalar, or at its start, or makes it something else. */
const NOT_PLAIN = /^[#,[\]{}&*!|>'"%@`]|^[?:-](?: |$)|: |:$| #/
const SINGLE_QUOTED = /^'((?:[^']|'')*)'$/
const DOUBLE_QUOTED = /^"((?:[^"\\]|\\[^])*)"$/

class BlockReader {
  readonly #lines: string[]
  readonly #resolve: Resolve
  #at = 0
  #depth = 0

  constructor(lines: string[], resolve: Resolve) {
    this.#lines = lines
    this.#resolve = resolve
  }

  readAll(): unknown {
    const indent = this.#nextIndent()
    const value = indent === undefined ? null : this.#readBlock(indent)
    if (this.#nextIndent() !== undefined) throw new Unread()
    return value
  }

  #readBlock(column: number): unknown {
    if (++this.#depth > MAX_YAML_DEPTH) throw new Unread()
    const value = DASH.test(this.#rest(column)) ? this.#readSequence(column) : this.#readMapping(column)
    this.#depth--
    return value
  }

  #readMapping(column: number): Record<string, unknown> {
    const fields = new Map<string, unknown>()
    for (let indent = this.#nextIndent(); indent === column; indent = this.#nextIndent()) {
      const match = KEY.exec(this.#rest(column))
      const key = match?.[1] ?? match?.[2] ?? match?.[3]
      if (match === null || key === undefined || fields.has(key)) throw new Unread()
      if (match[1] !== undefined && typeof this.#resolve(key) !== 'string') throw new Unread()
      fields.set(key, this.#readValue(match[4] ?? '', column, true))
    }
    this.#refuseDeeper(column)
    return Object.fromEntries(fields)
  }

  #readSequence(column: number): unknown[] {
    const items: unknown[] = []
    for (let indent = this.#nextIndent(); indent === column; indent = this.#nextIndent()) {
      const line = this.#rest(column)
      const dash = DASH.exec(line)?.[0]
      if (dash === undefined) break
      const rest = line.slice(dash.length)
      if (DASH.test(rest) || KEY.test(rest)) {
        this.#lines[this.#at] = ' '.repeat(column + dash.length) + rest
        items.push(this.#readBlock(column + dash.length))
      } else items.push(this.#readValue(rest, column, false))
    }
    this.#refuseDeeper(column)
    return items
  }

  /** The value that begins at the end of the current line, in a block at `column`. */
  #readValue(line: string, column: number, inMapping: boolean): unknown {
    const rest = line.replace(/ +$/, '')
    if (rest.length > MAX_LINE) throw new Unread()
    this.#at++
    if (rest === '') return this.#readNested(column, inMapping)
    if (rest === '[]') return []
    if (rest === '{}') return {}
    if (rest.startsWith('"')) return unescapeDouble(this.#quoted(rest, DOUBLE_QUOTED))
    if (rest.startsWith("'")) return foldLines(this.#quoted(rest, SINGLE_QUOTED)).replaceAll("''", "'")
    if (rest.startsWith('|')) return this.#literal(rest, column)
    return this.#plain(rest, column)
  }

  #readNested(column: number, inMapping: boolean): unknown {
    const indent = this.#nextIndent()
    if (indent === undefined) return null
    if (indent > column) return this.#readBlock(indent)
    return inMapping && indent === column && DASH.test(this.#rest(column)) ? this.#readSequence(column) : null
  }

  #plain(rest: string, column: number): unknown {
    const pieces = [rest]
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[++this.#at]) {
      const indent = indentOf(line)
      if (indent < line.length && indent <= column) break
      pieces.push(line.slice(indent))
    }
    while (pieces.at(-1) === '') pieces.pop()
    if (pieces.some((piece, index) => (index === 0 ? NOT_PLAIN : /^#|: |:$| #/).test(piece))) throw new Unread()
    return this.#resolve(foldLines(pieces.join('\n')))
  }

  /** Reads a quoted scalar with its continuation lines. Returns its text without the quotes. */
  #quoted(rest: string, whole: RegExp): string {
    let text = rest
    for (let lines = 1; lines <= MAX_QUOTED_LINES; lines++) {
      const match = whole.exec(text)
      if (match !== null) return match[1] ?? ''
      text += `\n${(this.#lines[this.#at++] ?? '').replace(/ +$/, '')}`
    }
    throw new Unread()
  }

  #literal(header: string, column: number): string {
    if (!/^\|[+-]?$/.test(header)) throw new Unread()
    const lines: string[] = []
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[++this.#at]) {
      const indent = indentOf(line)
      if (indent < line.length && indent <= column) break
      lines.push(line)
    }
    const width = indentOf(lines.find((line) => indentOf(line) < line.length) ?? '')
    if (width === 0 || lines.some((line) => indentOf(line) < width && line !== '')) throw new Unread()
    const text = `${lines.map((line) => line.slice(width)).join('\n')}\n`
    if (header === '|+') return text
    const body = text.replace(/\n+$/, '')
    return header === '|-' ? body : `${body}\n`
  }

  /** The column of the next line that is neither blank nor a comment. The reader is on that line afterwards. */
  #nextIndent(): number | undefined {
    for (let line = this.#lines[this.#at]; line !== undefined; line = this.#lines[++this.#at]) {
      const indent = indentOf(line)
      if (indent < line.length && line[indent] !== '#') return indent
    }
    return undefined
  }

  #rest(column: number): string {
    return (this.#lines[this.#at] ?? '').slice(column)
  }

  #refuseDeeper(column: number): void {
    const indent = this.#nextIndent()
    if (indent !== undefined && indent > column) throw new Unread()
  }
}

/**
 * Folds lines: a line break with the spaces around it becomes a space, and of several line breaks one is dropped (YAML
 * 1.1, 4.2.6).
 */
function foldLines(text: string): string {
  return text.includes('\n') ? text.replace(/ *\n((?: *\n)*) */g, (_breaks, more: string) => foldBreaks(more)) : text
}

function foldBreaks(more: string): string {
  return more === '' ? ' ' : more.replaceAll(' ', '')
}

function indentOf(line: string): number {
  let indent = 0
  while (line.charCodeAt(indent) === 0x20) indent++
  return indent
}

/** An escaped line break, another escape, or line breaks that have to be folded. */
const ESCAPE = /\\\n((?: *\n)*) *|\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))| *\n((?: *\n)*) */g

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}

function unescapeDouble(body: string): string {
  if (!/[\\\n]/.test(body)) return body
  return body.replace(ESCAPE, (_all, ...[escapedBreak, x, u, U, short, breaks]: (string | undefined)[]) => {
    if (escapedBreak !== undefined) return escapedBreak.replaceAll(' ', '')
    if (breaks !== undefined) return foldBreaks(breaks)
    const hex = x ?? u ?? U
    const escaped = hex === undefined ? ESCAPES[short ?? ''] : character(Number.parseInt(hex, 16))
    if (escaped === undefined) throw new Unread()
    return escaped
  })
}

function character(code: number): string | undefined {
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? undefined : String.fromCodePoint(code)
}
