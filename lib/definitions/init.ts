import { command, exactly } from '../command.ts'
import { INDEX_FORMS, OUTPUT_FLAG } from '../flags.ts'
import { objectOf, oneOf, text, truth, whole } from '../json-schema.ts'

export const initDefinition = command({
  usage: 'init URI',
  about: 'Make an empty chart repository at an s3:// URI',
  arity: exactly(1),
  flags: {
    force: { kind: 'switch', about: 'empty a repository that is there already; its archives stay' },
    'ignore-if-exists': { kind: 'switch', about: 'leave a repository that is there already as it is, and succeed' },
    format: { kind: 'choice', about: 'form of index.yaml; Helm reads JSON text several times faster', of: INDEX_FORMS, shownDefault: 'json' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['init s3://acme-charts/stable', 'make a repository'],
    ['init s3://acme-charts/stable --ignore-if-exists', 'the same, in a script that runs again and again'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    initialized: truth('whether index.yaml was written'),
    format: oneOf(INDEX_FORMS, 'form of index.yaml that was asked for'),
    dropped: whole('chart versions that left the index'),
  }),
  run: async (context, [url = ''], flags) => {
    const { init } = await import('../commands/init.ts')
    const { force, 'ignore-if-exists': ignoreIfExists, format } = flags
    await init(context, { url, force, ignoreIfExists, format })
  },
})
