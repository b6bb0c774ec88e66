import { command, exactly } from '../command.ts'
import { FINDING_KINDS } from '../core/check/finding-kinds.ts'
import { LEVELS } from '../core/check/check-store.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth, whole, wholeOrNull } from '../json-schema.ts'
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY } from '../protocol/limits.ts'
import { BROKEN, LOST_FLAG } from './broken-index.ts'

const SEVERITIES = ['error', 'warning', 'remark']

const FINDING = objectOf({
  code: oneOf(Object.keys(FINDING_KINDS), 'what kind of finding it is; stable'),
  severity: oneOf(SEVERITIES, 'remark: worth knowing, and nothing wrong'),
  detail: text('what is wrong with this one'),
  key: textOrNull('of the object in question'),
  name: textOrNull('of the chart'),
  version: textOrNull('of the chart'),
  why: text('it matters'),
  next: text('what to do'),
})

export const checkDefinition = command({
  usage: 'check REPO',
  aliases: ['doctor'],
  about: 'Find out what is wrong with a repository, its store and your permissions; repair it',
  details: [
    'Only reads, unless it is told otherwise, so that a reader can run it. It costs as much as reading the index, and one LIST request for each 1000 objects; archives that were written after their entry are asked for their digest, and what no entry names is asked for its metadata, or read. An archive in a folder of the repository that an entry names counts as any other, unless that folder, or one around it, is a repository of its own, or may not be listed: such a folder costs a LIST request for itself, one for each around it, and one for each 1000 objects in it. What no entry names in a folder is not looked at. What a push or a deletion may bring about for a moment is looked at twice.',
    '--deep reads every archive and provenance file, one GET each: digest, whether Helm loads it, whether it is the chart that its entry says. What stands in a provenance file, the name and the digest of another archive for instance, shows only there: a listing does not tell it.',
    '--probe finds out what the store guarantees when several clients write at once, and what these credentials may do: about 1000 PUTs of a few bytes below .helm-s3-probe/ in the repository, where no client looks. It removes them at the end; what an interrupted probe leaves, the next one removes.',
    '--fix makes the index agree with the archives, compacts, and checks again. It removes no archive, and to an index that can be read it adds none that no entry names: `helm s3 prune REPO --orphans` and `helm s3 reindex REPO` do that.',
    'Of an index.yaml that Helm refuses --fix keeps every entry that can be saved, mends what is wrong in the others, and keeps the old text beside it, under a key that it prints. Where an entry can be neither saved nor found among the archives, it names it and writes nothing, unless --allow-lost-entries says so.',
    'Exit status: 0 when there is nothing but remarks, 1 when something is wrong (12 with --exit-codes fine).',
  ],
  arity: exactly(1),
  flags: {
    deep: { kind: 'switch', about: 'read every archive' },
    probe: { kind: 'switch', about: 'try out the store and the permissions by writing' },
    fix: { kind: 'switch', about: 'repair what can be repaired without a decision of yours' },
    relative: { kind: 'toggle', about: 'with --fix: an index that is made anew names files instead of s3:// URLs' },
    ...LOST_FLAG,
    concurrency: { kind: 'count', about: 'archives at the same time', min: 1, max: MAX_CONCURRENCY, shownDefault: String(DEFAULT_CONCURRENCY) },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['check stable', 'what a cron job runs'],
    ['check stable --deep --fix', 'read all archives, and repair'],
    ['check stable --probe', 'find out what a store is good for'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    level: oneOf(LEVELS, 'what the store guarantees; known with --probe'),
    findings: listOf(FINDING),
    broken: BROKEN,
    fixed: listOf(FINDING, 'with --fix: what was found before and is no more'),
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
    pending: whole('of them not folded into index.yaml'),
    clockSkewSeconds: whole('by which the clock of the store is ahead of the local one'),
    permissions: listOf(
      objectOf({
        action: text('as in an IAM policy'),
        resource: text('its ARN'),
        granted: { type: ['boolean', 'null'], description: 'null: not tried' },
      }),
    ),
    deep: truth('every archive was read'),
    probed: truth('the store was tried out'),
  }),
  run: async (context, [repository = ''], { deep, probe, fix, relative, concurrency = DEFAULT_CONCURRENCY, 'allow-lost-entries': allowLostEntries }) => {
    const { check } = await import('../commands/check.ts')
    await check(context, { repository, deep, probe, fix, relative, concurrency, allowLostEntries })
  },
})
