import type { Context } from './context.ts'
import type { FlagValues, Flags } from './flags.ts'

/** How many arguments a command takes. */
export interface Arity {
  readonly min: number
  readonly max: number
}

/** A command of the command line: its surface, and where its work is done. */
export interface Command {
  /** `push PATH... REPO`: the name, then the arguments. */
  readonly usage: string
  readonly aliases: readonly string[]
  readonly about: string
  readonly arity: Arity
  /** Its own flags; the global ones come on top. */
  readonly flags: Flags
  /** What to type after `helm s3`, and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  /** Not in the help, nor suggested. */
  readonly isHidden: boolean
  run(context: Context, args: readonly string[], flags: Readonly<Record<string, unknown>>): Promise<void>
}

type CommandDefinition<F extends Flags> = Pick<Command, 'usage' | 'about' | 'arity' | 'examples'> &
  Partial<Pick<Command, 'aliases' | 'isHidden'>> & {
    readonly flags: F
    run(context: Context, args: readonly string[], flags: FlagValues<F>): Promise<void>
  }

/** A command whose `run` gets its flags with their types. */
export function command<const F extends Flags>(definition: CommandDefinition<F>): Command {
  return {
    aliases: [],
    isHidden: false,
    ...definition,
    run: (context, args, flags) => definition.run(context, args, flags as FlagValues<F>),
  }
}

export const exactly = (count: number): Arity => ({ min: count, max: count })
export const atLeast = (count: number): Arity => ({ min: count, max: Infinity })
