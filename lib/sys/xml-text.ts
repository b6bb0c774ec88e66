/** What can be read of documents of the S3 API without a tree: they have no attributes that matter, no comments and no CDATA. */

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The text of the first element of this name, decoded; undefined: there is none that holds text alone. */
export function elementText(xml: string, name: string): string | undefined {
  for (const text of rawTexts(xml, name)) return decode(text)
  return undefined
}

/** The text of every element of this name, decoded: of such that hold no others. */
export function elementTexts(xml: string, name: string): string[] {
  return [...rawTexts(xml, name)].map(decode)
}

/** What stands in every element of this name, as it is: of such that hold none of the same name. */
export function elements(xml: string, name: string): string[] {
  const [open, close] = [`<${name}>`, `</${name}>`]
  const found: string[] = []
  for (let end = 0; ; ) {
    const start = xml.indexOf(open, end)
    end = start === -1 ? -1 : xml.indexOf(close, start)
    if (end === -1) return found
    found.push(xml.slice(start + open.length, end))
  }
}

function* rawTexts(xml: string, name: string): Generator<string> {
  for (const [, text = ''] of xml.matchAll(elementPattern(name))) yield text
}

const PATTERNS = new Map<string, RegExp>()

function elementPattern(name: string): RegExp {
  const known = PATTERNS.get(name)
  const pattern = known ?? new RegExp(`<${name}(?:\\s[^<>]*)?>([^<]*)</${name}>`, 'g')
  if (known === undefined) PATTERNS.set(name, pattern)
  return pattern
}

function decode(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return NAMED[name ?? ''] ?? whole
  })
}
