import type { Context } from './context.ts'
import type { FlagValues, Flags } from './flags.ts'
import type { JsonSchema } from './json-schema.ts'

/** How many arguments a command takes. */
export interface Arity {
  readonly min: number
  readonly max: number
}

/** A command of the command line: what users see of it, and the module that does its work. */
export interface Command {
  /** `push PATH... REPO`: the name of the command, then its arguments. */
  readonly usage: string
  readonly aliases: readonly string[]
  /** One line, without a full stop. */
  readonly about: string
  /**
   * What a user needs to know beyond that line: paragraphs of plain text, each without line breaks. `--help` and the
   * documentation show them.
   */
  readonly details: readonly string[]
  readonly arity: Arity
  /** The command's own flags. The global flags are added to them. */
  readonly flags: Flags
  /** What to type after `helm s3`, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  /** The JSON Schema of what `-o json` prints. Undefined for a command that reports nothing. */
  readonly result: JsonSchema | undefined
  /** Whether the command is left out of the help and is never suggested. */
  readonly isHidden: boolean
  run(context: Context, args: readonly string[], flags: Readonly<Record<string, unknown>>): Promise<void>
}

/** The name of a command, which is the first word of its usage. */
export function commandName({ usage }: Pick<Command, 'usage'>): string {
  return usage.split(' ', 1)[0] ?? usage
}

/** The command with this name or alias. */
export function findCommand(commands: readonly Command[], name: string | undefined): Command | undefined {
  return commands.find((command) => commandName(command) === name || command.aliases.some((alias) => alias === name))
}

type CommandDefinition<F extends Flags> = Pick<Command, 'usage' | 'about' | 'arity' | 'examples'> &
  Partial<Pick<Command, 'aliases' | 'details' | 'isHidden' | 'result'>> & {
    readonly flags: F
    run(context: Context, args: readonly string[], flags: FlagValues<F>): Promise<void>
  }

/** Defines a command whose `run` gets its flags with their types. */
export function command<const F extends Flags>(definition: CommandDefinition<F>): Command {
  return {
    aliases: [],
    details: [],
    result: undefined,
    isHidden: false,
    ...definition,
    run: (context, args, flags) => definition.run(context, args, flags as FlagValues<F>),
  }
}

export const exactly = (count: number): Arity => ({ min: count, max: count })
export const between = (min: number, max: number): Arity => ({ min, max })
export const atLeast = (count: number): Arity => ({ min: count, max: Infinity })
