import type { Context } from '../../ui/context.ts'
import type { IndexForm } from '../../core/index/index-text.ts'
import { type RepositoryLocation, parseRepositoryUrl } from '../../core/keys.ts'
import { HelmS3Error, during, hasCode } from '../../errors.ts'
import { formatCount } from '../../text/format.ts'
import { readRepositories, repositoriesAt } from '../../disk/repositories.ts'
import { initRepository } from '../../protocol/base/init.ts'
import { refuseBoth } from '../steps/exclusive-flags.ts'
import { shellWord } from '../../text/terminal-text.ts'

export interface InitCommand {
  /** As typed. */
  readonly url: string
  readonly force: boolean
  readonly ignoreIfExists: boolean
  /** Undefined: as the repository says, else JSON. */
  readonly format: IndexForm | undefined
}

/** `helm s3 init URI`: makes an empty repository. */
export async function init(context: Context, options: InitCommand): Promise<void> {
  refuseBoth(options)
  const location = parseRepositoryUrl(options.url)
  const session = await context.openSession(location)
  const lines: string[] = []
  if (!options.force) {
    const name = await during('lookup repo entry by url', () => addedName(context, location))
    if (name !== undefined) {
      const known = `The repository with the provided URI already exists under name ${JSON.stringify(name)}`
      if (!options.ignoreIfExists) throw refusal(`${known}, the index file and`, options.url)
      lines.push(`${known}, ignore init operation.`)
    }
  }
  const beforeReplacing = (entries: number | undefined): void =>
    session.progress(
      `replacing the index of ` +
        `${entries === undefined ? 'an unreadable repository' : formatCount(entries, 'chart version')}`,
    )
  try {
    const { dropped, form } = await initRepository(session, {
      form: options.format,
      force: options.force,
      beforeReplacing,
    })
    if (dropped !== undefined && dropped > 0) {
      lines.push(
        `The index that was there listed ${formatCount(dropped, 'chart version')}; the archives stay in the bucket.`,
      )
    }
    lines.push(`Initialized empty repository at ${options.url}`)
    context.output.result(lines, { repository: location.url, initialized: true, format: form, dropped: dropped ?? 0 })
  } catch (error) {
    if (!hasCode(error, 'already-exists')) throw error
    if (!options.ignoreIfExists) throw refusal('The index file already exists under the provided URI and', options.url)
    lines.push('The index file already exists under the provided URI, ignore init operation.')
    context.output.result(lines, {
      repository: location.url,
      initialized: false,
      format: options.format ?? 'json',
      dropped: 0,
    })
  }
}

/** The name under which Helm knows the repository already. A missing repositories file knows none. */
async function addedName({ config }: Context, location: RepositoryLocation): Promise<string | undefined> {
  const repositories = (await readRepositories(config.helm.repositoriesFile)) ?? []
  return repositoriesAt(location, repositories)[0]?.name
}

function refusal(subject: string, url: string): HelmS3Error {
  const text = `${subject} cannot be overwritten without an explicit intent.

If you want to replace existing index file, use --force flag:

  helm s3 init --force ${shellWord(url)}

If you want to ignore this error, use --ignore-if-exists flag:

  helm s3 init --ignore-if-exists ${shellWord(url)}

`
  return new HelmS3Error('already-exists', text, { bare: true })
}
