import { command, exactly } from '../command.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { CHOOSING_FLAGS, NO_COMPACT_FLAG, PUSHED_VERSION, RELATIVE_FLAG } from './common.ts'
import { EXISTING_VERSION } from './existing-version.ts'
import { listOf, objectOf, text, textOrNull, truth } from '../json-schema.ts'

export const copyDefinition = command({
  usage: 'copy NAME SRC DST',
  aliases: ['promote'],
  about: 'Copy chart versions from one repository to another, with the same digest',
  details: [
    'SRC and DST are names from `helm repo list` or s3:// URIs, in one bucket, in two, or in two stores: each is reached as its own query says (`?region=&endpoint=&profile=`). ' +
      'The newest stable version is copied, or the newest that satisfies --version; with --all-versions each that does. What was pushed to SRC and is not folded into its index.yaml yet is there, too.',
    'Every archive is held to the digest that SRC\'s index promises before anything is written; its provenance file goes along. Several versions are one delta in DST: all of them are visible at the same moment. ' +
      'A copied version is dated when it came into DST.',
    'Every archive is read and checked against its digest, all of one call in memory: copy a chart with many large versions in several calls. Archives of 5 MiB and more are then copied by the store itself, when SRC and DST are in one store that does so on the condition that a push needs, which is tried out first; all others are sent. Needs what a reader needs on SRC, and what a push needs on DST.',
  ],
  arity: exactly(3),
  flags: {
    ...CHOOSING_FLAGS,
    'all-versions': { kind: 'switch', about: 'every version that satisfies --version, not the newest alone' },
    force: { kind: 'switch', about: 'replace versions that are in DST already' },
    'ignore-if-exists': { kind: 'switch', about: 'keep versions that are in DST already, and succeed' },
    'dry-run': { kind: 'switch', about: 'check everything and write nothing' },
    ...RELATIVE_FLAG,
    'any-prov': { kind: 'switch', about: 'also copy a provenance file that names another file than the archive will be' },
    ...NO_COMPACT_FLAG,
    ...OUTPUT_FLAG,
  },
  examples: [
    ['promote app staging stable', 'what is newest in staging is now in stable, too'],
    ['copy app staging stable --version=1.2.0', 'exactly this version'],
    ['copy app s3://acme-charts/stable "s3://mirror/stable?endpoint=https://s3.example.com&profile=mirror" --all-versions --ignore-if-exists', 'mirror a chart to another store'],
  ],
  result: objectOf({
    source: text('s3:// URL of SRC'),
    repository: text('s3:// URL of DST'),
    dryRun: truth('nothing was written'),
    delta: textOrNull('id of the delta in DST; null when none was needed'),
    copied: listOf(PUSHED_VERSION, 'versions that are in DST now, with the digest that they have in SRC'),
    existing: listOf(EXISTING_VERSION, 'versions that were in DST already, and stay'),
  }),
  run: async (context, [name = '', source = '', destination = ''], flags) => {
    const { copy } = await import('../commands/copy.ts')
    const { 'all-versions': all, devel, 'dry-run': dryRun, force, 'ignore-if-exists': ignoreIfExists, relative, version } = flags
    await copy(context, { name, source, destination, version, devel, all, force, ignoreIfExists, dryRun, relative, anyProv: flags['any-prov'], compact: !flags['no-compact'] })
  },
})
