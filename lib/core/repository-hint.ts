import type { RepositoryLocation } from './keys.ts'
import { HelmS3Error } from '../errors.ts'
import { shellWord } from '../text/terminal-text.ts'

/** REPO in a command between backticks; elsewhere it is a word as any other. */
const COMMAND = /`helm s3 [^`]*`/g

/**
 * A hint as a line to copy: what knows no repository writes REPO into the commands that it advises, as the findings of
 * `check` do, and here that becomes what one types for it.
 */
export function namingRepository(hint: string, { address }: Pick<RepositoryLocation, 'address'>): string {
  return hint.replace(COMMAND, (command) => command.replace(/\bREPO\b/g, () => shellWord(address)))
}

/** The error with its hint in the same way; any other stays as it is. `location` undefined: none is known. */
export function withRepositoryNamed(error: unknown, location: RepositoryLocation | undefined): unknown {
  if (!(error instanceof HelmS3Error) || error.hint === undefined || location === undefined) return error
  const hint = namingRepository(error.hint, location)
  return hint === error.hint
    ? error
    : new HelmS3Error(error.code, error.message, { hint, cause: error.cause, bare: error.bare })
}
