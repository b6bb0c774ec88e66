import { command, exactly } from '../../ui/command.ts'
import { INDEX_FORMS, OUTPUT_FLAG } from '../../ui/flags.ts'
import { objectOf, oneOf, text, truth, whole } from '../../ui/json-schema.ts'

export const initDefinition = command({
  usage: 'init URI',
  about: 'Create an empty chart repository at an s3:// URI',
  arity: exactly(1),
  flags: {
    force: { kind: 'switch', about: 'empty the index of an existing repository; its archives stay in the bucket' },
    'ignore-if-exists': { kind: 'switch', about: 'leave an existing repository as it is, and succeed' },
    format: {
      kind: 'choice',
      about: 'format of index.yaml; Helm reads JSON several times faster',
      of: INDEX_FORMS,
      shownDefault: 'json',
    },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['init s3://acme-charts/stable', 'create a repository'],
    ['init s3://acme-charts/stable --ignore-if-exists', 'the same in a script that runs repeatedly'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    initialized: truth('whether index.yaml was written'),
    format: oneOf(INDEX_FORMS, 'requested format of index.yaml'),
    dropped: whole('chart versions that were removed from the index'),
  }),
  run: async (context, [url = ''], flags) => {
    const { init } = await import('./init.ts')
    const { force, 'ignore-if-exists': ignoreIfExists, format } = flags
    await init(context, { url, force, ignoreIfExists, format })
  },
})
