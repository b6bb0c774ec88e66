import { atLeast, command } from '../command.ts'
import { CONFIG_KEYS } from '../core/repository-config.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth } from '../json-schema.ts'

export const configDefinition = command({
  usage: 'config REPO [KEY=VALUE]...',
  about: 'Show or change the defaults that a repository keeps for all who write to it',
  details: [
    'Commands that write read them from the repository. A flag wins over the query of the repository URL, that over the environment, that over these defaults. What is there already is not rewritten when they change.',
    'relative: true or false; whether new entries name the file alone. publish-url: the https URL at which the repository is also served; new entries have it instead of s3://. It excludes relative=true. Entries of an earlier publish-url count as those of another place: their archives are neither reindexed nor deleted. literal-plus: true or false; whether new entries have the + of a version with build metadata in their urls as it stands, instead of %2B. Helm 3 asks for %252B in `dependency update` where a relative url has %2B and the repository was added over http(s); but S3 itself, over https, takes a bare + for a space. So it helps where a web server answers that takes + for itself.',
    'acl, sse, sse-kms-key-id: what is said with every object that is written. grace-window: how long compaction keeps folded deltas, at least 1m. format: json or yaml; the form to which compaction brings index.yaml, and which init --force and reindex --rebuild write.',
    'Costs one GET and one HEAD; a change one PUT more. Two writers of different keys do not disturb each other.',
  ],
  arity: atLeast(1),
  flags: {
    unset: { kind: 'texts', about: 'take this key away; may be given several times' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['config stable', 'what is in force, and where each of it stands'],
    ['config stable relative=true grace-window=10m', 'set two of them'],
    ['config stable relative=true literal-plus=true', 'for a repository that a web server serves, whose charts with build metadata are dependencies'],
    ['config stable publish-url=https://charts.acme.dev/stable --unset relative', 'for a repository that a CDN serves'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    written: truth('whether the defaults of the repository were changed'),
    settings: listOf(
      objectOf({
        key: oneOf(CONFIG_KEYS, 'of the setting'),
        value: textOrNull('in force for this command line and environment; null: none'),
        from: textOrNull('a flag, a variable, `repository` or `built-in`; null: it is nowhere'),
        repository: textOrNull('what the repository says'),
      }),
    ),
    ignored: listOf(text('what in the defaults of the repository cannot be used, and why')),
  }),
  run: async (context, [repository = '', ...changes], { unset }) => {
    const { config } = await import('../commands/config.ts')
    await config(context, { repository, changes, unset })
  },
})
