/** A run of whole charts of an index text, without what separates it from the next. */
export interface IndexPage {
  /** The name of its first chart. */
  readonly first: string
  /** Bytes. */
  readonly length: number
  readonly charts: number
  /** The number of entries; null items may be counted. */
  readonly entries: number
  /** SHA-256 of its bytes in base64url without padding, the first 22 characters. */
  readonly digest: string
  /**
   * Whether every url in it that may name an archive ends with the name of that archive as a push makes it of the chart
   * and the version of the entry. So an archive can be named only by entries of charts that its file name tells, or
   * in pages that are not plain.
   */
  readonly isPlain: boolean
}

/**
 * Where the charts of an index text stand. It lies in the index-level annotations, behind the charts, and is believed
 * only as far as it is proved, see `paging.ts`.
 */
export interface PageTable {
  /** Bytes before the first page. */
  readonly head: number
  /** In the order of the text, which is the order of names in its form. */
  readonly pages: readonly IndexPage[]
}

const VERSION = '1'
const PLAIN = 'p'
const NOT_PLAIN = 'x'
const NUMBER = /^(?:0|[1-9]\d{0,14})$/
const DIGEST = /^[A-Za-z0-9_-]{22}$/

/**
 * The text of a table: one line of ASCII without quotes and backslashes, whatever the names are. Undefined: a name is
 * no Unicode text (in JSON, it may be half a surrogate pair), and so there can be no table.
 */
export function encodePageTable({ head, pages }: PageTable): string | undefined {
  const rows = pages.map(({ charts, digest, entries, first, isPlain, length }) => {
    const name = encodeName(first)
    return name === undefined
      ? undefined
      : [name, length, charts, entries, isPlain ? PLAIN : NOT_PLAIN, digest].join(',')
  })
  return rows.includes(undefined) ? undefined : [`${VERSION},${String(head)}`, ...rows].join(';')
}

/** Undefined: it is no table, or one of a later version. */
export function decodePageTable(text: string): PageTable | undefined {
  const [start = '', ...rows] = text.split(';')
  const [version, head = '', ...others] = start.split(',')
  if (version !== VERSION || !NUMBER.test(head) || others.length > 0) return undefined
  const pages = rows.map(decodePage)
  return pages.length > 0 && pages.every((page) => page !== undefined) ? { head: Number(head), pages } : undefined
}

function decodePage(row: string): IndexPage | undefined {
  const [name = '', length = '', charts = '', entries = '', plain = '', digest = '', ...others] = row.split(',')
  const first = decodeName(name)
  const isSound =
    first !== undefined &&
    others.length === 0 &&
    [length, charts, entries].every((number) => NUMBER.test(number)) &&
    [PLAIN, NOT_PLAIN].includes(plain) &&
    DIGEST.test(digest)
  if (!isSound || Number(length) === 0 || Number(charts) === 0) return undefined
  return {
    first,
    length: Number(length),
    charts: Number(charts),
    entries: Number(entries),
    digest,
    isPlain: plain === PLAIN,
  }
}

/** Percent-encodes all but letters, digits and `-._~`. */
function encodeName(name: string): string | undefined {
  try {
    return encodeURIComponent(name).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
  } catch {
    return undefined
  }
}

function decodeName(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
