import { BACKSLASH, QUOTE, SPACE } from './json-bytes.ts'

const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const LETTER_E = 0x65
const LETTER_U = 0x75
const SLASH_LETTER = 0x2f

/** The values of the digits of base 16 by their codes; -1: no digit. */
const DIGITS = Int8Array.from({ length: 256 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase()),
)

/** The lengths of the literals by their first bytes. */
const LITERALS = flags('')
for (const text of ['null', 'true', 'false']) LITERALS[text.charCodeAt(0)] = text.length

/** An escape in a string of JSON text. */
interface Escape {
  /** Bytes; 0: it is no escape. */
  readonly length: number
  /** Whether `JSON.stringify` would write the character in just this way, or as `raw`. */
  readonly isPlain: boolean
  /** The plain character of ASCII that it stands for, which needs no escape. */
  readonly raw?: number
}

const NO_ESCAPE: Escape = { length: 0, isPlain: false }
const SHORT: Escape = { length: 2, isPlain: true }
const SLASH: Escape = { length: 2, isPlain: true, raw: 0x2f }
const UNICODE: Escape = { length: 6, isPlain: true }
const OTHER_UNICODE: Escape = { length: 6, isPlain: false }
const RAW: readonly Escape[] = Array.from({ length: 0x7f }, (_, raw) => ({ length: 6, isPlain: true, raw }))

/** The letters of the short escapes that `JSON.stringify` writes; a slash it writes as it is. */
const SHORT_LETTERS = flags('"\\bfnrt')
/** The control characters with such an escape. */
const SHORT_CONTROLS = flags('\b\f\n\r\t')

/** The escape that begins at this backslash. */
export function escapeAt(source: Buffer, at: number): Escape {
  const letter = source[at + 1] ?? 0
  if (SHORT_LETTERS[letter] === 1) return SHORT
  if (letter === SLASH_LETTER) return SLASH
  const code = letter === LETTER_U ? hexAt(source, at + 2) : -1
  if (code < 0) return NO_ESCAPE
  if (code === QUOTE || code === BACKSLASH || SHORT_CONTROLS[code] === 1) return OTHER_UNICODE
  if (code >= SPACE) return RAW[code] ?? OTHER_UNICODE
  return isUpper(source[at + 5] ?? 0) ? OTHER_UNICODE : UNICODE
}

/** The value of four digits of base 16; negative: they are none. */
function hexAt(source: Buffer, at: number): number {
  let value = 0
  for (let index = at; index < at + 4; index++) value = (value << 4) | (DIGITS[source[index] ?? 0] ?? -1)
  return value
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x46
}

function flags(characters: string): Uint8Array {
  const found = new Uint8Array(256)
  for (const code of Buffer.from(characters)) found[code] = 1
  return found
}

/** The number of bytes of the character that begins at this place in UTF-8; 0: there is none. */
export function characterLength(source: Buffer, at: number): number {
  const first = source[at] ?? 0
  const length = lengthBy(first)
  for (let index = 1; index < length; index++) if (((source[at + index] ?? 0) & 0xc0) !== 0x80) return 0
  const second = source[at + 1] ?? 0
  // A longer form than needed, half a pair of UTF-16, and what lies above Unicode.
  const isRefused =
    (first === 0xe0 && second < 0xa0) ||
    (first === 0xed && second >= 0xa0) ||
    (first === 0xf0 && second < 0x90) ||
    (first === 0xf4 && second >= 0x90)
  return isRefused ? 0 : length
}

function lengthBy(first: number): number {
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}

/**
 * Whether a character may begin at this byte, which is not ASCII or the last one of ASCII, that is written with an
 * escape in an index: `UNSAFE` in json-text.ts.
 */
export function isUnsafe(source: Buffer, at: number): boolean {
  const first = source[at]
  const second = source[at + 1] ?? 0
  if (first === 0xc2) return second < 0xa0
  if (first === 0xe2) return second === 0x80 && ((source[at + 2] ?? 0) & 0xfe) === 0xa8
  return first === 0x7f || (first === 0xef && (second === 0xbb || second === 0xbf))
}

/** Where `null`, `true` or `false` ends that begins at this place; -1: none of them does. */
export function literalEnd(source: Buffer, start: number): number {
  const length = LITERALS[source[start] ?? 0] ?? 0
  const text = source.toString('latin1', start, start + length)
  return text === 'null' || text === 'true' || text === 'false' ? start + length : -1
}

/** Where the number ends that begins at this place; -1: there is none as JSON has it. */
export function numberEnd(source: Buffer, start: number): number {
  const whole = source[start] === MINUS ? start + 1 : start
  let at = source[whole] === ZERO ? whole + 1 : digitsEnd(source, whole)
  if (at === whole) return -1
  if (source[at] === DOT) {
    const fraction = at + 1
    at = digitsEnd(source, fraction)
    if (at === fraction) return -1
  }
  if (((source[at] ?? 0) | 0x20) !== LETTER_E) return at
  const sign = source[at + 1]
  const exponent = sign === PLUS || sign === MINUS ? at + 2 : at + 1
  at = digitsEnd(source, exponent)
  return at === exponent ? -1 : at
}

function digitsEnd(source: Buffer, start: number): number {
  let at = start
  for (let code = source[at] ?? 0; code >= ZERO && code <= NINE; code = source[at] ?? 0) at++
  return at
}
