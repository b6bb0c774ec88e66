import type { Context } from '../../ui/context.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import { findRepository } from '../../disk/repositories.ts'
import type { Session } from '../../protocol/session/session.ts'

/**
 * Opens the repository that a command line names. Nothing is sent yet.
 * @param nameOrUri a name from `helm repo list` or an `s3://` URI, as typed
 * @throws HelmS3Error `unknown-repository`, `invalid-url`, `invalid-config`
 */
export async function openRepository(context: Context, nameOrUri: string): Promise<Session> {
  return context.openSession(await locateRepository(context, nameOrUri))
}

/** Where that repository is, for a command that has something else to check before it opens it. */
export function locateRepository({ config }: Context, nameOrUri: string): Promise<RepositoryLocation> {
  return findRepository(nameOrUri, config.helm.repositoriesFile)
}
