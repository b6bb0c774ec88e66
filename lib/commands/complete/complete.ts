import type { Command } from '../../ui/command.ts'
import { type Subject, completionSubject } from './completion-subject.ts'
import type { Context } from '../../ui/context.ts'
import { parseRepositoryUrl } from '../../core/keys.ts'
import { cachedChartNames, cachedDeletedVersions, cachedVersions } from '../../disk/cached-charts.ts'
import { type HelmRepository, readRepositories, repositoriesAt } from '../../disk/repositories.ts'
import { isHiding, isPlainWord } from '../../text/terminal-text.ts'

/** What the shell does with the candidates: bits of spf13/cobra completions.go `ShellCompDirective`. */
const FILES_TOO = 0
const NO_FILES = 4
const KEEP_ORDER = 32

interface Completion {
  readonly candidates: readonly string[]
  readonly directive: number
}

const NOTHING: Completion = { candidates: [], directive: NO_FILES }

/**
 * `plugin.complete`: candidates for the last of these words, one a line, and a line `:DIRECTIVE`. From Helm's local
 * files alone: never a request, and no word about what is missing, because Helm 4 takes stderr for candidates.
 */
export async function complete(
  context: Context,
  commands: readonly Command[],
  words: readonly string[],
): Promise<void> {
  const { candidates, directive } = await completionOf(context, completionSubject(commands, words)).catch(() => NOTHING)
  context.output.result([...candidates.filter(isSafe), `:${String(directive)}`], {})
}

async function completionOf(context: Context, subject: Subject): Promise<Completion> {
  const { cacheFolder } = context.config.helm
  switch (subject.kind) {
    case 'words':
      return { ...NOTHING, candidates: startingWith(subject.prefix, subject.words) }
    case 'repository': {
      const repositories = (await repositoriesOnS3(context)).filter(({ name }) => name.startsWith(subject.prefix))
      return {
        candidates: repositories.map(({ name, url }) => `${name}\t${url}`),
        directive: subject.orFile ? FILES_TOO : NO_FILES,
      }
    }
    case 'chart': {
      const names = await inAll(context, subject.repository, (repository) => cachedChartNames(cacheFolder, repository))
      return { ...NOTHING, candidates: startingWith(subject.prefix, names).toSorted() }
    }
    case 'version': {
      const read = subject.isDeleted ? cachedDeletedVersions : cachedVersions
      const versions = await inAll(context, subject.repository, (repository) =>
        read(cacheFolder, repository, subject.chart),
      )
      const wanted = startingWith(subject.prefix, versions).filter((version) => !subject.taken.includes(version))
      return { candidates: wanted.map((version) => subject.before + version), directive: NO_FILES | KEEP_ORDER }
    }
    case 'file':
      return { ...NOTHING, directive: FILES_TOO }
    case 'nothing':
      return NOTHING
  }
}

/** What the copies of this repository hold, each once; of all repositories when none is given. */
async function inAll(
  context: Context,
  nameOrUrl: string | undefined,
  read: (repository: HelmRepository) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const all = await repositoriesOnS3(context)
  const wanted =
    nameOrUrl === undefined
      ? all
      : nameOrUrl.includes('://')
        ? repositoriesAt(parseRepositoryUrl(nameOrUrl), all)
        : all.filter(({ name }) => name === nameOrUrl)
  return [...new Set((await Promise.all(wanted.map(read))).flat())]
}

async function repositoriesOnS3({ config }: Context): Promise<readonly HelmRepository[]> {
  return ((await readRepositories(config.helm.repositoriesFile)) ?? []).filter(({ url }) => /^s3:\/\//i.test(url))
}

function startingWith(prefix: string, words: readonly string[]): readonly string[] {
  return words.filter((word) => word.startsWith(prefix))
}

/**
 * A line feed in a name would be taken for another candidate, other controls would reach the terminal; and the shell
 * puts a candidate into the command line as it is, where `$(...)` or a semicolon means more than a letter.
 */
function isSafe(candidate: string): boolean {
  const [word = ''] = candidate.split('\t', 1)
  return !candidate.includes('\n') && !isHiding(candidate) && isPlainWord(word)
}
