import { Parser } from 'yargs/helpers'
import type { Command } from './command.ts'
import { COMMANDS, commandName, findCommand, unknownCommand } from './command-table.ts'
import { parseDuration } from './duration.ts'
import { RUN_HELP } from './error-text.ts'
import { HelmS3Error } from './errors.ts'
import { type Flag, type Flags, GLOBAL_FLAGS, HELM_FLAGS } from './flags.ts'
import type { Invocation } from './invocation.ts'

const VISIBLE = COMMANDS.filter(({ isHidden }) => !isHidden)

/** One name means one kind of flag, whatever the command: flags can stand before it. */
const ALL_FLAGS: Flags = Object.assign({}, ...COMMANDS.map(({ flags }) => flags), HELM_FLAGS, GLOBAL_FLAGS) as Flags

/**
 * Reads a command line as the Go plugin does (spf13/cobra, spf13/pflag): flags anywhere, `--flag value` and `--flag=value`,
 * `--` ends them; its messages, and its order of complaints: flags, then the number of arguments, then what is required.
 * @throws HelmS3Error `usage`
 */
export function parseArgs(argv: readonly string[]): Invocation {
  const { words, given } = parseFlags(argv)
  const [first, ...rest] = words
  if (first === undefined || first === 'help') {
    refuseFlags(given, {}, argv)
    if (rest.length === 0) return { kind: 'help', command: undefined }
  }
  const name = first === 'help' ? rest.join(' ') : (first ?? '')
  const command = findCommand(name)
  if (command === undefined) throw unknownCommand(name)
  refuseFlags(given, command.flags, argv)
  if (first === 'help' || given.has('help')) return { kind: 'help', command }

  refuseCount(command, rest, argv)
  const flags: Record<string, unknown> = {}
  for (const [flag, definition] of Object.entries(command.flags)) {
    if (definition.kind === 'texts' && definition.required === true && !given.has(flag)) {
      throw new HelmS3Error('usage', `required flag(s) ${JSON.stringify(flag)} not set`)
    }
    flags[flag] = readFlag(flag, definition, given)
  }
  return {
    kind: 'run',
    command,
    args: rest,
    flags,
    acl: given.get('acl')?.at(-1),
    timeout: readFlag('timeout', GLOBAL_FLAGS.timeout, given) as number | undefined,
    isVerbose: readFlag('verbose', GLOBAL_FLAGS.verbose, given) === true,
    form: flags['output'] === 'json' ? 'json' : 'text',
  }
}

/** The words that are no flags, and the values of each flag in the order of the line. */
function parseFlags(argv: readonly string[]): { readonly words: readonly string[]; readonly given: ReadonlyMap<string, readonly string[]> } {
  const isSwitch = (flag: string): boolean => ALL_FLAGS[flag]?.kind === 'switch'
  const shorts = Object.entries(ALL_FLAGS).flatMap(([flag, definition]) =>
    'short' in definition && definition.short !== undefined ? [[flag, [definition.short]] as const] : [],
  )
  const { _: words, '--': literal = [], ...values } = Parser(separateShortValues(argv), {
    boolean: Object.keys(ALL_FLAGS).filter(isSwitch),
    string: Object.keys(ALL_FLAGS).filter((flag) => !isSwitch(flag)),
    alias: Object.fromEntries(shorts.map(([flag, names]) => [flag, [...names]])),
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
      'strip-aliased': true,
      'unknown-options-as-args': true,
    },
  }) as { readonly _: string[]; readonly '--'?: string[]; readonly [flag: string]: unknown }

  const unknown = words.find((word) => /^-./.test(word))
  if (unknown !== undefined) throw usage(unknownFlag(unknown))
  const given = new Map(Object.entries(values).map(([flag, value]) => [flag, [value].flat().map(String)] as const))
  return { words: [...words, ...literal], given }
}

/** `-ojson` as `-o=json`, which pflag also takes; Helm itself leaves `-nNAMESPACE` in the line. */
function separateShortValues(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.map((word, i) => (end >= 0 && i > end ? word : word.replace(/^-([odnv])(?=[^=])/, '-$1=')))
}

/** Refuses flags that the command does not have, and flags that lack their value. */
function refuseFlags(given: ReadonlyMap<string, readonly string[]>, own: Flags, argv: readonly string[]): void {
  for (const [flag, texts] of given) {
    if (!(flag in own) && !(flag in GLOBAL_FLAGS) && !(flag in HELM_FLAGS)) throw usage(unknownFlag(`--${flag}`))
    if (texts.includes('')) refuseMissingValue(flag, argv)
  }
}

/** `--flag=` gives the empty value on purpose; `--flag` at the end of the line, or before another flag, forgets it. */
function refuseMissingValue(flag: string, argv: readonly string[]): void {
  const definition = ALL_FLAGS[flag]
  const names = definition !== undefined && 'short' in definition ? [`--${flag}`, `-${definition.short ?? ''}`] : [`--${flag}`]
  const bare = argv.find((word, i) => names.includes(word) && argv[i + 1] !== '')
  if (bare === undefined) return
  const hint = `Helm drops an empty argument together with the one after it: write ${bare}=VALUE\n${RUN_HELP}`
  throw new HelmS3Error('usage', `flag needs an argument: ${bare}`, { hint })
}

function unknownFlag(word: string): string {
  if (word.startsWith('--')) return `unknown flag: ${word.split('=', 1)[0] ?? word}`
  return `unknown shorthand flag: '${word.charAt(1)}' in ${word}`
}

function refuseCount(command: Command, args: readonly string[], argv: readonly string[]): void {
  const { min, max } = command.arity
  if (args.length >= min && args.length <= max) return
  if (max === 0) throw usage(`unknown command ${JSON.stringify(args[0])} for "s3 ${commandName(command)}"`)
  const swallowed = args.length < min ? argv.find((word, i) => takesNextWord(word) && i + 1 < argv.length) : undefined
  const hint =
    swallowed === undefined
      ? RUN_HELP
      : `If the value of ${swallowed} was empty, Helm has dropped it: write ${swallowed}=VALUE\n${RUN_HELP}`
  throw new HelmS3Error('usage', `accepts ${String(min)} arg(s), received ${String(args.length)}`, { hint })
}

function takesNextWord(word: string): boolean {
  const definition = word.startsWith('--') ? ALL_FLAGS[word.slice(2)] : undefined
  return definition !== undefined && definition.kind !== 'switch'
}

function readFlag(flag: string, definition: Flag, given: ReadonlyMap<string, readonly string[]>): unknown {
  const texts = given.get(flag)
  const last = texts?.at(-1)
  switch (definition.kind) {
    case 'switch':
      return last === 'true'
    case 'texts':
      return texts ?? []
    case 'text':
      return last
    case 'choice':
      if (last === undefined || definition.of.includes(last)) return last
      throw invalidValue(flag, last, `must be ${definition.of.join(' or ')}`)
    case 'duration': {
      const milliseconds = last === undefined ? undefined : parseDuration(last)
      if (typeof milliseconds === 'object') throw invalidValue(flag, last ?? '', milliseconds.problem)
      return milliseconds
    }
  }
}

function invalidValue(flag: string, value: string, problem: string): HelmS3Error {
  return usage(`invalid argument ${JSON.stringify(value)} for "--${flag}" flag: ${problem}`)
}

function usage(message: string): HelmS3Error {
  return new HelmS3Error('usage', message, { hint: RUN_HELP })
}

/** The help of a command, or of all of them. */
export async function helpText(command: Command | undefined): Promise<string> {
  const { default: yargs } = await import('yargs')
  const own = command?.flags ?? {}
  const parser = yargs([]).help(false).version(false).detectLocale(false).wrap(100).updateStrings({ 'Options:': 'Flags:' })
  for (const [flag, definition] of Object.entries({ ...own, ...GLOBAL_FLAGS })) parser.option(flag, helpOption(definition))
  if (command !== undefined) parser.group(Object.keys(own), 'Flags:').group(Object.keys(GLOBAL_FLAGS), 'Global flags:')
  return `${command === undefined ? overview() : headOf(command)}\n\n${(await parser.getHelp()).trim()}\n\n${examplesOf(command)}\n`
}

function headOf({ usage, aliases, about }: Command): string {
  const also = aliases.length === 0 ? '' : `\n\nAlso called: ${aliases.join(', ')}`
  return `helm s3 ${usage} [flags]\n\n${about}.${also}`
}

function overview(): string {
  const rows = VISIBLE.map(({ usage, about }) => [usage, about] as const)
  const width = Math.max(...rows.map(([usage]) => usage.length))
  const lines = rows.map(([usage, about]) => `  ${usage.padEnd(width)}  ${about}`)
  return `helm s3 COMMAND [flags]\n\nHelm chart repositories on S3 that lose no chart.\n\nCommands:\n${lines.join('\n')}`
}

/** Of all commands: the first example of each, and two words of advice. */
function examplesOf(command: Command | undefined): string {
  const examples = command === undefined ? VISIBLE.flatMap(({ examples }) => examples.slice(0, 1)) : command.examples
  const lines = examples.map(([line, about]) => `  # ${about}\n  helm s3 ${line}`)
  const advice =
    command === undefined
      ? '\n\n`helm s3 COMMAND --help` tells more. Write --flag=VALUE: of `--flag ""` Helm drops the value and the word after it.'
      : ''
  return `Examples:\n${lines.join('\n')}${advice}`
}

function helpOption(definition: Flag): { describe: string; type: 'boolean' | 'string'; alias?: string; default?: string; defaultDescription?: string } {
  return {
    describe: definition.kind === 'choice' ? `${definition.about} (${definition.of.join(' or ')})` : definition.about,
    type: definition.kind === 'switch' ? 'boolean' : 'string',
    ...('short' in definition && definition.short !== undefined ? { alias: definition.short } : {}),
    ...('shownDefault' in definition && definition.shownDefault !== undefined ? { defaultDescription: definition.shownDefault } : {}),
  }
}
