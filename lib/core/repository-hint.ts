import type { RepositoryLocation } from './keys.ts'
import { HelmS3Error } from '../errors.ts'
import { shellWord } from '../text/terminal-text.ts'

/** A command between backticks, in which REPO stands for the repository. Elsewhere REPO is an ordinary word. */
const COMMAND = /`helm s3 [^`]*`/g

/**
 * Turns a hint into a line to copy. Code that knows no repository writes REPO into the commands that it advises, as the
 * findings of `check` do. Here REPO becomes what the user types for the repository.
 */
export function namingRepository(hint: string, { address }: Pick<RepositoryLocation, 'address'>): string {
  return hint.replace(COMMAND, (command) => command.replace(/\bREPO\b/g, () => shellWord(address)))
}

/**
 * The error with its hint treated in the same way. An error of another kind is returned as it is. `location`: undefined
 * when no repository is known.
 */
export function withRepositoryNamed(error: unknown, location: RepositoryLocation | undefined): unknown {
  if (!(error instanceof HelmS3Error) || error.hint === undefined || location === undefined) return error
  const hint = namingRepository(error.hint, location)
  return hint === error.hint
    ? error
    : new HelmS3Error(error.code, error.message, { hint, cause: error.cause, bare: error.bare })
}
