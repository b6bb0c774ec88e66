import { atLeast, command } from '../../ui/command.ts'
import { CONFIG_KEYS } from '../../settings/repository-config.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth } from '../../ui/json-schema.ts'

export const configDefinition = command({
  usage: 'config REPO [KEY=VALUE]...',
  about: 'Show or change the defaults that a repository sets for everyone who writes to it',
  details: [
    'Every command that writes reads them from the repository. A flag takes precedence over the query of the ' +
      'repository URL, the query over the environment, and the environment over these defaults. Changing them does ' +
      'not rewrite existing entries and objects.',
    'relative: true or false; whether new entries have relative URLs, which are only the file name. publish-url: ' +
      'the https URL at which the repository is also served; new entries have it instead of s3://. It cannot be ' +
      'combined with relative=true. Entries with an earlier publish-url count as pointing outside the repository: ' +
      'their archives are neither reindexed nor deleted. literal-plus: true or false; whether the + in a ' +
      'version with build metadata is written into the URLs of new entries as +, instead of %2B. In `helm ' +
      'dependency update` Helm 3 requests %252B if a relative URL contains %2B and the repository was added ' +
      'over http(s). S3 itself, however, reads a plain + in an https URL as a space. So use literal-plus ' +
      'if a web server answers that reads + as +.',
    'acl, sse, sse-kms-key-id: access and encryption of every object that is written. grace-window: how long ' +
      'compaction keeps folded deltas, at least 1m. format: json or yaml; the format in which compaction, init ' +
      '--force and reindex --rebuild write index.yaml.',
    'Costs one GET and one HEAD request, and one PUT more for a change. Two clients can change different keys at ' +
      'the same time.',
  ],
  arity: atLeast(1),
  flags: {
    unset: { kind: 'texts', about: 'remove this key; may be given several times' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['config stable', 'show which settings apply, and where each of them comes from'],
    ['config stable relative=true grace-window=10m', 'change two settings'],
    [
      'config stable relative=true literal-plus=true',
      'for a repository behind a web server, with build metadata in the versions of dependencies',
    ],
    ['config stable publish-url=https://charts.acme.dev/stable --unset relative', 'for a repository behind a CDN'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    written: truth('whether the defaults of the repository were changed'),
    settings: listOf(
      objectOf({
        key: oneOf(CONFIG_KEYS, 'of the setting'),
        value: textOrNull('the value that applies with this command line and environment; null: none'),
        from: textOrNull(
          'where the value comes from: a flag, a variable, `repository` or `built-in`; null: nothing sets it',
        ),
        repository: textOrNull('the value in the repository; null: it sets none'),
      }),
    ),
    ignored: listOf(text('which default of the repository cannot be used, and why')),
  }),
  run: async (context, [repository = '', ...changes], { unset }) => {
    const { config } = await import('./config.ts')
    await config(context, { repository, changes, unset })
  },
})
