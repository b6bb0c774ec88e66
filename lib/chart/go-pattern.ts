/**
 * A pattern of Go's `filepath.Match` as a regular expression for the whole text: `*` and `?` do not match slashes,
 * `[a-z]` and `[^a-z]` are classes, and a backslash escapes the next character. Undefined: Go finds the pattern
 * malformed.
 */
export function compileGoPattern(pattern: string): RegExp | undefined {
  const characters = [...pattern]
  let expression = ''
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (character === '[') {
      const found = readClass(characters, at + 1)
      if (found === undefined) return undefined
      expression += found.expression
      at = found.end
    } else if (character === '\\') {
      at++
      const literal = characters[at]
      if (literal === undefined) return undefined
      expression += escaped(literal)
    } else if (character === '*') {
      if (characters[at - 1] !== '*') expression += '[^/]*'
    } else expression += character === '?' ? '[^/]' : escaped(character)
  }
  return new RegExp(`^(?:${expression})$`, 'su')
}

/** Reads a class. `end`: the position of its closing bracket. */
function readClass(
  characters: readonly string[],
  start: number,
): { readonly expression: string; readonly end: number } | undefined {
  const isNegated = characters[start] === '^'
  let at = isNegated ? start + 1 : start
  let ranges = ''
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
    if (codeOf(low.character) <= codeOf(high.character))
      ranges += `${escaped(low.character)}-${escaped(high.character)}`
  }
  return { expression: `[${isNegated ? '^' : ''}${ranges}]`, end: at }
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

function escaped(character: string): string {
  return `\\u{${codeOf(character).toString(16)}}`
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}
