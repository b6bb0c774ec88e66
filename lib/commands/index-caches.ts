import type { Context } from '../context.ts'
import type { Delta } from '../core/delta.ts'
import type { DeltaId } from '../core/delta-id.ts'
import { withRelativeUrls } from '../core/entry-urls.ts'
import type { RepositoryLocation } from '../core/keys.ts'
import { updateIndexCache } from '../helm/index-cache.ts'
import { readRepositories, repositoriesAt } from '../helm/repositories.ts'
import type { Session } from '../protocol/session.ts'

/**
 * Brings a committed change into Helm's local copies of the index, one for each name under which the repository was
 * added. The change is durable in the store: a failure here is told with `--verbose`, and is none of the command.
 */
export async function updateIndexCaches(
  { config, output }: Context,
  { location, storeClock, clock }: Session,
  { id, delta }: { readonly id: DeltaId; readonly delta: Delta },
): Promise<void> {
  const problem = (what: string, error: unknown): void =>
    output.detail(`helm-s3: ${what} stays as it is until \`helm repo update\`: ${error instanceof Error ? error.message : String(error)}`)
  try {
    const repositories = (await readRepositories(config.helm.repositoriesFile)) ?? []
    for (const repository of repositoriesAt(location, repositories)) {
      try {
        const change = { ...asHelmGetsIt(delta, repository.url, location), id, lastModified: storeClock.now() }
        await updateIndexCache(config.helm.cacheFolder, repository, change, clock)
      } catch (error) {
        problem(`the local index of ${repository.name}`, error)
      }
    }
  } catch (error) {
    problem('the local index', error)
  }
}

/** The getter makes urls relative for a repository whose URL has a query. */
function asHelmGetsIt(delta: Delta, url: string, location: RepositoryLocation): Delta {
  if (!url.includes('?')) return delta
  return { ...delta, added: delta.added.map((each) => ({ ...each, entry: withRelativeUrls(each.entry, location) })) }
}
