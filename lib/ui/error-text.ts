import { HelmS3Error } from '../errors.ts'

/** The end of a hint about a wrong command line: such hints are printed as they are, as the Go plugin does. */
export const RUN_HELP = "Run 's3 --help' for usage."

/**
 * What stderr says about a failure. A bare message ends as it wants to; any other is a line, and a line for the way
 * out.
 */
export function errorText(error: unknown, isVerbose: boolean): string {
  if (!(error instanceof HelmS3Error)) return `Error: unexpected: ${describeUnexpected(error, isVerbose)}\n`
  if (error.bare) return error.message
  const hint =
    error.hint === undefined ? '' : error.hint.endsWith(RUN_HELP) ? `${error.hint}\n` : `Hint: ${error.hint}\n`
  return `Error: ${error.message}\n${hint}`
}

/** What a fault of this program says of itself. */
export function describeUnexpected(error: unknown, isVerbose: boolean): string {
  if (!(error instanceof Error)) return String(error)
  return isVerbose && error.stack !== undefined ? error.stack : error.message
}
