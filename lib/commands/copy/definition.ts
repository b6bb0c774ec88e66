import { command, exactly } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { CHOOSING_FLAGS, NO_COMPACT_FLAG, PUSHED_VERSION, RELATIVE_FLAG } from '../steps/common-definitions.ts'
import { EXISTING_VERSION } from '../steps/existing-version-schema.ts'
import { listOf, objectOf, text, textOrNull, truth } from '../../ui/json-schema.ts'

export const copyDefinition = command({
  usage: 'copy NAME SRC DST',
  aliases: ['promote'],
  about: 'Copy chart versions from one repository to another, with the same digest',
  details: [
    'SRC and DST are names from `helm repo list` or s3:// URIs. They may be in different buckets and stores: the ' +
      'query of each URI says how to reach it (`?region=&endpoint=&profile=`). ' +
      'The newest stable version is copied, or the newest that satisfies --version; with --all-versions, every ' +
      'version that does. Versions that were pushed to SRC but are not folded into its index.yaml yet are included.',
    'Before anything is written, every archive is compared with its digest in the index of SRC. Provenance files ' +
      'are copied, too. Several versions are one delta in DST, so that all become visible at the same moment. ' +
      'The creation date of a copied version is the time of the copy.',
    'All archives of one call are held in memory: copy a chart with many large versions in several calls. If SRC ' +
      'and DST are in the same store, the store itself copies archives of 5 MiB and more, provided that it can do ' +
      'so under the condition that a push needs, which is tested first. All other archives are downloaded and ' +
      'uploaded. You need read permissions for SRC, and the permissions of a push for DST.',
  ],
  arity: exactly(3),
  flags: {
    ...CHOOSING_FLAGS,
    'all-versions': { kind: 'switch', about: 'copy every version that satisfies --version, not only the newest' },
    force: { kind: 'switch', about: 'replace versions that already exist in DST' },
    'ignore-if-exists': { kind: 'switch', about: 'keep versions that already exist in DST, and succeed' },
    'dry-run': { kind: 'switch', about: 'check everything and write nothing' },
    ...RELATIVE_FLAG,
    'any-prov': {
      kind: 'switch',
      about: 'also copy a provenance file that names a file other than the archive in DST',
    },
    ...NO_COMPACT_FLAG,
    ...OUTPUT_FLAG,
  },
  examples: [
    ['promote app staging stable', 'copy the newest version from staging to stable'],
    ['copy app staging stable --version=1.2.0', 'copy exactly this version'],
    [
      'copy app s3://acme-charts/stable "s3://mirror/stable?endpoint=https://s3.example.com&profile=mirror" ' +
        '--all-versions --ignore-if-exists',
      'mirror a chart to another store',
    ],
  ],
  result: objectOf({
    source: text('s3:// URL of SRC'),
    repository: text('s3:// URL of DST'),
    dryRun: truth('whether this was a dry run, which writes nothing'),
    delta: textOrNull('id of the delta in DST; null when none was needed'),
    copied: listOf(PUSHED_VERSION, 'versions that are in DST now, with the digest that they have in SRC'),
    existing: listOf(EXISTING_VERSION, 'versions that already existed in DST and were kept'),
  }),
  run: async (context, [name = '', source = '', destination = ''], flags) => {
    const { copy } = await import('./copy.ts')
    const {
      'all-versions': all,
      devel,
      'dry-run': dryRun,
      force,
      'ignore-if-exists': ignoreIfExists,
      relative,
      version,
    } = flags
    await copy(context, {
      name,
      source,
      destination,
      version,
      devel,
      all,
      force,
      ignoreIfExists,
      dryRun,
      relative,
      anyProv: flags['any-prov'],
      compact: !flags['no-compact'],
    })
  },
})
