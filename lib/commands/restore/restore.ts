import type { Context } from '../../ui/context.ts'
import { HelmS3Error } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { type DeletedChart, findDeleted } from '../../protocol/remove/find-deleted.ts'
import { pushCharts } from '../../protocol/push/push.ts'
import { afterCommit } from '../steps/after-commit.ts'
import type { DeleteCommand } from '../delete/delete.ts'
import { refuseOrphans } from '../steps/existing-versions.ts'
import { openRepository } from '../steps/open-repository.ts'
import { requireVersions } from '../steps/version-list.ts'

export interface RestoreCommand extends Pick<DeleteCommand, 'name' | 'repository' | 'versions'> {
  readonly dryRun: boolean
  readonly relative: boolean | undefined
  /** Folds the new delta into `index.yaml` at once, so that readers without the plugin see the charts. */
  readonly compact: boolean
}

/**
 * `helm s3 restore NAME REPO --version V[,V...]`: what was deleted is pushed again, from what the bucket still has of
 * it.
 */
export async function restore(
  context: Context,
  { compact, dryRun, name, relative, repository, versions }: RestoreCommand,
): Promise<void> {
  const wanted = requireVersions(versions)
  const session = await openRepository(context, repository)
  const { location } = session
  const deleted = await findDeleted(
    session,
    wanted.map((version) => ({ name, version })),
  )

  const uploads = deleted.map(({ upload }) => upload)
  const options = {
    force: false,
    ignoreIfExists: false,
    dryRun,
    relative,
    contentType: context.config.chartContentType,
  }
  const { committed, existing } = await pushCharts(session, uploads, options)
  if (committed !== undefined) await afterCommit(context, session, [committed], { compact })
  refuseOrphans(existing, location)
  if (existing.length > 0) throw pushedMeanwhile(existing.map(({ version }) => `${name} ${version}`))
  context.output.result(describe(name, deleted, dryRun), {
    repository: location.url,
    dryRun,
    delta: committed?.id ?? null,
    restored: deleted.map(({ removal, source, upload: { created, digest, version } }) => ({
      name,
      version,
      digest,
      created,
      deletedBy: removal,
      source,
    })),
  })
}

function describe(name: string, deleted: readonly DeletedChart[], dryRun: boolean): string[] {
  const lines = deleted.map((each) => `  ${name} ${each.upload.version} (${placeOf(each)})`)
  return [`${dryRun ? 'Would restore' : 'Restored'} ${formatCount(deleted.length, 'version')}:`, ...lines]
}

function placeOf({ elsewhere, source }: DeletedChart): string {
  if (source === 'older-version') return `from an older version of ${elsewhere ?? 'its archive'}`
  return elsewhere === undefined ? 'its archive still stands' : `from ${elsewhere}, which still stands`
}

function pushedMeanwhile(names: readonly string[]): HelmS3Error {
  return new HelmS3Error('already-exists', `another client has pushed ${names.join(', ')} in the meantime`, {
    hint: 'nothing was restored',
  })
}
