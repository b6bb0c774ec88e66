import { command, exactly } from '../command.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth, whole } from '../json-schema.ts'

const REASONS = ['keep-last', 'keep-prereleases', 'younger', 'keep-file', 'in-use', 'unranked', 'no-version']

export const pruneDefinition = command({
  usage: 'prune REPO',
  about: 'Remove old chart versions by rules, and archives that no entry names',
  details: [
    'A version goes when no rule keeps it. --keep-last keeps the newest N stable versions of each chart, --keep-prereleases the newest N prereleases, which are counted on their own; --older-than keeps what is younger, of both kinds. Given together, a version goes only if it is neither among the newest N of its kind nor young. With --keep-last alone no prerelease goes, with --keep-prereleases alone no stable version.',
    'Versions that --keep-file or --keep-in-use name stay whatever the other rules say, and count among the newest N. A line of the file is NAME VERSION, NAME: VERSION or NAME-VERSION, or NAME alone for all versions of a chart; each may be a glob or stand in quotes, names may hold spaces, and # begins a comment. Lines that name nothing that there is are told on stderr. --keep-in-use asks `helm ls -A` for the newest revision of every release in the current cluster; with =FILE it takes what `helm ls -A -o json --max 0` printed there, for other clusters, and may be given several times. If that fails, nothing is removed.',
    'All removals are one delta; what takes longer to delete than a removal may wait for its archive goes into several, one after another. --orphans removes archives that no entry of the index names, with their provenance files, when they are older than an hour: a push that died, or a deletion that could not remove its archive. An archive is one when it carries the metadata of a push, or loads as the chart that its name says, and no entry names it in any form of url, also one that leads elsewhere; all other files stay, and are listed as foreign. When they are more than a tenth of all archives, or while a reindex makes index.yaml anew, none is removed: then the index rather lacks charts. --allow-many-orphans removes them all the same; --dry-run shows them in any case.',
    'An archive in a folder of the repository goes with its entry, unless the folder, or one around it, is a repository of its own. The archives of entries that lead anywhere else stay, and are counted.',
    'Cost: one LIST for each 1000 objects, one read of the index, then as many requests as `delete` needs.',
  ],
  arity: exactly(1),
  flags: {
    'keep-last': { kind: 'count', about: 'keep the newest N stable versions of each chart', min: 1 },
    'older-than': { kind: 'age', about: 'remove only what was created longer ago, as 90d, 12w or 36h' },
    'keep-prereleases': { kind: 'count', about: 'keep the newest N prereleases of each chart; 0: none for its rank' },
    name: { kind: 'texts', about: 'only charts with this name, a glob; may be given several times' },
    'keep-file': { kind: 'texts', about: 'keep the versions that this file lists; may be given several times' },
    'keep-in-use': { kind: 'optional', about: 'keep what releases in the cluster use, or in a file of `helm ls -A -o json`' },
    orphans: { kind: 'switch', about: 'remove archives older than an hour that no entry names' },
    'allow-many-orphans': { kind: 'switch', about: 'with --orphans: also when they are more than a tenth of all archives' },
    'dry-run': { kind: 'switch', about: 'say what would be removed, and write nothing' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['prune stable --keep-last=5 --older-than=90d --dry-run', 'what would go: stable versions beyond the newest 5, and prereleases, all older than 90 days'],
    ['prune stable --keep-last=10 --keep-prereleases=2 --keep-in-use', 'keep 10 stable versions, 2 prereleases, and whatever the cluster runs'],
    ["prune stable --keep-prereleases=0 --older-than=2w --name='web-*'", 'no prerelease older than two weeks, nor a stable version, of some charts'],
    ['prune stable --orphans', 'only archives that no entry names'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('nothing was written'),
    deltas: listOf(text('id of a delta')),
    removed: listOf(
      objectOf({
        name: text('of the chart'),
        version: text('that left the index'),
        created: textOrNull('when it was pushed, RFC 3339'),
        bytes: whole('of its archive and provenance file'),
      }),
    ),
    orphans: listOf(objectOf({ key: text('of an archive that no entry named'), bytes: whole('of it and its provenance file') })),
    foreign: listOf(
      objectOf({ key: text('of a file that no entry names and that stays'), bytes: whole('of it and its provenance file'), reason: text('why it is no orphan') }),
      'with --orphans',
    ),
    kept: listOf(objectOf({ name: text('of a chart'), version: text('that stays'), reason: oneOf(REASONS, 'why') }), 'charts that --name leaves out are not listed'),
    keptArchives: listOf(text('key of an archive that stays in the bucket although its entry left')),
    freedBytes: whole('that the bucket holds less now'),
  }),
  run: async (context, [repository = ''], flags) => {
    const { pruneCommand } = await import('../commands/prune.ts')
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
