import { type Command, commandName } from '../../ui/command.ts'
import { type CommandLine, readCommandLine, standsAlone } from '../../ui/command-line.ts'
import { type Flag, GLOBAL_FLAGS } from '../../ui/flags.ts'

/** What the word under the cursor is to be. `prefix`: the part of it that is already typed. */
export type Subject =
  | { readonly kind: 'words'; readonly prefix: string; readonly words: readonly string[] }
  | { readonly kind: 'repository'; readonly prefix: string; readonly orFile: boolean }
  | { readonly kind: 'chart'; readonly prefix: string; readonly repository: string | undefined }
  /** `before`: the part of a list with commas that is before the prefix, in the same word. */
  | {
      readonly kind: 'version'
      /** Offers deleted versions instead of existing ones. */
      readonly isDeleted: boolean
      readonly prefix: string
      readonly before: string
      readonly chart: string
      readonly repository: string | undefined
      readonly taken: readonly string[]
    }
  /** A file or folder, which the shell completes on its own. */
  | { readonly kind: 'file' }
  | { readonly kind: 'nothing' }

const NOTHING: Subject = { kind: 'nothing' }

/** What stands before the cursor. */
interface Line {
  readonly command: Command
  readonly positional: readonly string[]
  readonly given: CommandLine['given']
}

/**
 * What is to be completed, given the words that Helm hands to `plugin.complete`: those after `helm s3`, without the
 * global flags of Helm; the last one, perhaps empty, is under the cursor. Names of flags are in `completion.yaml`.
 */
export function completionSubject(commands: readonly Command[], words: readonly string[]): Subject {
  const last = words.at(-1) ?? ''
  const {
    command,
    ending,
    given,
    words: [first, ...positional],
  } = readCommandLine(words.slice(0, -1), commands)
  if (first === undefined || first === 'help') return positional.length > 0 ? NOTHING : commandNames(commands, last)
  if (command === undefined || command.isHidden) return NOTHING
  const line: Line = { command, positional, given }
  const whole = readCommandLine(words, commands)
  if (whole.ending?.value !== undefined) return subjectOfFlag(line, whole.ending.flag, whole.ending.value)
  const open = ending?.value === undefined ? flagNamed(command, ending?.flag) : undefined
  if (open !== undefined && !standsAlone(open)) return subjectOfFlag(line, ending?.flag, last)
  const isArgument = whole.words.length > positional.length + 1 && last !== '-'
  return isArgument ? subjectOfArgument(line, last) : NOTHING
}

function commandNames(commands: readonly Command[], prefix: string): Subject {
  return { kind: 'words', prefix, words: commands.filter(({ isHidden }) => !isHidden).map(commandName) }
}

/** A flag of the command, or of all of them. */
function flagNamed({ flags }: Command, name: string | undefined): Flag | undefined {
  return Object.entries({ ...flags, ...GLOBAL_FLAGS }).find(([flag]) => flag === name)?.[1]
}

function subjectOfFlag(line: Line, name: string | undefined, prefix: string): Subject {
  const flag = flagNamed(line.command, name)
  if (flag === undefined) return NOTHING
  if (name === 'version') return subjectOfVersion(line, prefix, flag.kind === 'texts')
  switch (flag.kind) {
    case 'choice':
      return { kind: 'words', prefix, words: flag.of }
    case 'text':
    case 'texts':
    case 'optional':
      return { kind: 'file' }
    case 'switch':
    case 'toggle':
    case 'count':
    case 'duration':
    case 'age':
      return NOTHING
  }
}

function subjectOfVersion({ command, given, positional }: Line, word: string, isList: boolean): Subject {
  const chart = argumentCalled(command, positional, ['NAME'])
  if (chart === undefined) return NOTHING
  const comma = isList ? word.lastIndexOf(',') + 1 : 0
  const before = word.slice(0, comma)
  const taken = isList ? [before, ...(given.get('version') ?? [])].flatMap((text) => text.split(',')) : []
  const isDeleted = commandName(command) === 'restore'
  return {
    kind: 'version',
    isDeleted,
    prefix: word.slice(comma),
    before,
    chart,
    repository: argumentCalled(command, positional, REPOSITORY),
    taken,
  }
}

/** How usages call a repository; of two the first is where a chart is looked for. */
const REPOSITORY = ['REPO', 'SRC', 'DST']

function subjectOfArgument({ command, positional }: Line, prefix: string): Subject {
  const names = argumentNames(command)
  const many = names.findIndex((name) => name.endsWith('...'))
  const isPastMany = many >= 0 && positional.length >= many
  const name = (isPastMany ? names[many] : names[positional.length])?.replace('...', '')
  // Behind the first of several paths, the word may as well be what comes after the last.
  const next = isPastMany && positional.length > many ? names[many + 1] : undefined
  if (next !== undefined && REPOSITORY.includes(next)) return { kind: 'repository', prefix, orFile: true }
  if (name === undefined) return NOTHING
  if (name === 'NAME') return { kind: 'chart', prefix, repository: argumentCalled(command, positional, REPOSITORY) }
  if (name === 'PATH') return { kind: 'file' }
  return REPOSITORY.includes(name) ? { kind: 'repository', prefix, orFile: false } : NOTHING
}

/** `push PATH... REPO`: `PATH...`, `REPO`. */
function argumentNames({ usage }: Command): readonly string[] {
  return usage
    .split(' ')
    .slice(1)
    .map((name) => name.replace(/[[\]]/g, ''))
}

function argumentCalled(
  command: Command,
  positional: readonly string[],
  wanted: readonly string[],
): string | undefined {
  return positional[argumentNames(command).findIndex((name) => wanted.includes(name))]
}
