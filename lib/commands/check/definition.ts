import { command, exactly } from '../../ui/command.ts'
import { FINDING_KINDS } from '../../core/check/finding-kinds.ts'
import { DEFAULT_ROUNDS, KEEPINGS, LEVELS, MAX_ROUNDS, SURE } from '../../core/check/probe-report.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import {
  listOf,
  objectOf,
  objectOrNull,
  oneOf,
  text,
  textOrNull,
  truth,
  whole,
  wholeOrNull,
} from '../../ui/json-schema.ts'
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

const KEEPS_ABOUT =
  'racy: not always, when several come at once; never: refused even when the condition holds; refused: with an error'
const FINDS_ONE_IN =
  `a race that goes wrong in one of so many rounds would have been found by ${String(SURE)} of 100 probes; ` +
  `1: only one that always goes wrong; null: there was no round`

const RACE = {
  keeps: oneOf(KEEPINGS, KEEPS_ABOUT),
  rounds: whole('that were run; 0 where a single request has told enough'),
  wrong: whole('rounds in which the condition was not kept'),
}
const WRITERS_RACE = objectOf({
  ...RACE,
  mostWinners: whole('the most writers that won in one round'),
  withoutWinner: whole('rounds in which no writer won, and a single one did afterwards'),
  findsOneIn: wholeOrNull(FINDS_ONE_IN),
})

const PROBE = objectOrNull(
  {
    rounds: whole('rounds that each race was to have'),
    create: WRITERS_RACE,
    swap: WRITERS_RACE,
    delete: objectOf({ ...RACE, findsOneIn: wholeOrNull(FINDS_ONE_IN) }),
    etags: oneOf(['quoted', 'bare'], 'how the store recognises its ETags in conditions; bare: only without quotes'),
    showsAtOnce: truth('whether GET, HEAD and LIST show at once what was written or deleted'),
    listings: oneOf(
      ['exact', 'wrong', 'untried'],
      'several pages, each key once, in the order of bytes; untried: the store gave all on one page',
    ),
    bodies: oneOf(['whole', 'mixed'], 'what stands after several writers of 5 MiB at once'),
    checksums: truth('whether a PUT with a wrong checksum is refused'),
    sendsUnchanged: truth('whether an object is sent again to a reader that has it'),
    ranges: truth('whether a range of an object is sent alone'),
    ends: truth('whether the end of an object is sent alone'),
    partCopy: oneOf(['exact', 'ignored', 'unsupported'], 'UploadPartCopy with the ETag of its source'),
    partSwap: oneOf(['exact', 'racy', 'ignored', 'never', 'unsupported'], 'CompleteMultipartUpload with If-Match'),
    partCreate: oneOf(['exact', 'ignored', 'unsupported'], 'CompleteMultipartUpload with If-None-Match: *'),
    clocksApartSeconds: whole('by how much the dates of two answers disagree, at least'),
    lastModifiedAheadSeconds: whole('how far LastModified of an object is ahead of the date of its PUT'),
  },
  'what the probe has measured; null: there was none',
)

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
    '--probe tests what the store guarantees when several clients write at once, what else this program counts on, ' +
      'and what your credentials allow. It works below .helm-s3-probe/ in the repository, where no client looks, and ' +
      'removes its objects at the end. If it is interrupted, the next probe removes what is left. ' +
      'It sends 54 requests of a few bytes for each of the 30 rounds, and about 160 others: about 1800 in all, ' +
      'five of six of them PUTs. They send 65 MiB and read 20 MiB, because bodies of several MiB are tried, too.',
    'A race that goes wrong now and then may go well in all rounds of a probe. The report says how rare that may ' +
      'be: with 30 rounds, a race that goes wrong in 1 of 10 rounds is found by 95 of 100 probes; with --rounds 300, ' +
      'one in 100. Fewer than 5 rounds find only a race that always goes wrong. Many rounds need a longer --timeout.',
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
    probe: { kind: 'switch', about: 'test the store and your permissions by writing objects' },
    rounds: {
      kind: 'count',
      about: 'with --probe: how many rounds each race has',
      min: 1,
      max: MAX_ROUNDS,
      shownDefault: String(DEFAULT_ROUNDS),
    },
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
    ['check stable --probe --rounds 1000 --timeout 1h', 'test it more thoroughly'],
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
    probe: PROBE,
  }),
  run: async (
    context,
    [repository = ''],
    { deep, probe, rounds, fix, relative, concurrency = DEFAULT_CONCURRENCY, 'allow-lost-entries': allowLostEntries },
  ) => {
    const { check } = await import('./check.ts')
    await check(context, { repository, deep, probe, rounds, fix, relative, concurrency, allowLostEntries })
  },
})
