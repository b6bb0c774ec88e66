import type { Command } from '../ui/command.ts'
import type { OutputForm } from '../ui/output.ts'
import type { SettingFlags } from '../settings/sources.ts'

/** What a command line asks for. */
export type Invocation =
  /** Of one command, or of all of them. */
  { readonly kind: 'help'; readonly command: Command | undefined } | RunInvocation

/** A command that is to run. */
export interface RunInvocation {
  readonly kind: 'run'
  readonly command: Command
  readonly args: readonly string[]
  /** The command's own flags, with values of the types that `FlagValue` gives. */
  readonly flags: Readonly<Record<string, unknown>>
  /** Flags of `SETTING_FLAGS`, as typed. */
  readonly settings: SettingFlags
  /** Milliseconds; undefined: the default. */
  readonly timeout: number | undefined
  readonly isVerbose: boolean
  /** Nothing but errors, and what a machine-readable form asks for. */
  readonly isQuiet: boolean
  readonly form: OutputForm
}
