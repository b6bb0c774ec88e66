import type { Command } from './command.ts'
import { COMMANDS, commandName, findCommand } from './command-table.ts'
import { type Flag, type Flags, GLOBAL_FLAGS } from './flags.ts'

/** What the word under the cursor is to be. `prefix`: what is there of it already. */
export type Subject =
  | { readonly kind: 'words'; readonly prefix: string; readonly words: readonly string[] }
  | { readonly kind: 'repository'; readonly prefix: string; readonly orFile: boolean }
  | { readonly kind: 'chart'; readonly prefix: string; readonly repository: string | undefined }
  /** `before`: what stands before the prefix in the same word, of a list with commas. */
  | {
      readonly kind: 'version'
      /** Whether versions are wanted that were deleted, instead of those that are there. */
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

/** A command line up to the cursor, taken apart. */
interface Line {
  readonly command: Command
  readonly positional: readonly string[]
  readonly given: readonly (readonly [flag: string, value: string])[]
  /** The flag whose value the last word is going to be. */
  readonly open: string | undefined
}

/**
 * What is to be completed, given the words that Helm hands to `plugin.complete`: those after `helm s3`, without the global
 * flags of Helm; the last one, perhaps empty, is under the cursor. Names of flags are in `completion.yaml`.
 */
export function completionSubject(words: readonly string[]): Subject {
  const last = words.at(-1) ?? ''
  const [first, ...rest] = words.slice(0, -1)
  if (first === undefined || first === 'help') return rest.length > 0 ? { kind: 'nothing' } : commandNames(last)
  const command = findCommand(first)
  if (command === undefined || command.isHidden) return { kind: 'nothing' }
  const line = readLine(command, rest)
  const assigned = /^--?([^-=][^=]*)=(.*)$/s.exec(last)
  if (assigned !== null) return subjectOfFlag(line, flagNamed(command, assigned[1] ?? ''), assigned[2] ?? '')
  if (line.open !== undefined) return subjectOfFlag(line, line.open, last)
  return last.startsWith('-') ? { kind: 'nothing' } : subjectOfArgument(line, last)
}

function commandNames(prefix: string): Subject {
  return { kind: 'words', prefix, words: COMMANDS.filter(({ isHidden }) => !isHidden).map(commandName) }
}

function flagsOf({ flags }: Command): Flags {
  return { ...flags, ...GLOBAL_FLAGS }
}

/** The long name of a flag, given its name or its letter. */
function flagNamed(command: Command, name: string): string | undefined {
  const flags = flagsOf(command)
  return name in flags ? name : Object.keys(flags).find((flag) => shortOf(flags[flag]) === name)
}

function shortOf(flag: Flag | undefined): string | undefined {
  return flag !== undefined && 'short' in flag ? flag.short : undefined
}

function readLine(command: Command, words: readonly string[]): Line {
  const positional: string[] = []
  const given: (readonly [string, string])[] = []
  let open: string | undefined
  let isLiteral = false
  for (const word of words) {
    if (open !== undefined) {
      given.push([open, word])
      open = undefined
      continue
    }
    const match = isLiteral ? null : /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(word)
    const flag = match === null ? undefined : flagNamed(command, match[1] ?? '')
    if (word === '--') isLiteral = true
    else if (match === null) positional.push(word)
    else if (flag !== undefined && match[2] !== undefined) given.push([flag, match[2]])
    else if (flag !== undefined && !['switch', 'toggle', 'optional'].includes(flagsOf(command)[flag]?.kind ?? '')) open = flag
  }
  return { command, positional, given, open }
}

function subjectOfFlag(line: Line, name: string | undefined, prefix: string): Subject {
  const flag = name === undefined ? undefined : flagsOf(line.command)[name]
  if (flag === undefined) return { kind: 'nothing' }
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
      return { kind: 'nothing' }
  }
}

function subjectOfVersion({ command, given, positional }: Line, word: string, isList: boolean): Subject {
  const chart = argumentCalled(command, positional, ['NAME'])
  if (chart === undefined) return { kind: 'nothing' }
  const comma = isList ? word.lastIndexOf(',') + 1 : 0
  const before = word.slice(0, comma)
  const taken = isList ? [before, ...given.flatMap(([flag, value]) => (flag === 'version' ? [value] : []))].flatMap((text) => text.split(',')) : []
  const isDeleted = commandName(command) === 'restore'
  return { kind: 'version', isDeleted, prefix: word.slice(comma), before, chart, repository: argumentCalled(command, positional, REPOSITORY), taken }
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
  if (name === undefined) return { kind: 'nothing' }
  if (name === 'NAME') return { kind: 'chart', prefix, repository: argumentCalled(command, positional, REPOSITORY) }
  if (name === 'PATH') return { kind: 'file' }
  return REPOSITORY.includes(name) ? { kind: 'repository', prefix, orFile: false } : { kind: 'nothing' }
}

/** `push PATH... REPO`: `PATH...`, `REPO`. */
function argumentNames({ usage }: Command): readonly string[] {
  return usage.split(' ').slice(1).map((name) => name.replace(/[[\]]/g, ''))
}

function argumentCalled(command: Command, positional: readonly string[], wanted: readonly string[]): string | undefined {
  return positional[argumentNames(command).findIndex((name) => wanted.includes(name))]
}
