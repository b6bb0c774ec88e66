import { command, exactly } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { listOf, objectOf, text, textOrNull, truth, whole } from '../../ui/json-schema.ts'
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY } from '../../protocol/session/limits.ts'
import { NO_COMPACT_FLAG } from '../steps/common-definitions.ts'
import { BROKEN, LOST_FLAG } from '../steps/broken-index-schema.ts'

const VERSION = objectOf({
  name: text('of the chart'),
  version: text('as in Chart.yaml'),
  digest: textOrNull('SHA-256 of the archive, hex; null for an entry that had none'),
  key: text('of the archive'),
})

export const reindexDefinition = command({
  usage: 'reindex REPO',
  about: 'Make the index agree with the archives in the bucket',
  details: [
    'Archives without an entry are added to the index, entries whose archive is missing are removed, and entries ' +
      'whose digest does not match the archive are replaced. Entries with https URLs outside the repository are ' +
      'kept as they are. An entry whose URL points into a folder of the repository is removed if there is no ' +
      'archive, neither there nor in its place; it is pointed to the archive in its place if its digest proves ' +
      'that they belong together; otherwise it is kept, too. Other clients can push and delete at the same ' +
      'time: what they change is left alone.',
    'Only new and changed archives are examined: an archive that is not newer than its entry is trusted. For all ' +
      'others the object metadata are read, and the archive itself if these are not enough. --full reads every ' +
      'archive. If a reindex is interrupted, run it again: it continues where it stopped.',
    'An archive that cannot be indexed is reported on stderr and left out. With --strict this is an error, and ' +
      'nothing is written.',
    'A missing index.yaml is rebuilt. One that cannot be read is replaced with --rebuild only: every entry that ' +
      'can be saved stays, what is wrong in the others is mended, and the old text is kept beside it, under a key ' +
      'that is printed. Where an entry can be neither saved nor found among the archives, it is named and nothing ' +
      'is written, unless --allow-lost-entries says so.',
  ],
  arity: exactly(1),
  flags: {
    relative: {
      kind: 'toggle',
      about: 'write relative chart URLs into the index, and change existing absolute ones to relative',
    },
    full: { kind: 'switch', about: 'read every archive, whatever its date and metadata are' },
    rebuild: { kind: 'switch', about: 'replace an index.yaml that cannot be read' },
    ...LOST_FLAG,
    strict: { kind: 'switch', about: 'write nothing if an archive cannot be indexed' },
    'dry-run': { kind: 'switch', about: 'show what would be done, and write nothing' },
    concurrency: {
      kind: 'count',
      about: `how many archives are opened at the same time, at most ${String(MAX_CONCURRENCY)}`,
      min: 1,
      max: MAX_CONCURRENCY,
      shownDefault: String(DEFAULT_CONCURRENCY),
    },
    ...NO_COMPACT_FLAG,
    ...OUTPUT_FLAG,
  },
  examples: [
    ['reindex stable', 'add archives that other programs have put into the bucket'],
    ['reindex stable --dry-run', 'show what would change'],
    ['reindex stable --full --concurrency=16', 'read every archive, 16 at a time'],
    ['reindex s3://acme-charts/stable --rebuild', 'make a new index.yaml when the old one is damaged'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('whether this was a dry run, which writes nothing'),
    rebuilt: truth('whether index.yaml was missing or unreadable, and was written anew'),
    broken: BROKEN,
    archives: whole('archives in the repository'),
    opened: whole('archives that were examined'),
    added: listOf(VERSION, 'versions that the index lacked'),
    replaced: listOf(VERSION, 'versions whose entry did not match the archive'),
    removed: listOf(VERSION, 'versions whose archive is missing'),
    skipped: listOf(objectOf({ key: text('of an archive that cannot be indexed'), reason: text('why') })),
    left: listOf(text('key of an archive that other clients were changing, or whose version they had just deleted')),
    deltas: listOf(text('id of a delta that was written')),
  }),
  run: async (context, [repository = ''], flags) => {
    const { reindex } = await import('./reindex.ts')
    const {
      relative,
      full,
      rebuild,
      strict,
      'dry-run': dryRun,
      concurrency = DEFAULT_CONCURRENCY,
      'allow-lost-entries': allowLostEntries,
    } = flags
    await reindex(context, {
      repository,
      relative,
      full,
      rebuild,
      strict,
      dryRun,
      concurrency,
      allowLostEntries,
      compact: !flags['no-compact'],
    })
  },
})
