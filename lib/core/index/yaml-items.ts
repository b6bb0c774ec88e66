import type { ItemSlice } from './index-item.ts'
import type { Slice } from './pieces.ts'
import { resolvePlain } from '../../yaml/scalar.ts'
import { columnAt, isDash, nextBlockLine, nextLine, walkBlock } from '../../yaml/line-scan.ts'

/** A version of a chart in a sequence, with its version text when the lines alone make it certain. */
export interface SlicedItem {
  readonly slice: ItemSlice
  readonly version: string | undefined
}

interface FoundItem {
  readonly start: number
  version: string | undefined
  /** Whether the fields stand where they are expected, and at most one of them can be the version. */
  isCertain: boolean
}

const LINE_FEED = 0x0a
const SPACE = 0x20
const DASH = 0x2d
const HASH = 0x23
const QUOTES = [0x22, 0x27]

const KEY = Buffer.from('version')
/**
 * The value after the key when it is simple enough for one look. When it has no quotes, {@link resolvePlain} says what
 * it means.
 */
const VALUE = /^: (?:([0-9A-Za-z][0-9A-Za-z.+_-]*)|"([0-9A-Za-z.+_-]+)"|'([0-9A-Za-z.+_-]+)')$/
/** A text with two dots, which is neither a number nor a word with a meaning in YAML. */
const TWO_DOTS = /\..*\./

/** The items in the slice of a chart. Undefined when they are not certain to be a sequence. */
export function sliceItems({ source, start, end }: Slice): readonly SlicedItem[] | undefined {
  const body = nextBlockLine(source, nextLine(source, start), end)
  if (body >= end) return []
  const indent = columnAt(source, body)
  const fields = indent + 2
  const found: FoundItem[] = []
  let isSequence = true
  let item: FoundItem | undefined
  const walked = walkBlock(source, { start: body, end, column: indent, upTo: fields }, (line, column) => {
    if (column === indent) {
      if (!isDash(source, line + indent)) isSequence = false
      item = { start: line, version: undefined, isCertain: startsField(source, line + fields) }
      found.push(item)
    }
    if (item === undefined) return
    if (column === indent + 1) item.isCertain = false
    noteVersion(source, line + fields, fields, item)
  })
  if (walked !== end || !isSequence) return undefined
  return found.map(({ start: first, version, isCertain }, index) => {
    const slice: ItemSlice = { source, start: first, end: found[index + 1]?.start ?? end, form: 'yaml', indent }
    return { slice, version: isCertain ? version : undefined }
  })
}

/** Whether a key may begin at this position of a line with a dash, directly after the dash and one space. */
function startsField(text: Buffer, at: number): boolean {
  const first = text[at]
  return text[at - 1] === SPACE && first !== SPACE && first !== LINE_FEED && first !== HASH && first !== DASH
}

/** Notes the version when the key `version` begins at this position, in `column` of its line. */
function noteVersion(text: Buffer, at: number, column: number, item: FoundItem): void {
  const first = text[at] ?? 0
  if (QUOTES.includes(first)) item.isCertain = false
  if ((first | 0x20) !== KEY[0] || !isVersionKey(text, at)) return
  const line = nextLine(text, at)
  const match = VALUE.exec(text.toString('latin1', at + KEY.length, line - 1))
  const value = match?.[1] ?? match?.[2] ?? match?.[3]
  const isString =
    value !== undefined && (match?.[1] === undefined || TWO_DOTS.test(value) || typeof resolvePlain(value) === 'string')
  const isWhole =
    line >= text.length || (columnAt(text, line) <= column && text[line + columnAt(text, line)] !== LINE_FEED)
  if (
    item.version !== undefined ||
    !isString ||
    !isWhole ||
    text.compare(KEY, 0, KEY.length, at, at + KEY.length) !== 0
  )
    item.isCertain = false
  item.version = value
}

/** Whether the letters of the key stand there, in any case, whatever follows. */
function isVersionKey(text: Buffer, at: number): boolean {
  for (let index = 0; index < KEY.length; index++) if (((text[at + index] ?? 0) | 0x20) !== KEY[index]) return false
  return true
}
