import { type Command, commandName } from '../../lib/ui/command.ts'
import { COMMANDS } from '../../lib/cli/command-table.ts'
import { type Flag, type Flags, GLOBAL_FLAGS } from '../../lib/ui/flags.ts'
import type { JsonSchema } from '../../lib/ui/json-schema.ts'

/** Every page of `docs/commands/`, by its file name: made of what `--help` shows, and of the schema of the results. */
export function commandPages(): ReadonlyMap<string, string> {
  const visible = COMMANDS.filter(({ isHidden }) => !isHidden)
  const pages = visible.map((command) => [`${commandName(command)}.md`, commandPage(command)] as const)
  return new Map([['README.md', overviewPage(visible)], ...pages])
}

function overviewPage(commands: readonly Command[]): string {
  const rows = commands.map((command) => {
    const name = commandName(command)
    return `| [\`${command.usage}\`](${name}.md) | ${cell(command.about)} |`
  })
  return page([
    '# Commands',
    'REPO is a name from `helm repo list` or an `s3://` URI. Flags may stand anywhere on the line, as `--flag ' +
      'VALUE` or `--flag=VALUE`; `--` ends them.',
    ['| command | |', '|---|---|', ...rows].join('\n'),
    '## Flags of every command',
    flagTable(GLOBAL_FLAGS),
  ])
}

function commandPage(command: Command): string {
  const { about, aliases, details, examples, flags, result, usage } = command
  return page([
    `# helm s3 ${commandName(command)}`,
    `${about}.`,
    fenced('sh', [`helm s3 ${usage} [flags]`]),
    ...(aliases.length === 0 ? [] : [`Also called: ${aliases.map((alias) => `\`${alias}\``).join(', ')}.`]),
    ...details,
    '## Examples',
    fenced(
      'sh',
      examples.flatMap(([line, text]) => [`# ${text}`, `helm s3 ${line}`]),
    ),
    ...(Object.keys(flags).length === 0 ? [] : ['## Flags', flagTable(flags)]),
    'The [flags of every command](README.md#flags-of-every-command) come on top.',
    ...(result === undefined
      ? []
      : [
          '## Result',
          'What `-o json` prints (`-o yaml`: the same value). Fields stay as they are; new ones may come.',
          schemaTable(result),
        ]),
  ])
}

function flagTable(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, flag]) => {
    const short = 'short' in flag && flag.short !== undefined ? `, \`-${flag.short}\`` : ''
    const standard = 'shownDefault' in flag && flag.shownDefault !== undefined ? `\`${flag.shownDefault}\`` : ''
    return `| \`--${name}\`${short} | ${valueOf(flag)} | ${standard} | ${cell(flag.about)} |`
  })
  return ['| flag | value | default | |', '|---|---|---|---|', ...rows].join('\n')
}

function valueOf(flag: Flag): string {
  switch (flag.kind) {
    case 'switch':
      return ''
    case 'toggle':
      return 'none, or `=false`'
    case 'text':
      return 'text'
    case 'texts':
      return 'text, repeatable'
    case 'optional':
      return 'none, or `=` and a text; repeatable'
    case 'count':
      return 'number'
    case 'duration':
      return 'duration (`90s`, `5m`)'
    case 'age':
      return 'age (`36h`, `90d`)'
    case 'choice':
      return flag.of.map((value) => `\`${value}\``).join(', ')
  }
}

function schemaTable(schema: JsonSchema): string {
  return ['| field | type | |', '|---|---|---|', ...schemaRows(schema, '')].join('\n')
}

/** One row a field; those of the items of a list stand below it as `list[].field`. */
function schemaRows(schema: JsonSchema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const own = path === '' ? name : `${path}.${name}`
    const row = `| \`${own}\` | ${typeName(field)} | ${cell(field.description ?? '')} |`
    const inner = field.items === undefined ? schemaRows(field, own) : schemaRows(field.items, `${own}[]`)
    return [row, ...inner]
  })
}

function typeName({ enum: values, items, type }: JsonSchema): string {
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ')
  const names = [type ?? 'any'].flat().join(' or ')
  return items === undefined || items.properties !== undefined ? names : `${names} of ${typeName(items)}`
}

/** Text in a cell of a table: `|` would end it, `<` would open a tag. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

function fenced(language: string, lines: readonly string[]): string {
  return [`\`\`\`${language}`, ...lines, '```'].join('\n')
}

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}
