/** One place in the program, and the text that replaces it. */
export interface Edit {
  /** Below `lib/`. */
  readonly file: string
  /** Occurs exactly once in the file, whatever the white space: see `applyEdit`. */
  readonly find: string
  readonly replace: string
}

/**
 * Puts `replace` in the place of `find`. How the code is wrapped does not matter: white space, and commas before a
 * closing bracket, are ignored in both.
 * @throws Error when `find` occurs nowhere, or more than once
 */
export function applyEdit(text: string, { file, find, replace }: Edit): string {
  const [code, wanted] = [unwrap(text), unwrap(find).text]
  const at = code.text.indexOf(wanted)
  if (wanted === '' || at === -1 || code.text.includes(wanted, at + 1))
    throw new Error(`${file} does not hold exactly once: ${find}`)
  const [first, last] = [code.places[at], code.places[at + wanted.length - 1]]
  if (first === undefined || last === undefined) throw new RangeError('found beside the text')
  return text.slice(0, first) + replace + text.slice(last + 1)
}

/**
 * The text without what a formatter adds and takes away when it wraps lines, and the place of each character that is
 * left.
 */
function unwrap(text: string): { readonly text: string; readonly places: readonly number[] } {
  const places = Array.from(text.matchAll(/(?!,\s*[)\]}])\S/g), ({ index }) => index)
  return { text: places.map((place) => text.charAt(place)).join(''), places }
}
