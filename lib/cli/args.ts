import { type Command, commandName, findCommand } from '../ui/command.ts'
import { type CommandLine, readCommandLine } from '../ui/command-line.ts'
import { COMMANDS, unknownCommand } from './command-table.ts'
import { COMPLETE } from '../commands/complete/definition.ts'
import { readDownloaderCall } from './downloader-call.ts'
import { parseAge, parseDuration } from '../text/duration.ts'
import { RUN_HELP } from '../ui/error-text.ts'
import { HelmS3Error } from '../errors.ts'
import { type Flag, type Flags, GLOBAL_FLAGS, HELM_FLAGS, SETTING_FLAGS } from '../ui/flags.ts'
import type { Invocation } from './invocation.ts'
import type { OutputForm } from '../ui/output.ts'
import { isGoFalse, isGoTrue } from '../settings/environment.ts'

/**
 * What a command line asks for. Its messages are those of the Go plugin (spf13/cobra, spf13/pflag), and so is the order
 * of its complaints: flags, then the number of arguments, then what is required.
 *
 * A call by Helm's downloader and the words of a line that is being completed are passed on unread: they contain no
 * flags of this program.
 * @param argv the words after `helm s3`
 * @throws HelmS3Error `usage`
 */
export function parseArgs(argv: readonly string[]): Invocation {
  const call = readDownloaderCall(argv)
  if (call !== undefined) return asItStands('download', call)
  if (argv[0] === COMPLETE) return asItStands(COMPLETE, argv.slice(1))
  const line = readCommandLine(argv, COMMANDS)
  const [unknown] = line.unknown
  if (unknown !== undefined) throw usage(unknownFlag(unknown))
  const [first, ...rest] = line.words
  if (first === undefined || first === 'help') {
    refuseFlags(line, {})
    if (rest.length === 0) return { kind: 'help', command: undefined }
  }
  const name = first === 'help' ? rest.join(' ') : (first ?? '')
  const command = findCommand(COMMANDS, name)
  if (command === undefined) throw unknownCommand(name)
  refuseFlags(line, command.flags)
  if (first === 'help' || readFlag('help', GLOBAL_FLAGS.help, line.given) === true) return { kind: 'help', command }
  refuseCount(command, rest, line)
  return invocationOf(command, rest, line.given)
}

/** `--exit-codes` as it was given, also on a line with mistakes: their exit status depends on it. */
export function exitCodesOf(argv: readonly string[]): string | undefined {
  return readCommandLine(argv, COMMANDS).given.get('exit-codes')?.at(-1)
}

function asItStands(name: string, args: readonly string[]): Invocation {
  const command = findCommand(COMMANDS, name)
  if (command === undefined) throw unknownCommand(name)
  return {
    kind: 'run',
    command,
    args,
    flags: {},
    settings: {},
    timeout: undefined,
    isVerbose: false,
    isQuiet: false,
    form: 'table',
  }
}

function invocationOf(command: Command, args: readonly string[], given: CommandLine['given']): Invocation {
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
    args,
    flags,
    settings: Object.fromEntries(Object.keys(SETTING_FLAGS).map((flag) => [flag, given.get(flag)?.at(-1)])),
    timeout: readFlag('timeout', GLOBAL_FLAGS.timeout, given) as number | undefined,
    isVerbose: readFlag('verbose', GLOBAL_FLAGS.verbose, given) === true,
    isQuiet: readFlag('quiet', GLOBAL_FLAGS.quiet, given) === true,
    form: (flags['output'] as OutputForm | undefined) ?? 'table',
  }
}

/** Refuses flags that the command does not have, and flags that lack their value. */
function refuseFlags({ bare, given }: CommandLine, own: Flags): void {
  for (const flag of given.keys()) {
    const isKnown = Object.hasOwn(own, flag) || Object.hasOwn(GLOBAL_FLAGS, flag) || Object.hasOwn(HELM_FLAGS, flag)
    if (!isKnown) throw usage(unknownFlag(`--${flag}`))
    const typed = bare.get(flag)
    if (typed === undefined) continue
    const hint = `Helm drops an empty argument together with the one after it: write ${typed}=VALUE\n${RUN_HELP}`
    throw new HelmS3Error('usage', `flag needs an argument: ${typed}`, { hint })
  }
}

function unknownFlag(word: string): string {
  if (word.startsWith('--')) return `unknown flag: ${word}`
  return `unknown shorthand flag: '${word.charAt(1)}' in ${word}`
}

function refuseCount(command: Command, args: readonly string[], { spaced: [swallowing] }: CommandLine): void {
  const { min, max } = command.arity
  if (args.length >= min && args.length <= max) return
  if (max === 0) throw usage(`unknown command ${JSON.stringify(args[0])} for "s3 ${commandName(command)}"`)
  const hint =
    swallowing === undefined || args.length > max
      ? RUN_HELP
      : `If the value of ${swallowing} was empty, Helm has dropped it: write ${swallowing}=VALUE\n${RUN_HELP}`
  const wanted = min === max || max === Infinity ? String(min) : `between ${String(min)} and ${String(max)}`
  throw new HelmS3Error('usage', `accepts ${wanted} arg(s), received ${String(args.length)}`, { hint })
}

function readFlag(flag: string, definition: Flag, given: ReadonlyMap<string, readonly string[]>): unknown {
  const texts = given.get(flag)
  const last = texts?.at(-1)
  switch (definition.kind) {
    case 'switch':
      return last !== undefined && readBoolean(flag, last)
    case 'toggle':
      return last === undefined ? undefined : readBoolean(flag, last)
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
      const milliseconds =
        last === undefined ? undefined : definition.kind === 'age' ? parseAge(last) : parseDuration(last)
      if (typeof milliseconds === 'object') throw invalidValue(flag, last ?? '', milliseconds.problem)
      return milliseconds
    }
  }
}

/**
 * As Go's `strconv.ParseBool`, with its words: what is neither true nor false must not silently turn off, say,
 * `--dry-run`.
 */
function readBoolean(flag: string, text: string): boolean {
  if (isGoTrue(text)) return true
  if (isGoFalse(text)) return false
  throw invalidValue(flag, text, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
}

function readCount(
  flag: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: Extract<Flag, { readonly kind: 'count' }>,
  text: string,
): number {
  const count = /^\+?\d+$/.test(text) ? Number(text) : NaN
  if (count >= min && count <= max) return count
  const range =
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number, at least ${String(min)}`
      : `a whole number from ${String(min)} to ${String(max)}`
  throw invalidValue(flag, text, `must be ${range}`)
}

function invalidValue(flag: string, value: string, problem: string): HelmS3Error {
  return usage(`invalid argument ${JSON.stringify(value)} for "--${flag}" flag: ${problem}`)
}

function usage(message: string): HelmS3Error {
  return new HelmS3Error('usage', message, { hint: RUN_HELP })
}
