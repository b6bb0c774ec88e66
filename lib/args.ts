import { Parser } from 'yargs/helpers'
import type { Command } from './command.ts'
import { COMMANDS, commandName, findCommand, unknownCommand } from './command-table.ts'
import { parseAge, parseDuration } from './duration.ts'
import { RUN_HELP } from './error-text.ts'
import { HelmS3Error } from './errors.ts'
import { type Flag, type Flags, GLOBAL_FLAGS, HELM_FLAGS, SETTING_FLAGS } from './flags.ts'
import type { Invocation } from './invocation.ts'
import type { OutputForm } from './output.ts'

/** Every flag that there is. Of one that several commands have, the kind of the last one. */
const ALL_FLAGS: Flags = Object.assign({}, ...COMMANDS.map(({ flags }) => flags), HELM_FLAGS, GLOBAL_FLAGS) as Flags

/**
 * Reads a command line as the Go plugin does (spf13/cobra, spf13/pflag): flags anywhere, `--flag value` and `--flag=value`,
 * `--` ends them; its messages, and its order of complaints: flags, then the number of arguments, then what is required.
 * @throws HelmS3Error `usage`
 */
export function parseArgs(argv: readonly string[]): Invocation {
  const table = flagTable(argv)
  const { words, given } = parseFlags(argv, table)
  const [first, ...rest] = words
  if (first === undefined || first === 'help') {
    refuseFlags(given, {}, argv, table)
    if (rest.length === 0) return { kind: 'help', command: undefined }
  }
  const name = first === 'help' ? rest.join(' ') : (first ?? '')
  const command = findCommand(name)
  if (command === undefined) throw unknownCommand(name)
  refuseFlags(given, command.flags, argv, table)
  if (first === 'help' || given.has('help')) return { kind: 'help', command }

  refuseCount(command, rest, argv, table)
  const flags: Record<string, unknown> = {}
  for (const [flag, definition] of Object.entries(command.flags)) {
    if (definition.kind === 'texts' && definition.required === true && !given.has(flag)) {
      throw new HelmS3Error('usage', `required flag(s) ${JSON.stringify(flag)} not set`)
    }
    flags[flag] = readFlag(flag, definition, given)
  }
  readFlag('exit-codes', GLOBAL_FLAGS['exit-codes'], given)
  return {
    kind: 'run',
    command,
    args: rest,
    flags,
    settings: Object.fromEntries(Object.keys(SETTING_FLAGS).map((flag) => [flag, given.get(flag)?.at(-1)])),
    timeout: readFlag('timeout', GLOBAL_FLAGS.timeout, given) as number | undefined,
    isVerbose: readFlag('verbose', GLOBAL_FLAGS.verbose, given) === true,
    isQuiet: readFlag('quiet', GLOBAL_FLAGS.quiet, given) === true,
    form: (flags['output'] as OutputForm | undefined) ?? 'table',
  }
}

/**
 * The flags as the command of the line has them: `--prov` is a switch of one command and has a value in another. The command is
 * the one that the line names when it is read with that command's flags, for flags can stand before it.
 */
function flagTable(argv: readonly string[]): Flags {
  const first = findCommand(argv[0] ?? '')
  const tableOf = (command: Command | undefined): Flags => ({ ...ALL_FLAGS, ...command?.flags })
  const namesItself = (command: Command): boolean => findCommand(parseFlags(argv, tableOf(command)).words[0] ?? '') === command
  return tableOf(first ?? COMMANDS.find(namesItself))
}

interface ParsedLine {
  readonly words: readonly string[]
  readonly given: ReadonlyMap<string, readonly string[]>
}

/** The words that are no flags, and the values of each flag in the order of the line. */
function parseFlags(argv: readonly string[], table: Flags): ParsedLine {
  const isSwitch = (flag: string): boolean => isBoolean(table[flag])
  const shorts = Object.entries(table).flatMap(([flag, definition]) =>
    'short' in definition && definition.short !== undefined ? [[flag, [definition.short]] as const] : [],
  )
  const { _: words, '--': literal = [], ...values } = Parser(separateShortValues(argv, table), {
    boolean: Object.keys(table).filter(isSwitch),
    string: Object.keys(table).filter((flag) => !isSwitch(flag)),
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

/** A flag that needs no value gets the empty one. `-ojson` as `-o=json`, which pflag also takes; Helm itself leaves `-nNAMESPACE` in the line. */
function separateShortValues(argv: readonly string[], table: Flags): string[] {
  const end = argv.indexOf('--')
  const isOptional = (word: string): boolean => word.startsWith('--') && table[word.slice(2)]?.kind === 'optional'
  const separate = (word: string): string => (isOptional(word) ? `${word}=` : word.replace(/^-([odnv])(?=[^=])/, '-$1='))
  return argv.map((word, i) => (end >= 0 && i > end ? word : separate(word)))
}

/** Refuses flags that the command does not have, and flags that lack their value. */
function refuseFlags(given: ParsedLine['given'], own: Flags, argv: readonly string[], table: Flags): void {
  for (const [flag, texts] of given) {
    if (!(flag in own) && !(flag in GLOBAL_FLAGS) && !(flag in HELM_FLAGS)) throw usage(unknownFlag(`--${flag}`))
    if (texts.includes('')) refuseMissingValue(flag, argv, table[flag])
  }
}

/** `--flag=` gives the empty value on purpose; `--flag` at the end of the line, or before another flag, forgets it. */
function refuseMissingValue(flag: string, argv: readonly string[], definition: Flag | undefined): void {
  if (definition?.kind === 'optional') return
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

function refuseCount(command: Command, args: readonly string[], argv: readonly string[], table: Flags): void {
  const { min, max } = command.arity
  if (args.length >= min && args.length <= max) return
  if (max === 0) throw usage(`unknown command ${JSON.stringify(args[0])} for "s3 ${commandName(command)}"`)
  const swallowed = args.length < min ? argv.find((word, i) => takesNextWord(word, table) && i + 1 < argv.length) : undefined
  const hint =
    swallowed === undefined
      ? RUN_HELP
      : `If the value of ${swallowed} was empty, Helm has dropped it: write ${swallowed}=VALUE\n${RUN_HELP}`
  const wanted = min === max || max === Infinity ? String(min) : `between ${String(min)} and ${String(max)}`
  throw new HelmS3Error('usage', `accepts ${wanted} arg(s), received ${String(args.length)}`, { hint })
}

function takesNextWord(word: string, table: Flags): boolean {
  const definition = word.startsWith('--') ? table[word.slice(2)] : undefined
  return definition !== undefined && !isBoolean(definition) && definition.kind !== 'optional'
}

function isBoolean(definition: Flag | undefined): boolean {
  return definition?.kind === 'switch' || definition?.kind === 'toggle'
}

function readFlag(flag: string, definition: Flag, given: ReadonlyMap<string, readonly string[]>): unknown {
  const texts = given.get(flag)
  const last = texts?.at(-1)
  switch (definition.kind) {
    case 'switch':
      return last === 'true'
    case 'toggle':
      return last === undefined ? undefined : last === 'true'
    case 'texts':
    case 'optional':
      return texts ?? []
    case 'text':
      return last
    case 'choice':
      if (last === undefined || definition.of.includes(last)) return last
      throw invalidValue(flag, last, `must be ${definition.of.join(' or ')}`)
    case 'count':
      return last === undefined ? undefined : readCount(flag, definition, last)
    case 'duration':
    case 'age': {
      const milliseconds = last === undefined ? undefined : definition.kind === 'age' ? parseAge(last) : parseDuration(last)
      if (typeof milliseconds === 'object') throw invalidValue(flag, last ?? '', milliseconds.problem)
      return milliseconds
    }
  }
}

function readCount(flag: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: Extract<Flag, { readonly kind: 'count' }>, text: string): number {
  const count = /^\+?\d+$/.test(text) ? Number(text) : NaN
  if (count >= min && count <= max) return count
  const range = max === Number.MAX_SAFE_INTEGER ? `a whole number, at least ${String(min)}` : `a whole number from ${String(min)} to ${String(max)}`
  throw invalidValue(flag, text, `must be ${range}`)
}

function invalidValue(flag: string, value: string, problem: string): HelmS3Error {
  return usage(`invalid argument ${JSON.stringify(value)} for "--${flag}" flag: ${problem}`)
}

function usage(message: string): HelmS3Error {
  return new HelmS3Error('usage', message, { hint: RUN_HELP })
}
