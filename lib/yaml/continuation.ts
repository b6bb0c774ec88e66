/** Characters that are parsed again in all: each repair costs another parse of the whole text. */
const MAX_PARSED_AGAIN = 512 * 1024
const MAX_REPAIRS = 20

const UNDER_INDENTED =
  /^Missing closing ['"]quote|^Flow (?:map|sequence) in block collection must be sufficiently indented/

/** What a parser of YAML 1.2 finds wrong, and where in the text. */
interface Complaint {
  readonly message: string
  readonly pos: readonly [number, number]
}

/**
 * Parses with a parser that holds to YAML 1.2, where a quoted scalar or a flow collection may go on only on lines that
 * are indented more than its parent. go-yaml does not ask for that, and the white space before such a line means
 * nothing: so it is given more, line by line.
 * @param parse called once, and again after each repair
 * @returns what the last call gave
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

/** Where the line begins that the complaint is about; undefined when it is about something else, or the text ends. */
function underIndentedLine(text: string, complaint: Complaint | undefined): number | undefined {
  if (complaint === undefined || !UNDER_INDENTED.test(complaint.message)) return undefined
  const [at] = complaint.pos
  const rest = /\S/.exec(text.slice(at))
  return rest === null ? undefined : text.lastIndexOf('\n', at + rest.index) + 1
}
