/*
 * A scan of block YAML by lines: where the items of a sequence begin and where a block ends, without decoding anything.
 * It knows of a line only its indentation and whether a value goes on in the next lines. Every function answers
 * UNRECOGNISED where it is not certain: for anchors, aliases, tags, tabs, flow collections over several lines, ...
 */

export const UNRECOGNISED = -1

const LINE_FEED = 0x0a
const SPACE = 0x20
const TAB = 0x09
const DASH = 0x2d
const COLON = 0x3a
const HASH = 0x23
const SINGLE_QUOTE = 0x27
const DOUBLE_QUOTE = 0x22
const BACKSLASH = 0x5c
const QUESTION_MARK = 0x3f
const PIPE = 0x7c
const LESS = 0x3c
const GREATER = 0x3e

const flags = (characters: string): Uint8Array => {
  const table = new Uint8Array(256)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}
/**
 * Characters that begin block scalars, quotes and flow collections, and those that need the full parse: tags, anchors,
 * aliases, ...
 */
const INDICATORS = flags('|>"\'[]{},&*!%@`#\t')
const OPENING = flags('[{')
const CLOSING = flags(']}')
const BLOCK_HINTS = flags('+-0123456789')
const BEFORE_FLOW_VALUE = flags('[{,:')
const REFUSED_IN_FLOW = flags('#&*!\t\n')
const LETTERS_AND_DIGITS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
/**
 * The characters of an ordinary key, with which an ordinary plain scalar may also begin. None of them has a meaning in
 * YAML.
 */
const KEY_BYTES = flags(`${LETTERS_AND_DIGITS}_./-`)
const PLAIN_STARTS = flags(`${LETTERS_AND_DIGITS}_./`)

/** Which lines to visit. */
export interface Walk {
  readonly start: number
  readonly end: number
  readonly column: number
  readonly upTo: number
}

/**
 * Walks the lines of the blocks that stand at `column` or deeper.
 * @param onLine called for each line that opens a block at a column up to `upTo`; not for lines that continue a value
 * @returns the start of the first line that stands before `column`, the end of the text, or UNRECOGNISED
 */
export function walkBlock(
  text: Buffer,
  { start, end, column, upTo }: Walk,
  onLine: (start: number, column: number) => void,
): number {
  const size = text.length
  let line = start
  // The column of the value that continues on all deeper lines.
  let open = Infinity
  while (line < end) {
    let at = line
    while (at < size && text[at] === SPACE) at++
    const indent = at - line
    const byte = at < size ? text[at] : LINE_FEED
    if (byte === LINE_FEED) line = at + 1
    else if (indent > open) line = nextLine(text, at)
    else {
      open = Infinity
      if (byte === HASH) line = nextLine(text, at)
      else if (indent < column) return line
      else {
        if (indent <= upTo) onLine(line, indent)
        const value = commonValue(text, at)
        if (value < 0) {
          line = walkLine(text, at, indent)
          if (line === UNRECOGNISED) return UNRECOGNISED
        } else {
          if (text[value] !== LINE_FEED) open = byte === DASH && value > at + 2 ? indent + 2 : indent
          line = nextLine(text, value)
        }
      }
    }
  }
  return line
}

/**
 * For an ordinary line that opens a block at `start`: the position of its plain value. It is the position of the line
 * feed when the line has no value, or a quoted value that ends on the line. UNRECOGNISED: the line may be of any other
 * kind. (Nearly all lines of an index need no other look.)
 */
function commonValue(text: Buffer, start: number): number {
  const size = text.length
  const isItem = text[start] === DASH && text[start + 1] === SPACE
  const first = isItem ? start + 2 : start
  if (PLAIN_STARTS[text[first] ?? 0] !== 1) return UNRECOGNISED
  let at = first
  while (at < size && KEY_BYTES[text[at] ?? 0] === 1) at++
  if (at + 2 >= size) return UNRECOGNISED
  if (text[at] !== COLON || text[at + 1] !== SPACE) {
    if (text[at] === COLON && text[at + 1] === LINE_FEED) return at + 1
    return isItem && hasNoKey(text, at) ? first : UNRECOGNISED
  }
  const byte = text[at + 2] ?? 0
  if (PLAIN_STARTS[byte] === 1) return at + 2
  if (byte !== DOUBLE_QUOTE && byte !== SINGLE_QUOTE) return UNRECOGNISED
  at += 3
  while (at < size && text[at] !== byte && text[at] !== LINE_FEED && text[at] !== BACKSLASH) at++
  return at + 1 < size && text[at] === byte && text[at + 1] === LINE_FEED ? at + 1 : UNRECOGNISED
}

/** Whether there is no end of a key in the rest of the line, which ends with a line feed. */
function hasNoKey(text: Buffer, start: number): boolean {
  const size = text.length
  let at = start
  while (at < size && text[at] !== LINE_FEED) {
    if (text[at] === COLON && isBlank(text[at + 1])) return false
    at++
  }
  return at < size
}

/** Whether a dash and a blank, which open an item of a sequence, stand at this position. */
export function isDash(text: Buffer, position: number): boolean {
  return text[position] === DASH && isBlank(text[position + 1])
}

/** The start of the line after this position. On the last line: the position after the end of the text. */
export function nextLine(text: Buffer, position: number): number {
  const lineFeed = text.indexOf(LINE_FEED, position)
  return (lineFeed < 0 ? text.length : lineFeed) + 1
}

/** The next line that is neither blank nor a comment, or `end`. */
export function nextBlockLine(text: Buffer, start: number, end: number): number {
  for (let line = start; line < end; line = nextLine(text, line)) {
    const first = text[line + columnAt(text, line)]
    if (first !== LINE_FEED && first !== HASH) return line
  }
  return end
}

/** The number of spaces at the start of a line. */
export function columnAt(text: Buffer, line: number): number {
  let column = 0
  while (text[line + column] === SPACE) column++
  return column
}

/** The start of the next line that opens a block, after a line whose first character is at `start`. */
function walkLine(text: Buffer, start: number, indent: number): number {
  let at = start
  let dash = start
  while (isDash(text, at)) {
    dash = at++
    while (text[at] === SPACE) at++
    if (text[at] === LINE_FEED || text[at] === HASH) return nextLine(text, at)
  }
  const value = keyEnd(text, at)
  if (value !== UNRECOGNISED) return walkValue(text, value, indent + at - start)
  return at > start ? walkValue(text, at, indent + dash - start) : UNRECOGNISED
}

/** The position after the colon of a key that begins at `start`. UNRECOGNISED: there is no such key on this line. */
function keyEnd(text: Buffer, start: number): number {
  const first = text[start]
  let at = start
  if (first === DOUBLE_QUOTE || first === SINGLE_QUOTE) {
    at = quotedEnd(text, start)
    if (at === UNRECOGNISED || text[at] !== COLON || !isBlank(text[at + 1])) return UNRECOGNISED
    return text.subarray(start, at).includes(LINE_FEED) ? UNRECOGNISED : at + 1
  }
  if (isIndicator(first) || startsMark(text, at)) return UNRECOGNISED
  for (let byte = first; byte !== LINE_FEED && byte !== undefined; byte = text[++at]) {
    if (byte === COLON && isBlank(text[at + 1])) return isMergeKey(text, start, at) ? UNRECOGNISED : at + 1
    if (byte === TAB || (byte === HASH && text[at - 1] === SPACE)) return UNRECOGNISED
  }
  return UNRECOGNISED
}

/** The start of the next line that opens a block, after a value. Lines deeper than `column` belong to the value. */
function walkValue(text: Buffer, start: number, column: number): number {
  let at = start
  while (text[at] === SPACE) at++
  const first = text[at]
  if (first === LINE_FEED || first === undefined) return at + 1
  if (first === HASH) return text[at - 1] === SPACE ? nextLine(text, at) : UNRECOGNISED
  if (first === DOUBLE_QUOTE || first === SINGLE_QUOTE) return lineEnd(text, quotedEnd(text, at))
  if (OPENING[first] === 1) return lineEnd(text, flowEnd(text, at))
  if (first === PIPE || first === GREATER) return blockScalarEnd(text, at, column)
  if (isIndicator(first) || startsMark(text, at)) return UNRECOGNISED
  return skipDeeper(text, nextLine(text, at), column)
}

/** The position after a block scalar, whose header is `|` or `>`, optionally with hints and a comment. */
function blockScalarEnd(text: Buffer, start: number, column: number): number {
  let at = start + 1
  while (BLOCK_HINTS[text[at] ?? 0] === 1) at++
  const body = lineEnd(text, at)
  return body === UNRECOGNISED ? UNRECOGNISED : skipDeeper(text, body, column)
}

/** The first line that is neither blank nor deeper than `column`. */
function skipDeeper(text: Buffer, start: number, column: number): number {
  let line = start
  while (line < text.length) {
    let at = line
    while (text[at] === SPACE) at++
    if (at - line <= column && text[at] !== LINE_FEED && at < text.length) return line
    line = nextLine(text, at)
  }
  return line
}

/** The position after the closing quote. UNRECOGNISED: there is no closing quote. */
function quotedEnd(text: Buffer, start: number): number {
  const quote = text[start]
  for (let at = start + 1; at < text.length; at++) {
    const byte = text[at]
    if (byte === BACKSLASH && quote === DOUBLE_QUOTE) at++
    else if (byte === quote) {
      if (quote === DOUBLE_QUOTE || text[at + 1] !== quote) return at + 1
      at++
    }
  }
  return UNRECOGNISED
}

/** The position after a flow collection that stands on one line. */
function flowEnd(text: Buffer, start: number): number {
  let depth = 0
  let previous = 0
  for (let at = start; at < text.length; at++) {
    const byte = text[at] ?? 0
    if (REFUSED_IN_FLOW[byte] === 1) return UNRECOGNISED
    if (OPENING[byte] === 1) depth++
    else if (CLOSING[byte] === 1 && --depth === 0) return at + 1
    else if (byte === SINGLE_QUOTE || byte === DOUBLE_QUOTE) {
      const end = BEFORE_FLOW_VALUE[previous] === 1 ? quotedEnd(text, at) : UNRECOGNISED
      if (end === UNRECOGNISED || text.subarray(at, end).includes(LINE_FEED)) return UNRECOGNISED
      at = end - 1
    }
    if (byte !== SPACE) previous = byte
  }
  return UNRECOGNISED
}

/** The start of the next line, when the rest of this line is only spaces and a comment. */
function lineEnd(text: Buffer, position: number): number {
  if (position === UNRECOGNISED) return UNRECOGNISED
  let at = position
  while (text[at] === SPACE) at++
  if (text[at] === HASH && at > position) return nextLine(text, at)
  return text[at] === LINE_FEED || at >= text.length ? at + 1 : UNRECOGNISED
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === LINE_FEED || byte === TAB || byte === undefined
}

function isIndicator(byte: number | undefined): boolean {
  return byte === undefined || INDICATORS[byte] === 1
}

/** Whether `? `, `- ` or `: ` stands here, which opens a block and is not a scalar. */
function startsMark(text: Buffer, at: number): boolean {
  const byte = text[at]
  return (byte === QUESTION_MARK || byte === DASH || byte === COLON) && isBlank(text[at + 1])
}

function isMergeKey(text: Buffer, start: number, end: number): boolean {
  return text[start] === LESS && text[start + 1] === LESS && end - start <= 3
}
