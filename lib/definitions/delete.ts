import { command, exactly } from '../command.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { listOf, objectOf, text, textOrNull, truth } from '../json-schema.ts'

export const deleteDefinition = command({
  usage: 'delete NAME REPO',
  aliases: ['del'],
  about: 'Delete chart versions: all that are named exist, or nothing happens',
  details: ['The archive and its provenance file go, too, also from a folder of the repository, unless that folder, or one around it, is a repository of its own. An archive that lies anywhere else stays; of one in S3 a line on stderr says so. So does one of which nothing proves that it is the archive of the entry, because its bytes are others or the digest of the entry was none: a line says why, and what to do.'],
  arity: exactly(2),
  flags: {
    version: { kind: 'texts', about: 'the version; several with commas, or by giving the flag several times' },
    all: { kind: 'switch', about: 'delete all versions of the chart' },
    'ignore-missing': { kind: 'switch', about: 'delete those that exist, and succeed also when none does' },
    'dry-run': { kind: 'switch', about: 'say what would be deleted, and write nothing' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['delete app stable --version=1.2.0', 'delete one version'],
    ['delete app stable --version=1.2.0,1.2.1', 'delete two'],
    ['delete app stable --all --ignore-missing', 'the whole chart, if it is there'],
    ['delete app stable --all --dry-run', 'what would go with the whole chart'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('nothing was written'),
    delta: textOrNull('id of the delta, the last of several; null when nothing was written'),
    removed: listOf(objectOf({ name: text('of the chart'), version: text('that left the index') })),
    keptArchives: listOf(text('key of an archive that stays in the bucket')),
  }),
  run: async (context, [name = '', repository = ''], { version: versions, all, 'ignore-missing': ignoreMissing, 'dry-run': dryRun }) => {
    const { deleteCommand } = await import('../commands/delete.ts')
    await deleteCommand(context, { name, repository, versions, all, ignoreMissing, dryRun })
  },
})
