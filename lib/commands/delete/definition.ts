import { command, exactly } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { listOf, objectOf, text, textOrNull, truth } from '../../ui/json-schema.ts'

export const deleteDefinition = command({
  usage: 'delete NAME REPO',
  aliases: ['del'],
  about: 'Delete chart versions; if one of them does not exist, nothing is deleted',
  details: [
    'The archive and its provenance file are deleted, too, also if they are in a folder of the repository, unless ' +
      'that folder, or one that contains it, is a repository of its own. An archive anywhere else is kept; if it is ' +
      'in S3, a line on stderr says so. An archive is also kept if nothing proves that it belongs to the entry, ' +
      'because its bytes do not match the digest of the entry or the entry has no digest: a line on stderr says ' +
      'why, and what to do.',
  ],
  arity: exactly(2),
  flags: {
    version: {
      kind: 'texts',
      about: 'version to delete; several are separated by commas, or the flag is given several times',
    },
    all: { kind: 'switch', about: 'delete all versions of the chart' },
    'ignore-missing': { kind: 'switch', about: 'delete those that exist, and succeed even if none does' },
    'dry-run': { kind: 'switch', about: 'show what would be deleted, and write nothing' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['delete app stable --version=1.2.0', 'delete one version'],
    ['delete app stable --version=1.2.0,1.2.1', 'delete two versions'],
    ['delete app stable --all --ignore-missing', 'delete the whole chart, if it exists'],
    ['delete app stable --all --dry-run', 'show what deleting the whole chart would remove'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('whether this was a dry run, which writes nothing'),
    delta: textOrNull('id of the delta, the last of several; null when nothing was written'),
    removed: listOf(objectOf({ name: text('of the chart'), version: text('that was removed from the index') })),
    keptArchives: listOf(text('key of an archive that is still in the bucket')),
  }),
  run: async (
    context,
    [name = '', repository = ''],
    { version: versions, all, 'ignore-missing': ignoreMissing, 'dry-run': dryRun },
  ) => {
    const { deleteCommand } = await import('./delete.ts')
    await deleteCommand(context, { name, repository, versions, all, ignoreMissing, dryRun })
  },
})
