/**
 * Texts in a bucket, in an archive or in a store's answer are written by others. Everything that is printed on a
 * terminal is filtered here. Control characters (C0, C1, DEL) move the cursor, rename the window or hide lines.
 * Bidirectional controls and zero-width characters make one name look like another. Each is shown as it would be
 * written in source text, as `\x1b` or `\u202e`.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** The text on one line. Tabs stay, because completion and some tables separate columns by them. */
export function visibleLine(text: string): string {
  return text.replace(HIDDEN, (character) => (character === '\t' ? character : escaped(character)))
}

/** The same for a text of several lines. */
export function visibleText(text: string): string {
  return text.replace(HIDDEN, (character) =>
    character === '\t' || character === '\n' ? character : escaped(character),
  )
}

/** The JSON text with these characters as `\uXXXX`, which means the same, for people who look at it on a terminal. */
export function visibleJson(json: string): string {
  return json.replace(HIDDEN, (character) =>
    character === '\n' || character === '\t' ? character : character.replace(/[^]/g, codeUnit),
  )
}

/** Whether one of these characters is in the text. Line ends and tabs do not count. */
export function isHiding(text: string): boolean {
  return visibleText(text) !== text
}

/** A word of a command line that is shown for copying: as it is, or in quotes for the shell. */
export function shellWord(word: string): string {
  return isPlainWord(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Whether every shell takes each character of the word literally. */
export function isPlainWord(word: string): boolean {
  return /^[A-Za-z0-9@%_+:,./-][A-Za-z0-9@%_+=:,./~-]*$/.test(word)
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  return code <= 0xff ? `\\x${hex.padStart(2, '0')}` : code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`
}

function codeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
