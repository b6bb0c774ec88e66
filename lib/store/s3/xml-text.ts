/**
 * Reads single elements of small documents of the S3 API, and of errors, which may be any text, without building a
 * tree.
 */

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The decoded text of the first element with this name. Undefined: no element with this name holds only text. */
export function elementText(xml: string, name: string): string | undefined {
  for (const text of rawTexts(xml, name)) return decode(text)
  return undefined
}

/** The decoded text of every element with this name that holds no other elements. */
export function elementTexts(xml: string, name: string): string[] {
  return [...rawTexts(xml, name)].map(decode)
}

function* rawTexts(xml: string, name: string): Generator<string> {
  for (const [, text = ''] of xml.matchAll(elementPattern(name))) yield text
}

function elementPattern(name: string): RegExp {
  return new RegExp(`<(?:[\\w.-]+:)?${name}(?:\\s[^<>]*)?>([^<]*)</(?:[\\w.-]+:)?${name}\\s*>`, 'g')
}

/** The text with its references decoded. What is not a reference stays as it is. */
function decode(text: string): string {
  return text.replace(REFERENCE, (whole, ...groups) => decodeReference(groups as string[]) ?? whole)
}

/** The text with its references decoded. Undefined: one of them is not valid. */
export function decodeReferences(text: string): string | undefined {
  let isSound = true
  const decoded = text.replace(/&[^;&<]{0,12};?/g, (whole) => {
    const match = REFERENCE.exec(whole)
    REFERENCE.lastIndex = 0
    const character = match?.[0] === whole ? decodeReference(match.slice(1)) : undefined
    isSound &&= character !== undefined
    return character ?? ''
  })
  return isSound ? decoded : undefined
}

const REFERENCE = /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w{1,8}));/g

function decodeReference([hex, decimal, name]: readonly (string | undefined)[]): string | undefined {
  if (hex === undefined && decimal === undefined) return NAMED[name ?? '']
  const code = hex === undefined ? Number(decimal) : parseInt(hex, 16)
  return code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? undefined : String.fromCodePoint(code)
}
