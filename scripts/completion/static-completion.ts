import { type Command, commandName } from '../../lib/ui/command.ts'
import { COMMANDS } from '../../lib/cli/command-table.ts'
import { GLOBAL_FLAGS } from '../../lib/ui/flags.ts'

/** An entry of Helm's `completion.yaml` (helm/helm pkg/cmd/load_plugins.go). */
export interface StaticCompletion {
  readonly name: string
  readonly flags?: readonly string[]
  readonly commands?: readonly StaticCompletion[]
}

/**
 * The commands and their flags for `completion.yaml`. Aliases are commands of their own, so that their arguments are
 * completed, too. No command has `validArgs`: Helm would then not ask `plugin.complete` for its arguments.
 */
export function staticCompletion(): StaticCompletion {
  const visible = COMMANDS.filter(({ isHidden }) => !isHidden)
  const commands = visible.flatMap((command) =>
    [commandName(command), ...command.aliases].map((name) => ({ name, flags: flagNames(command) })),
  )
  return { name: 's3', commands: [...commands, { name: 'help' }] }
}

/**
 * Long names, then letters. Helm pairs the first letter with the first long name, and so on: flags with a letter come
 * first. Helm adds `help` itself. A letter `v` would collide with Helm's own and make it panic: the command line has
 * none.
 */
function flagNames({ flags }: Command): readonly string[] {
  const all = Object.entries({ ...flags, ...GLOBAL_FLAGS }).filter(([name]) => name !== 'help')
  const withLetter = all.flatMap(([name, flag]) =>
    'short' in flag && flag.short !== undefined ? [{ name, letter: flag.short }] : [],
  )
  const names = withLetter.map(({ name }) => name)
  return [
    ...names,
    ...all.map(([name]) => name).filter((name) => !names.includes(name)),
    ...withLetter.map(({ letter }) => letter),
  ]
}
