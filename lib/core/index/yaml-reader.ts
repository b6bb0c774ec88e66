import { resolvePlain } from './yaml-scalar.ts'

/** What {@link readBlockYaml} answers for a text beyond its subset. */
export const UNREAD = Symbol('unread')

/**
 * Reads the subset of block YAML that Helm and most tools write, some hundred times faster than a full parser: mappings
 * with simple keys, sequences, plain and quoted scalars, literal blocks. The values are those of Go's loader.
 * @returns the value, or UNREAD: the text may be any YAML, or none
 */
export function readBlockYaml(text: string): unknown {
  if (UNUSUAL.test(text)) return UNREAD
  try {
    const reader = new BlockReader(text.endsWith('\n') ? text.slice(0, -1).split('\n') : text.split('\n'))
    return reader.readAll()
  } catch (error) {
    if (error instanceof Unread) return UNREAD
    throw error
  }
}

class Unread extends Error {}

/** Tabs, other line breaks, and what no YAML text may hold. */
const UNUSUAL = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd]/
const KEY = /^(?:([A-Za-z0-9_$][A-Za-z0-9_$./+~-]*)|"([^"\\]*)"|'([^']*)'):(?: +(.*))?$/
const DASH = /^- +/
/** What cannot be inside a plain scalar, at its start, or is no scalar at all. */
const NOT_PLAIN = /^[#,[\]{}&*!|>'"%@`]|^[?:-](?: |$)|: |:$| #/
const SINGLE_QUOTED = /^'((?:[^']|'')*)'$/
const DOUBLE_QUOTED = /^"((?:[^"\\]|\\.)*)"$/

class BlockReader {
  readonly #lines: string[]
  #at = 0

  constructor(lines: string[]) {
    this.#lines = lines
  }

  readAll(): unknown {
    const indent = this.#nextIndent()
    const value = indent === undefined ? null : this.#readBlock(indent)
    if (this.#nextIndent() !== undefined) throw new Unread()
    return value
  }

  #readBlock(column: number): unknown {
    return DASH.test(this.#rest(column)) ? this.#readSequence(column) : this.#readMapping(column)
  }

  #readMapping(column: number): Record<string, unknown> {
    const fields = new Map<string, unknown>()
    for (let indent = this.#nextIndent(); indent === column; indent = this.#nextIndent()) {
      const match = KEY.exec(this.#rest(column))
      const key = match?.[1] ?? match?.[2] ?? match?.[3]
      if (match === null || key === undefined || fields.has(key)) throw new Unread()
      if (match[1] !== undefined && typeof resolvePlain(key) !== 'string') throw new Unread()
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
    this.#at++
    if (rest === '') return this.#readNested(column, inMapping)
    if (rest === '[]') return []
    if (rest === '{}') return {}
    if (rest.startsWith('"')) return doubleQuoted(rest)
    if (rest.startsWith("'")) return this.#singleQuoted(rest)
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
    return resolvePlain(fold(pieces))
  }

  #singleQuoted(rest: string): string {
    let text = rest
    while (!SINGLE_QUOTED.test(text)) {
      const line = this.#lines[this.#at++]
      if (line === undefined) throw new Unread()
      text += `\n${line.slice(indentOf(line))}`
    }
    return fold(text.slice(1, -1).split('\n')).replaceAll("''", "'")
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

  /** The column of the next line that is neither blank nor a comment; the reader stands on it then. */
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

/** Line folding: a line break is a space, and of several one is dropped (YAML 1.1, 4.2.6). */
function fold(lines: readonly string[]): string {
  if (lines.length === 1) return lines[0] ?? ''
  const last = lines.length - 1
  let text = ''
  let breaks = 0
  for (const [index, line] of lines.entries()) {
    const piece = index === last ? line : line.replace(/ +$/, '')
    if (index > 0 && piece === '' && index < last) breaks++
    else {
      if (index > 0) text += breaks === 0 ? ' ' : '\n'.repeat(breaks)
      text += piece
      breaks = 0
    }
  }
  return text
}

function indentOf(line: string): number {
  let indent = 0
  while (line.charCodeAt(indent) === 0x20) indent++
  return indent
}

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

function doubleQuoted(rest: string): string {
  const body = DOUBLE_QUOTED.exec(rest)?.[1]
  if (body === undefined) throw new Unread()
  if (!body.includes('\\')) return body
  return body.replace(/\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_all, x?: string, u?: string, U?: string, short?: string) => {
    const hex = x ?? u ?? U
    const escaped = hex === undefined ? ESCAPES[short ?? ''] : character(Number.parseInt(hex, 16))
    if (escaped === undefined) throw new Unread()
    return escaped
  })
}

function character(code: number): string | undefined {
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? undefined : String.fromCodePoint(code)
}
