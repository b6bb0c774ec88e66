import { between, command } from '../command.ts'
import { OUTPUT_FLAG } from '../flags.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth } from '../json-schema.ts'

const DEFAULT_LIMIT = 100

const CHANGE = objectOf({
  change: oneOf(['added', 'removed', 'orphan', 'touched'], 'orphan: an archive that no entry named was to be deleted, once for each way to read its key; touched: of a collected delta nobody remembers which of them'),
  name: text('of the chart'),
  version: text('that changed'),
  digest: textOrNull('SHA-256 of the archive, hex'),
  ifAbsent: truth('added only if the index had no such version'),
})

const ENTRY = objectOf({
  id: text('of the delta: a ULID'),
  at: text('when it came into the repository, RFC 3339'),
  state: oneOf(['pending', 'folded', 'collected'], 'pending: not in index.yaml yet; collected: its file is gone, index.yaml remembers it for a while'),
  foldedAt: textOrNull('when it went into index.yaml, RFC 3339'),
  user: textOrNull('login name of who ran the command'),
  host: textOrNull('the machine it ran on'),
  tool: textOrNull('the program and its version'),
  command: textOrNull('of helm s3'),
  changes: listOf(CHANGE, 'of a delta: removals first, as they apply'),
  isComplete: truth('whether all changes are known: not of a collected delta'),
})

export const logDefinition = command({
  usage: 'log REPO [NAME]',
  about: 'Show who changed what, from where and when, newest first',
  details: [
    'A mutation can be seen here until its delta is collected, five minutes after a compaction has folded it; for an hour after that index.yaml remembers which versions it changed. ' +
      'User, host and command are what the client said about itself. Changes by other programs leave no delta. In the table + stands for an addition, - for a removal, x for an archive that no entry named (`prune --orphans`), ~ for a change of which no more is known. NAME is the exact name of one chart.',
    'Costs one LIST for each 1000 deltas, a GET of the first 32 KiB of index.yaml (all of it, if more than some two hundred deltas were folded lately), and one GET for each delta that is looked at. Writes nothing.',
  ],
  arity: between(1, 2),
  flags: {
    limit: { kind: 'count', about: 'show so many at most', min: 1, shownDefault: String(DEFAULT_LIMIT) },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['log stable', 'the last changes'],
    ['log stable app --limit=10', 'the last ten that concern one chart'],
    ['log s3://acme-charts/stable -o json', 'with digests and all that is known, for a program'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    entries: listOf(ENTRY, 'newest first'),
    hasMore: truth('there are older ones than --limit lets through'),
  }),
  run: async (context, [repository = '', name], { limit = DEFAULT_LIMIT }) => {
    const { log } = await import('../commands/log.ts')
    await log(context, { repository, name, limit })
  },
})
