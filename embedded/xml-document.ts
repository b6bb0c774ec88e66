/** The content of an XML document: text, the children of an element, or several elements with one name. */
export type Xml = string | number | boolean | { readonly [element: string]: Xml | readonly Xml[] | undefined }

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/'

/** A time, milliseconds since 1970, in the form of S3 documents, to the second. */
export function isoSeconds(time: number): string {
  return new Date(Math.floor(time / 1000) * 1000).toISOString()
}

/** A document of the S3 API with this root element. */
export function xmlDocument(root: string, content: Xml): string {
  const space = root === 'Error' ? '' : ` xmlns="${NAMESPACE}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${space}>${render(content)}</${root}>`
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

/**
 * Escapes a text. Characters that XML 1.0 does not allow are also written as references: S3 does so, and clients read
 * them.
 */
function escape(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  const reference = (character: string): string => `&#x${character.charCodeAt(0).toString(16)};`
  return text.replace(/[&<>"\p{Cc}\ufffe\uffff]/gu, (character) => escapes[character] ?? reference(character))
}
