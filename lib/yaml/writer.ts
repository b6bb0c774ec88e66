import { isObject } from '../text/is-object.ts'
import { looksTyped } from './scalar.ts'

/**
 * Characters. A longer key is written with `? ` before it, because YAML readers search only 1024 characters for its
 * colon.
 */
const MAX_SIMPLE_KEY = 1000

/**
 * Block YAML of a mapping as Helm writes it (sigs.k8s.io/yaml over go-yaml v2): keys in natural order, sequences not
 * indented, no folding, and quotes around every string that YAML 1.1 reads as something else. docs/decisions/0027 says
 * why no library is used: Helm refuses some of what they write.
 * @param indent columns before each line
 */
export function writeMapping(mapping: Readonly<Record<string, unknown>>, indent: number): string {
  return Object.keys(mapping)
    .filter((key) => mapping[key] !== undefined)
    .sort(compareKeys)
    .map((key) => writeField(key, mapping[key], indent))
    .join('')
}

/** One key with its value and a line feed. */
export function writeField(key: string, value: unknown, indent: number): string {
  const pad = ' '.repeat(indent)
  const name = writeKey(key)
  const start = name.length > MAX_SIMPLE_KEY ? `${pad}? ${name}\n${pad}:` : `${pad}${name}:`
  if (Array.isArray(value) && value.length > 0) return `${start}\n${writeItems(value, indent)}`
  if (isObject(value) && Object.keys(value).length > 0) return `${start}\n${writeMapping(value, indent + 2)}`
  return `${start} ${writeLeaf(value, indent)}\n`
}

/** A block sequence with `indent` columns before its dashes. */
export function writeItems(items: readonly unknown[], indent: number): string {
  return items.map((item) => writeItem(item, indent)).join('')
}

/** One item of a block sequence, with its dash and a line feed. */
export function writeItem(item: unknown, indent: number): string {
  const start = `${' '.repeat(indent)}- `
  if (Array.isArray(item) && item.length > 0) return start + writeItems(item, indent + 2).slice(indent + 2)
  if (isObject(item) && Object.keys(item).length > 0) return start + writeMapping(item, indent + 2).slice(indent + 2)
  return `${start}${writeLeaf(item, indent)}\n`
}

/** A string as a mapping key. */
export function writeKey(key: string): string {
  return key.includes('\n') ? doubleQuoted(key) : writeLine(key)
}

/**
 * Compares keys in the order of go-yaml: letters after everything else, runs of digits as numbers (yaml/go-yaml v2
 * sorter.go).
 */
export function compareKeys(a: string, b: string): number {
  const [left, right] = [[...a], [...b]]
  const at = left.findIndex((character, index) => character !== right[index])
  const [l, r] = [left[at], right[at]]
  if (l === undefined || r === undefined) return left.length - right.length
  const [leftIsLetter, rightIsLetter] = [LETTER.test(l), LETTER.test(r)]
  if (leftIsLetter && rightIsLetter) return byCodePoint(l, r)
  if (leftIsLetter || rightIsLetter) return rightIsLetter ? -1 : 1
  return compareNumbers(left, right, at) || byCodePoint(l, r)
}

const LETTER = /^\p{L}$/u
const DIGIT = /^[0-9]$/

function compareNumbers(left: readonly string[], right: readonly string[], at: number): number {
  const digits = (text: readonly string[]): string => {
    let end = at
    while (DIGIT.test(text[end] ?? '')) end++
    return text.slice(at, end).join('')
  }
  const [l, r] = [digits(left), digits(right)]
  const lead = (left[at] === '0' || right[at] === '0') && followsDigit(left, at) ? '1' : ''
  const difference = BigInt(`${lead}${l}` || 0) - BigInt(`${lead}${r}` || 0)
  return difference < 0n ? -1 : difference > 0n ? 1 : l.length - r.length
}

/** Whether the run of digits before `at` contains a digit that is not zero. */
function followsDigit(text: readonly string[], at: number): boolean {
  for (let index = at - 1; DIGIT.test(text[index] ?? ''); index--) if (text[index] !== '0') return true
  return false
}

function byCodePoint(a: string, b: string): number {
  return (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)
}

function writeLeaf(value: unknown, indent: number): string {
  if (typeof value === 'string') return value.includes('\n') ? writeLines(value, indent) : writeLine(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return '[]'
  return isObject(value) ? '{}' : 'null'
}

/** Characters that go-yaml does not print as they are. They are escaped, in double quotes. */
const UNPRINTABLE = /[^\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/
/**
 * Matches a string that cannot be plain: leading indicators, surrounding spaces, or text that begins a value or a
 * comment.
 */
const NEEDS_QUOTES = /^[#,[\]{}&*!|>'"%@` ]|^[?:-](?: |$)|^---|^\.\.\.|: |:$| #| $/

function writeLine(text: string): string {
  if (UNPRINTABLE.test(text) || looksTyped(text)) return doubleQuoted(text)
  return NEEDS_QUOTES.test(text) ? `'${text.replaceAll("'", "''")}'` : text
}

/**
 * A literal block. It is written in double quotes instead when a block would need an indentation hint, or would lose
 * spaces at the end of a line.
 */
function writeLines(text: string, indent: number): string {
  if (UNPRINTABLE.test(text) || /^[ \n]| \n| $/.test(text)) return doubleQuoted(text)
  const chomping = !text.endsWith('\n') ? '-' : text.endsWith('\n\n') ? '+' : ''
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  return `|${chomping}\n${body.replace(/^(?=.)/gm, ' '.repeat(indent + 2))}`
}

const ESCAPED = /["\\]|[^\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/gu

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\x85': 'N',
  '\u2028': 'L',
  '\u2029': 'P',
}

function doubleQuoted(text: string): string {
  return `"${text.replace(ESCAPED, escapeCharacter)}"`
}

/** Escapes a character. A lone surrogate is not valid text, so U+FFFD is written for it. */
function escapeCharacter(character: string): string {
  const short = SHORT_ESCAPES[character]
  if (short !== undefined) return `\\${short}`
  const code = character.codePointAt(0) ?? 0
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  const digits = code <= 0xff ? 2 : code <= 0xffff ? 4 : 8
  return `\\${digits === 2 ? 'x' : digits === 4 ? 'u' : 'U'}${code.toString(16).toUpperCase().padStart(digits, '0')}`
}
