import { readFile } from 'node:fs/promises'
import { type ObjectLocation, type RepositoryLocation, isSameStore, parseRepositoryUrl } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { causeText, systemCode } from '../sys/system-error.ts'
import { shellWord } from '../text/terminal-text.ts'

/** One line of `helm repo list`. */
export interface HelmRepository {
  readonly name: string
  /** The URL as it was typed in `helm repo add`. */
  readonly url: string
}

/**
 * The repositories that Helm knows, in the order of its file; undefined when there is no such file.
 * @throws HelmS3Error `invalid-config` when the file cannot be read or is not a repositories file
 */
export async function readRepositories(file: string): Promise<readonly HelmRepository[] | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined
    throw cannotLoad(file, `open ${file}: ${causeText(cause)}`, cause)
  }
  const { parse } = await import('yaml')
  let value: unknown
  try {
    // Types are ignored: Helm decodes every scalar of a name or url as text.
    value = parse(text, { schema: 'failsafe', logLevel: 'error' })
  } catch (cause) {
    throw cannotLoad(file, 'it is not valid YAML', cause)
  }
  if (value === null || value === '') return []
  const items = typeof value === 'object' && 'repositories' in value ? value.repositories : []
  if (items === null || items === '') return []
  if (!Array.isArray(items)) throw cannotLoad(file, 'repositories is not a list')
  return items.filter(isRepository)
}

/**
 * The location of a repository, given its name in `helm repo list` or its `s3://` URI.
 * @throws HelmS3Error `unknown-repository`, `invalid-url`, `invalid-config`
 */
export async function findRepository(nameOrUrl: string, file: string): Promise<RepositoryLocation> {
  if (nameOrUrl.includes('://')) return parseRepositoryUrl(nameOrUrl)
  const repositories = await readRepositories(file)
  if (repositories === undefined) {
    const hint =
      `add the repository with \`helm repo add ${shellWord(nameOrUrl)} s3://BUCKET/PREFIX\`, or give its ` +
      `s3:// URI instead of a name`
    throw cannotLoad(file, `open ${file}: no such file or directory`, undefined, hint)
  }
  const repository = repositories.find(({ name }) => name === nameOrUrl)
  if (repository === undefined) {
    throw new HelmS3Error(
      'unknown-repository',
      `repo with name ${nameOrUrl} not found, try \`helm repo add ${shellWord(nameOrUrl)} <uri>\``,
    )
  }
  return { ...parseRepositoryUrl(repository.url), address: nameOrUrl }
}

/**
 * The queries of the repositories that contain an object, those of the innermost repository first. When several
 * repositories stand at one place, the one without a query comes first: Helm passes a query on, so a URL without a
 * query more likely belongs to the repository that has none. Cost: one small file is read. It is parsed only when it
 * may hold a repository with a query, or one that the query of the object has to be compared with.
 */
export async function queriesAround({ bucket, key, query }: ObjectLocation, file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  if (query === '' ? !/s3:\/\/[^\s"']*\?/i.test(text) : !text.includes(bucket)) return []
  const around = ((await readRepositories(file)) ?? []).flatMap(({ url }) => {
    const location = locationOf(url)
    return location?.bucket === bucket && key.startsWith(location.prefix) ? [location] : []
  })
  return around
    .sort((a, b) => b.prefix.length - a.prefix.length || Number(a.query !== '') - Number(b.query !== ''))
    .map((location) => location.query)
}

/** The repositories whose URL names this place at this store. A trailing slash makes no difference. */
export function repositoriesAt(
  location: RepositoryLocation,
  repositories: readonly HelmRepository[],
): readonly HelmRepository[] {
  return repositories.filter(({ url }) => {
    const other = locationOf(url)
    return other?.url === location.url && isSameStore(other.query, location.query)
  })
}

/** The location of a repository URL. Undefined: the repository is not in a bucket. */
function locationOf(url: string): RepositoryLocation | undefined {
  try {
    return parseRepositoryUrl(url)
  } catch {
    return undefined
  }
}

function isRepository(value: unknown): value is HelmRepository {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('url' in value)) return false
  return typeof value.name === 'string' && typeof value.url === 'string'
}

function cannotLoad(file: string, problem: string, cause?: unknown, hint?: string): HelmS3Error {
  return new HelmS3Error('invalid-config', `load repo file: couldn't load repositories file (${file}): ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    ...(hint === undefined ? {} : { hint }),
  })
}
