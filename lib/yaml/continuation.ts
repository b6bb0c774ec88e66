/** The most characters that are parsed again in total: each repair costs another parse of the whole text. */
const MAX_PARSED_AGAIN = 512 * 1024
const MAX_REPAIRS = 20

const UNDER_INDENTED =
  /^Missing closing ['"]quote|^Flow (?:map|sequence) in block collection must be sufficiently indented/

/** What a YAML 1.2 parser finds wrong, and the position in the text. */
interface Complaint {
  readonly message: string
  readonly pos: readonly [number, number]
}

/**
 * Parses with a parser that follows YAML 1.2. There, a quoted scalar or a flow collection may continue only on lines
 * that are indented more than its parent. go-yaml does not require that, and the white space before such a line has no
 * meaning. So these lines are indented more, one after the other.
 * @param parse called once, and again after each repair
 * @returns the result of the last call
 */
export function parseWithContinuations<T extends { readonly errors: readonly Complaint[] }>(
  text: string,
  parse: (text: string) => T,
): T {
  let repaired = text
  let parsed = parse(repaired)
  let allowed = MAX_PARSED_AGAIN
  for (let repairs = 0; repairs < MAX_REPAIRS && repaired.length < allowed; repairs++) {
    allowed -= repaired.length
    const at = underIndentedLine(repaired, parsed.errors[0])
    if (at === undefined) break
    repaired = `${repaired.slice(0, at)}${' '.repeat(100)}${repaired.slice(at)}`
    parsed = parse(repaired)
  }
  return parsed
}

/** The start of the line that the complaint is about. Undefined: it is about something else, or the text ends there. */
function underIndentedLine(text: string, complaint: Complaint | undefined): number | undefined {
  if (complaint === undefined || !UNDER_INDENTED.test(complaint.message)) return undefined
  const [at] = complaint.pos
  const rest = /\S/.exec(text.slice(at))
  return rest === null ? undefined : text.lastIndexOf('\n', at + rest.index) + 1
}
