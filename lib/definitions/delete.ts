import { command, exactly } from '../command.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { listOf, objectOf, text } from '../json-schema.ts'

export const deleteDefinition = command({
  usage: 'delete NAME REPO',
  aliases: ['del'],
  about: 'Delete chart versions: all that are named exist, or nothing happens',
  arity: exactly(2),
  flags: {
    version: { kind: 'texts', about: 'the version; several with commas, or by giving the flag several times', required: true },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['delete app stable --version=1.2.0', 'delete one version'],
    ['delete app stable --version=1.2.0,1.2.1', 'delete two'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    delta: text('id of the delta'),
    removed: listOf(objectOf({ name: text('of the chart'), version: text('that left the index') })),
    keptArchives: listOf(text('key of an archive that stays in the bucket')),
  }),
  run: async (context, [name = '', repository = ''], { version: versions }) => {
    const { deleteCommand } = await import('../commands/delete.ts')
    await deleteCommand(context, { name, repository, versions })
  },
})
