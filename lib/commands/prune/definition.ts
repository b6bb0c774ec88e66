import { command, exactly } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth, whole } from '../../ui/json-schema.ts'

const REASONS = ['keep-last', 'keep-prereleases', 'younger', 'keep-file', 'in-use', 'unranked', 'no-version']

export const pruneDefinition = command({
  usage: 'prune REPO',
  about: 'Remove old chart versions by rules, and archives without an index entry',
  details: [
    'A version is removed if no rule keeps it. --keep-last keeps the newest N stable versions of each chart, ' +
      '--keep-prereleases the newest N prereleases, which are counted separately; --older-than keeps everything ' +
      'that is younger, of both kinds. Given together, they remove only versions that are neither among the ' +
      'newest N of their kind nor younger. --keep-last alone removes no prereleases, and --keep-prereleases ' +
      'alone removes no stable versions.',
    'Versions that --keep-file or --keep-in-use names are kept whatever the other rules say, and count among the ' +
      'newest N. A line of the file is NAME VERSION, NAME: VERSION or NAME-VERSION, or only NAME for all versions ' +
      'of a chart; each may be a glob or in quotes, names may contain spaces, and # begins a comment. Lines that ' +
      'match nothing are listed on stderr. --keep-in-use asks `helm ls -A` for the newest revision of every ' +
      'release in the current cluster. For other clusters, --keep-in-use=FILE reads the output of `helm ls -A ' +
      '-o json --max 0` from a file; it may be given several times. If that fails, nothing is removed.',
    'All removals are one delta, or several, one after another, if deleting the archives takes long. --orphans also ' +
      'removes orphans that are older than an hour, with their provenance files: archives without an index entry, ' +
      'left by a push that was interrupted or by a deletion that could not remove its archive. An archive is an ' +
      'orphan if it has the metadata of a push, or loads as the chart that its name says, and if no entry names ' +
      'it in any form of URL, including URLs that point outside the repository. All other files are kept and ' +
      'listed as foreign. If orphans are more than a tenth of all archives, or while a reindex rebuilds ' +
      'index.yaml, none is removed, because entries are more likely missing from the index. ' +
      '--allow-many-orphans removes them anyway; --dry-run shows them in any case.',
    'An archive in a folder of the repository is removed with its entry, unless that folder, or one that contains ' +
      'it, is a repository of its own. Archives of entries that point anywhere else are kept and counted.',
    'Costs one LIST request for each 1000 objects, one read of the index, and as many requests as `delete` needs.',
  ],
  arity: exactly(1),
  flags: {
    'keep-last': { kind: 'count', about: 'keep the newest N stable versions of each chart', min: 1 },
    'older-than': { kind: 'age', about: 'remove only versions that are older than this: 90d, 12w or 36h' },
    'keep-prereleases': { kind: 'count', about: 'keep the newest N prereleases of each chart; may be 0' },
    name: {
      kind: 'texts',
      about: 'remove only versions of charts with this name (a glob); may be given several times',
    },
    'keep-file': { kind: 'texts', about: 'keep the versions that this file lists; may be given several times' },
    'keep-in-use': {
      kind: 'optional',
      about: 'keep the versions that releases use in the cluster, or in a file with the output of `helm ls -A -o json`',
    },
    orphans: { kind: 'switch', about: 'remove archives without an index entry that are older than an hour' },
    'allow-many-orphans': {
      kind: 'switch',
      about: 'with --orphans: remove them even if they are more than a tenth of all archives',
    },
    'dry-run': { kind: 'switch', about: 'show what would be removed, and write nothing' },
    ...OUTPUT_FLAG,
  },
  examples: [
    [
      'prune stable --keep-last=5 --older-than=90d --dry-run',
      'show what would be removed: stable versions beyond the newest 5, and prereleases, if older than 90 days',
    ],
    [
      'prune stable --keep-last=10 --keep-prereleases=2 --keep-in-use',
      'keep 10 stable versions, 2 prereleases, and everything that the cluster uses',
    ],
    [
      "prune stable --keep-prereleases=0 --older-than=2w --name='web-*'",
      'of some charts, remove the prereleases that are older than two weeks',
    ],
    ['prune stable --orphans', 'remove only archives without an index entry'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('whether this was a dry run, which writes nothing'),
    deltas: listOf(text('id of a delta')),
    removed: listOf(
      objectOf({
        name: text('of the chart'),
        version: text('that was removed from the index'),
        created: textOrNull('when it was pushed, RFC 3339'),
        bytes: whole('of its archive and provenance file'),
      }),
    ),
    orphans: listOf(
      objectOf({ key: text('of an archive without an entry'), bytes: whole('of it and its provenance file') }),
    ),
    foreign: listOf(
      objectOf({
        key: text('of a file without an entry that is kept'),
        bytes: whole('of it and its provenance file'),
        reason: text('why it is no orphan'),
      }),
      'with --orphans',
    ),
    kept: listOf(
      objectOf({
        name: text('of a chart'),
        version: text('that is kept'),
        reason: oneOf(REASONS, 'the rule that keeps it'),
      }),
      'without the charts that --name does not match',
    ),
    keptArchives: listOf(text('key of an archive that is still in the bucket although its entry was removed')),
    freedBytes: whole('by which the bucket has become smaller'),
  }),
  run: async (context, [repository = ''], flags) => {
    const { pruneCommand } = await import('./prune.ts')
    await pruneCommand(context, {
      repository,
      keepLast: flags['keep-last'],
      olderThan: flags['older-than'],
      keepPrereleases: flags['keep-prereleases'],
      names: flags.name,
      keepFiles: flags['keep-file'],
      inUse: flags['keep-in-use'],
      orphans: flags.orphans,
      allowManyOrphans: flags['allow-many-orphans'],
      dryRun: flags['dry-run'],
    })
  },
})
