import type { IndexItem } from './index-item.ts'
import { bytesOf } from './pieces.ts'

const URLS = Buffer.from('urls')
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

/** The field `urls` stands behind the first place where that word stands. */
function isPlainText({ slice }: IndexItem, file: string): boolean {
  if (slice === undefined) return false
  const text = bytesOf(slice)
  const start = text.indexOf(URLS)
  return start < 0 || namesOnly(text.toString('utf8', start), file)
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
