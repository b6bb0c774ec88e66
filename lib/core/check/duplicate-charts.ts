/** A string of JSON, or a character that structures it. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/gs

/**
 * The charts that occur more than once in the `entries` of a valid JSON text. Go's decoder (encoding/json) takes the
 * last occurrence, as `JSON.parse` does. (In YAML, a duplicate key makes Helm refuse the text.)
 */
export function duplicateCharts(text: string): readonly string[] {
  const open: string[] = []
  const seen = new Set<string>()
  const twice = new Set<string>()
  let field = ''
  let previous = ''
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(token)
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const key = String(JSON.parse(previous))
      if (open.length === 1) field = key.toLowerCase()
      else if (open.length === 2 && field === 'entries') (seen.has(key) ? twice : seen).add(key)
    }
    previous = token
  }
  return [...twice]
}
