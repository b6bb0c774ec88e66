import type { IndexItem } from './index-item.ts'
import { bytesOf } from './pieces.ts'

/** The name of the field, in any case, as Helm reads it. */
const URLS = /urls/i
/** A letter in an escape of JSON or YAML, as which the name of the field could hide. */
const ESCAPED_LETTER = /\\(?:u00|x|U000000)[4-7]/
const ARCHIVE = '.tgz'

/**
 * Whether the urls of these versions of a chart name archives by the name that a push gives them, `NAME-VERSION.tgz`,
 * and by no other, as far as they name archives at all. Those that stand in a text are not decoded; false where it is
 * not certain.
 */
export function hasPlainUrls(chart: string, items: readonly IndexItem[]): boolean {
  return items.every((item) => {
    const file = `${chart}-${item.version}${ARCHIVE}`
    return item.slice === undefined ? namesOnly((item.entry.urls ?? []).join(' '), file) : isPlainText(item, file)
  })
}

/** The field `urls` does not stand before the first place where that word stands. */
function isPlainText({ slice }: IndexItem, file: string): boolean {
  if (slice === undefined) return false
  const text = bytesOf(slice).toString('utf8')
  const start = text.search(URLS)
  return !ESCAPED_LETTER.test(text) && (start < 0 || namesOnly(text.slice(start), file))
}

/** Whether no other archive is named in a text, and nothing in it is encoded but a plus sign. */
function namesOnly(text: string, file: string): boolean {
  const plain = text.replaceAll('%2B', '+')
  if (plain.includes('%') || plain.includes('\\')) return false
  for (let at = plain.indexOf(ARCHIVE); at >= 0; at = plain.indexOf(ARCHIVE, at + 1)) {
    const start = at + ARCHIVE.length - file.length
    if (start < 0 || !plain.startsWith(file, start) || !/[\s/"']/.test(plain[start - 1] ?? ' ')) return false
  }
  return true
}
