import type { Context } from '../../ui/context.ts'
import type { Delta } from '../../core/log/delta.ts'
import { withRelativeUrls } from '../../core/entry-urls.ts'
import type { RepositoryLocation } from '../../core/keys.ts'
import { updateIndexCache } from '../../disk/index-cache.ts'
import { readRepositories, repositoriesAt } from '../../disk/repositories.ts'
import { compactInline } from '../../protocol/base/compact-inline.ts'
import type { Deletion, DeletionTarget } from '../../protocol/remove/deletion.ts'
import type { CommittedDelta } from '../../protocol/session/committed.ts'
import type { Session } from '../../protocol/session/session.ts'

/**
 * What follows a change that is committed: Helm's local copies of the index get it, and with `compact` also
 * `index.yaml`, for readers without the plugin. Never fails: the change is durable in the store.
 * @param committed the deltas of the change in the order of the log, perhaps none
 */
export async function afterCommit(
  context: Context,
  session: Session,
  committed: readonly CommittedDelta[],
  { compact }: { readonly compact: boolean },
): Promise<void> {
  for (const each of committed) await updateIndexCaches(context, session, each)
  const last = committed.at(-1)
  if (compact && last !== undefined) await compactInline(session, last)
}

/** The same after a deletion; with `--verbose` it names the archives that stay in the bucket. */
export async function afterDeletion(
  context: Context,
  session: Session,
  { committed, keptArchives }: Pick<Deletion<DeletionTarget>, 'committed' | 'keptArchives'>,
): Promise<void> {
  for (const key of keptArchives) {
    context.output.detail(`helm-s3: ${key} stays in the bucket: it is not known to be the archive of what was deleted`)
  }
  await afterCommit(context, session, committed, { compact: true })
}

/** One copy for each name under which Helm knows the repository. A failure is shown with `--verbose` only. */
async function updateIndexCaches(
  { config, output }: Context,
  { clock, location, storeClock }: Session,
  { delta, id }: CommittedDelta,
): Promise<void> {
  const problem = (what: string, error: unknown): void =>
    output.detail(
      `helm-s3: ${what} stays as it is until \`helm repo update\`: ` +
        `${error instanceof Error ? error.message : String(error)}`,
    )
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
