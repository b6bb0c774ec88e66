import { MAX_JSON_DEPTH } from './size-limits.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * The value of a JSON text. A text that is nested too deeply is refused, because code that walks through a value of a
 * hundred thousand levels runs out of stack.
 * @throws Error that says what is wrong
 */
export function parseShallowJson(text: string): unknown {
  if (isTooDeep(text)) throw new Error(`it is nested more than ${String(MAX_JSON_DEPTH)} levels deep`)
  return JSON.parse(text)
}

/** Whether the brackets of a JSON text are nested deeper than the limit. */
export function isTooDeep(text: string): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) inString = true
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      if (++depth > MAX_JSON_DEPTH) return true
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--
  }
  return false
}
