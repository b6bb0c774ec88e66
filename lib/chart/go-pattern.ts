/** Whether a character, which is a whole code point, is one that a place of a pattern stands for. */
type Place = (character: string) => boolean

/** A run of places, after a star or not. */
interface Chunk {
  readonly isAfterStar: boolean
  readonly places: Place[]
}

/**
 * A pattern of Go's `filepath.Match` for the whole text: `*` and `?` do not match slashes, `[a-z]` and `[^a-z]` are
 * classes, and a backslash escapes the next character. Undefined: Go finds the pattern malformed.
 *
 * As in Go, what follows a star is sought once, from left to right, and never again: a regular expression with many
 * stars would take years for some texts. Cost: the length of the text times that of the pattern.
 */
export function compileGoPattern(pattern: string): ((text: string) => boolean) | undefined {
  const chunks = readChunks([...pattern])
  return chunks && ((text) => matches(chunks, [...text]))
}

function readChunks(characters: readonly string[]): readonly Chunk[] | undefined {
  let chunk: Chunk = { isAfterStar: false, places: [] }
  const chunks = [chunk]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (character === '*') {
      if (chunk.isAfterStar && chunk.places.length === 0) continue
      chunk = { isAfterStar: true, places: [] }
      chunks.push(chunk)
    } else if (character === '[') {
      const found = readClass(characters, at + 1)
      if (found === undefined) return undefined
      chunk.places.push(found.place)
      at = found.end
    } else if (character === '\\') {
      const literal = characters[++at]
      if (literal === undefined) return undefined
      chunk.places.push((other) => other === literal)
    } else chunk.places.push(character === '?' ? (other) => other !== '/' : (other) => other === character)
  }
  return chunks
}

function matches(chunks: readonly Chunk[], text: readonly string[]): boolean {
  let at = 0
  for (const [i, { isAfterStar, places }] of chunks.entries()) {
    const isLast = i === chunks.length - 1
    const isHere = (start: number): boolean =>
      start + places.length <= text.length &&
      (!isLast || start + places.length === text.length) &&
      places.every((place, offset) => place(text[start + offset] ?? ''))
    let start = at
    if (isAfterStar) while (!isHere(start) && start < text.length && text[start] !== '/') start++
    if (!isHere(start)) return false
    at = start + places.length
  }
  return true
}

/** Reads a class. `end`: the position of its closing bracket. */
function readClass(
  characters: readonly string[],
  start: number,
): { readonly place: Place; readonly end: number } | undefined {
  const isNegated = characters[start] === '^'
  let at = isNegated ? start + 1 : start
  const ranges: (readonly [low: number, high: number])[] = []
  for (let count = 0; characters[at] !== ']' || count === 0; count++) {
    const low = readMember(characters, at)
    if (low === undefined) return undefined
    at = low.next
    let high = low
    if (characters[at] === '-') {
      const upper = readMember(characters, at + 1)
      if (upper === undefined) return undefined
      high = upper
      at = upper.next
    }
    ranges.push([codeOf(low.character), codeOf(high.character)])
  }
  const place = (character: string): boolean => {
    const code = codeOf(character)
    return ranges.some(([low, high]) => low <= code && code <= high) !== isNegated
  }
  return { place, end: at }
}

/** Reads a member of a class. A member at the end of the text is malformed, because the class is not closed yet. */
function readMember(
  characters: readonly string[],
  at: number,
): { readonly character: string; readonly next: number } | undefined {
  const first = characters[at]
  if (first === undefined || first === '-' || first === ']') return undefined
  const next = first === '\\' ? at + 2 : at + 1
  const character = characters[next - 1]
  return character === undefined || characters[next] === undefined ? undefined : { character, next }
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}
