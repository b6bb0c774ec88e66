const UNSAFE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g
const SURROGATE_ESCAPE = /\\ud[89a-f]/
const ESCAPES = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g

/**
 * The JSON text of a value, on one line, that YAML 1.1 readers decode to the same value. Characters that YAML does not
 * allow, or takes for line breaks, are escaped. Lone surrogates, which are not valid text, become U+FFFD. All else is
 * written raw.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value)
  const hasLone = SURROGATE_ESCAPE.test(text)
  const whole = hasLone ? text.replace(ESCAPES, (escape, lone?: string) => (lone ? '\ufffd' : escape)) : text
  return whole.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Whether a text of the value may hold a lone surrogate, which is not kept. False: it holds none. */
export function mayHoldLone(value: unknown): boolean {
  return SURROGATE_ESCAPE.test(JSON.stringify(value))
}
