import type { Context } from '../context.ts'
import { HelmS3Error } from '../errors.ts'
import { findRepository } from '../helm/repositories.ts'
import { deleteVersions } from '../protocol/delete.ts'
import { finishDeletion } from './finish-deletion.ts'

export interface DeleteCommand {
  readonly name: string
  /** Name or URI, as typed. */
  readonly repository: string
  /** As typed: each may be a comma-separated list. */
  readonly versions: readonly string[]
}

/** `helm s3 delete NAME REPO --version V[,V...]`: all versions exist, or nothing happens. */
export async function deleteCommand(context: Context, options: DeleteCommand): Promise<void> {
  const versions = splitVersions(options.versions)
  if (versions.length === 0) throw new HelmS3Error('usage', 'at least one non-empty --version is required')
  const location = await findRepository(options.repository, context.config.helm.repositoriesFile)
  const session = await context.openSession(location)
  const { name } = options
  const { committed, keptArchives, targets } = await deleteVersions(session, versions.map((version) => ({ name, version })))
  await finishDeletion(context, session, { committed, keptArchives })
  const line =
    versions.length === 1
      ? 'Successfully deleted the chart from the repository.'
      : `Successfully deleted ${String(versions.length)} chart versions from the repository.`
  context.output.result([line], { repository: location.url, delta: committed.at(-1)?.id, removed: targets.map(({ entry }) => ({ name: entry.name, version: entry.version })), keptArchives })
}

/** Each value split at commas, trimmed, without empty ones, each once and in the order of its first mention. */
export function splitVersions(values: readonly string[]): readonly string[] {
  const all = values.flatMap((value) => value.split(',')).map((value) => value.trim())
  return [...new Set(all.filter((value) => value !== ''))]
}
