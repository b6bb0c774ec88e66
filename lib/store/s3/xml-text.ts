/** What can be read of small documents of the S3 API without a tree, and of errors, which may be any text. */

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

function* rawTexts(xml: string, name: string): Generator<string> {
  for (const [, text = ''] of xml.matchAll(elementPattern(name))) yield text
}

function elementPattern(name: string): RegExp {
  return new RegExp(`<(?:[\\w.-]+:)?${name}(?:\\s[^<>]*)?>([^<]*)</(?:[\\w.-]+:)?${name}\\s*>`, 'g')
}

/** What is no reference stays as it is. */
function decode(text: string): string {
  return text.replace(REFERENCE, (whole, ...groups) => decodeReference(groups as string[]) ?? whole)
}

/** The text with its references decoded; undefined when one of them is none. */
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
