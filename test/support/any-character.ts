import fc from 'fast-check'

const SURROGATES = { from: 0xd800, count: 0x800 }
const CHARACTERS = 0x110000 - SURROGATES.count

/**
 * Any character of Unicode, by the same numbers as the unit `binary` of fast-check: one seed makes the same texts of
 * both. That makes a map of all characters when it is first used.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat({ max: CHARACTERS - 1 }).map(
  (number) => String.fromCodePoint(number < SURROGATES.from ? number : number + SURROGATES.count),
  (text) => numberOf(text),
)

/** @throws Error when it is not one character: so fast-check asks whether a text can come of this */
function numberOf(text: unknown): number {
  const point = typeof text === 'string' ? text.codePointAt(0) : undefined
  if (point === undefined || String.fromCodePoint(point) !== text) throw new Error('not one character')
  if (point < SURROGATES.from) return point
  if (point < SURROGATES.from + SURROGATES.count) throw new Error('half a character')
  return point - SURROGATES.count
}
