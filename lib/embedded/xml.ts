/** A tree of XML: text, an element's children, or several elements of one name. */
export type Xml = string | number | boolean | { readonly [element: string]: Xml | readonly Xml[] | undefined }

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** A document of the S3 API with this root element. */
export function xmlDocument(root: string, content: Xml): string {
  const space = root === 'Error' ? '' : ` xmlns="${NAMESPACE}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${space}>${render(content)}</${root}>`
}

/** The text of every element of this name, decoded. Enough for the requests that carry XML: those are flat. */
export function elementTexts(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map((match) => unescape(match[1] ?? ''))
}

function render(content: Xml): string {
  if (typeof content !== 'object') return escape(String(content))
  return Object.entries(content)
    .flatMap(([name, value]) => (isList(value) ? value.map((each) => [name, each] as const) : [[name, value] as const]))
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${render(value)}</${name}>`))
    .join('')
}

function isList(value: Xml | readonly Xml[] | undefined): value is readonly Xml[] {
  return Array.isArray(value)
}

function escape(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"\r]/g, (character) => escapes[character] ?? '&#13;')
}

function unescape(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16))
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal))
    return named[name ?? ''] ?? whole
  })
}
