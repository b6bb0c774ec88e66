import { command, exactly } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { objectOf, text } from '../../ui/json-schema.ts'

export const versionDefinition = command({
  usage: 'version',
  about: 'Print the version of this plugin',
  arity: exactly(0),
  flags: { mode: { kind: 'switch', about: 'also print the mode of Helm' }, ...OUTPUT_FLAG },
  examples: [['version', 'print the version']],
  result: objectOf({ version: text('of this plugin'), mode: text('as the Go plugin names it, always v3') }),
  run: async (context, _args, { mode }) => {
    const { version } = await import('./version.ts')
    await version(context, { mode })
  },
})
