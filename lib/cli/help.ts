import wrapAnsi from 'wrap-ansi'
import type { Command } from '../ui/command.ts'
import { COMMANDS } from './command-table.ts'
import { type Flag, GLOBAL_FLAGS } from '../ui/flags.ts'

/** Columns of the help, whatever the terminal has: the same text everywhere. */
const WIDTH = 100

const VISIBLE = COMMANDS.filter(({ isHidden }) => !isHidden)

/** The help of a command, or of all of them. */
export async function helpText(command: Command | undefined): Promise<string> {
  const { default: yargs } = await import('yargs')
  const own = command?.flags ?? {}
  const parser = yargs([])
    .help(false)
    .version(false)
    .detectLocale(false)
    .wrap(WIDTH)
    .updateStrings({ 'Options:': 'Flags:' })
  for (const [flag, definition] of Object.entries({ ...own, ...GLOBAL_FLAGS }))
    parser.option(flag, helpOption(definition))
  if (command !== undefined) parser.group(Object.keys(own), 'Flags:').group(Object.keys(GLOBAL_FLAGS), 'Global flags:')
  const head = command === undefined ? overview() : headOf(command)
  return `${head}\n\n${(await parser.getHelp()).trim()}\n\n${examplesOf(command)}\n`
}

function headOf({ usage, aliases, about, details }: Command): string {
  const also = aliases.length === 0 ? [] : [`Also called: ${aliases.join(', ')}`]
  const paragraphs = [`${about}.`, ...details, ...also].map((paragraph) => wrapAnsi(paragraph, WIDTH))
  return [`helm s3 ${usage} [flags]`, ...paragraphs].join('\n\n')
}

function overview(): string {
  const rows = VISIBLE.map(({ usage, about }) => [usage, about] as const)
  const width = Math.max(...rows.map(([usage]) => usage.length))
  const lines = rows.map(([usage, about]) => `  ${usage.padEnd(width)}  ${about}`)
  return (
    `helm s3 COMMAND [flags]\n\nHelm chart repositories on S3 that lose no ` +
    `chart.\n\nCommands:\n${lines.join('\n')}`
  )
}

/** The examples of a command; without one, the first example of every command, and advice. */
function examplesOf(command: Command | undefined): string {
  const examples = command === undefined ? VISIBLE.flatMap(({ examples }) => examples.slice(0, 1)) : command.examples
  const lines = examples.map(([line, about]) => `  # ${about}\n  helm s3 ${line}`)
  const advice =
    command === undefined
      ? '\n\nRun `helm s3 COMMAND --help` for more about a command. Write --flag=VALUE: Helm drops the empty value ' +
        'of `--flag ""`, and the word after it.'
      : ''
  return `Examples:\n${lines.join('\n')}${advice}`
}

function helpOption(definition: Flag): {
  describe: string
  type: 'boolean' | 'string'
  alias?: string
  default?: string
  defaultDescription?: string
} {
  return {
    describe: definition.kind === 'choice' ? `${definition.about} (${definition.of.join(' or ')})` : definition.about,
    type: definition.kind === 'switch' || definition.kind === 'toggle' ? 'boolean' : 'string',
    ...('short' in definition && definition.short !== undefined ? { alias: definition.short } : {}),
    ...('shownDefault' in definition && definition.shownDefault !== undefined
      ? { defaultDescription: definition.shownDefault }
      : {}),
  }
}
