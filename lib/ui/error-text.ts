import { HelmS3Error } from '../errors.ts'

/** The last line of a hint about a wrong command line. Such hints are printed unchanged, as the Go plugin does it. */
export const RUN_HELP = "Run 's3 --help' for usage."

/**
 * The text on stderr for a failure. A bare message is printed unchanged. Any other failure has a line for the message,
 * and a line for the hint.
 */
export function errorText(error: unknown, isVerbose: boolean): string {
  if (!(error instanceof HelmS3Error)) return `Error: unexpected: ${describeUnexpected(error, isVerbose)}\n`
  if (error.bare) return error.message
  const hint =
    error.hint === undefined ? '' : error.hint.endsWith(RUN_HELP) ? `${error.hint}\n` : `Hint: ${error.hint}\n`
  return `Error: ${error.message}\n${hint}`
}

/** The text for a bug in this program. */
export function describeUnexpected(error: unknown, isVerbose: boolean): string {
  if (!(error instanceof Error)) return String(error)
  return isVerbose && error.stack !== undefined ? error.stack : error.message
}
