import { command, exactly } from '../../ui/command.ts'
import { FINDING_KINDS } from '../../core/check/finding-kinds.ts'
import { LEVELS } from '../../core/check/check-store.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth, whole, wholeOrNull } from '../../ui/json-schema.ts'
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY } from '../../protocol/session/limits.ts'
import { BROKEN, LOST_FLAG } from '../steps/broken-index-schema.ts'

const SEVERITIES = ['error', 'warning', 'remark']

const FINDING = objectOf({
  code: oneOf(Object.keys(FINDING_KINDS), 'what kind of finding it is; stable'),
  severity: oneOf(SEVERITIES, 'a remark is worth knowing, but nothing is wrong'),
  detail: text('what exactly was found'),
  key: textOrNull('of the object that it is about'),
  name: textOrNull('of the chart'),
  version: textOrNull('of the chart'),
  why: text('why it matters'),
  next: text('what to do'),
})

export const checkDefinition = command({
  usage: 'check REPO',
  aliases: ['doctor'],
  about: 'Check a repository, its store and your permissions, and repair what can be repaired',
  details: [
    'Only reads, unless it is told otherwise, so that a reader can run it. It costs as much as reading the index, ' +
      'and one LIST request for each 1000 objects; archives that were written after their entry are asked for their ' +
      'digest, and what no entry names is asked for its metadata, or read. An archive in a folder of the ' +
      'repository that an entry names counts as any other, unless that folder, or one around it, is a ' +
      'repository of its own, or may not be listed: such a folder costs a LIST request for itself, one for ' +
      'each around it, and one for each 1000 objects in it. What no entry names in a folder is not looked ' +
      'at. What a push or a deletion may bring about for a moment is looked at twice.',
    '--deep reads every archive and provenance file, with one GET request each: it checks the digest, whether Helm ' +
      'can load the chart, and whether it is the chart that the entry names. Only --deep finds, for instance, a ' +
      'provenance file that names another archive: a listing does not show the content of a file.',
    '--probe tests what the store guarantees when several clients write at once, and what your credentials allow. ' +
      'It sends about 1000 PUT requests of a few bytes each below .helm-s3-probe/ in the repository, where no ' +
      'client looks, and removes these objects at the end. If it is interrupted, the next probe removes what is left.',
    '--fix makes the index agree with the archives, compacts, and checks again. It never removes an archive. If the ' +
      'index can be read, it adds no entries for archives that have none, either: `helm s3 prune REPO --orphans` ' +
      'removes such archives, `helm s3 reindex REPO` adds them to the index.',
    'Of an index.yaml that Helm refuses --fix keeps every entry that can be saved, mends what is wrong in the ' +
      'others, and keeps the old text beside it, under a key that it prints. Where an entry can be neither saved ' +
      'nor found among the archives, it names it and writes nothing, unless --allow-lost-entries says so.',
    'Exit status: 0 when there is nothing but remarks, 1 when something is wrong (12 with --exit-codes fine).',
  ],
  arity: exactly(1),
  flags: {
    deep: { kind: 'switch', about: 'read every archive' },
    probe: { kind: 'switch', about: 'test the store and your permissions by writing small objects' },
    fix: { kind: 'switch', about: 'repair everything that needs no decision from you' },
    relative: {
      kind: 'toggle',
      about: 'with --fix: if the index has to be rebuilt, write relative chart URLs instead of s3:// URLs',
    },
    ...LOST_FLAG,
    concurrency: {
      kind: 'count',
      about: 'how many archives are read at the same time',
      min: 1,
      max: MAX_CONCURRENCY,
      shownDefault: String(DEFAULT_CONCURRENCY),
    },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['check stable', 'what a cron job runs'],
    ['check stable --deep --fix', 'read all archives, and repair'],
    ['check stable --probe', 'test whether a store is suitable'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    level: oneOf(LEVELS, 'what the store guarantees; only known with --probe'),
    findings: listOf(FINDING),
    broken: BROKEN,
    fixed: listOf(FINDING, 'with --fix: findings that the repair has solved'),
    errors: whole('findings that are errors'),
    warnings: whole('findings that are warnings'),
    remarks: whole('findings that are remarks'),
    generation: wholeOrNull('of index.yaml'),
    charts: whole('in the merged index'),
    entries: whole('in the merged index'),
    archives: whole('in the bucket'),
    provenanceFiles: whole('in the bucket'),
    bytes: whole('of archives and provenance files'),
    deltas: whole('in index.d/'),
    pending: whole('deltas that are not folded into index.yaml yet'),
    clockSkewSeconds: whole('how far the clock of the store is ahead of the local one'),
    permissions: listOf(
      objectOf({
        action: text('as in an IAM policy'),
        resource: text('its ARN'),
        granted: { type: ['boolean', 'null'], description: 'whether it is granted; null: not tested' },
      }),
    ),
    deep: truth('whether every archive was read'),
    probed: truth('whether the store was tested'),
  }),
  run: async (
    context,
    [repository = ''],
    { deep, probe, fix, relative, concurrency = DEFAULT_CONCURRENCY, 'allow-lost-entries': allowLostEntries },
  ) => {
    const { check } = await import('./check.ts')
    await check(context, { repository, deep, probe, fix, relative, concurrency, allowLostEntries })
  },
})
