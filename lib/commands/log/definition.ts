import { between, command } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { listOf, objectOf, oneOf, text, textOrNull, truth } from '../../ui/json-schema.ts'

const DEFAULT_LIMIT = 100

const CHANGE = objectOf({
  change: oneOf(
    ['added', 'removed', 'orphan', 'touched'],
    'orphan: the deletion of an archive without an entry, listed once for each name and version that its key may ' +
      'mean; touched: it was added or removed by a delta that is collected, so that it is no longer known which',
  ),
  name: text('of the chart'),
  version: text('that changed'),
  digest: textOrNull('SHA-256 of the archive, hex'),
  ifAbsent: truth('whether it was added only on the condition that the index had no such version'),
})

const ENTRY = objectOf({
  id: text('of the delta: a ULID'),
  at: text('when it was written, RFC 3339'),
  state: oneOf(
    ['pending', 'folded', 'collected'],
    'pending: not in index.yaml yet; collected: its object is deleted, and index.yaml still mentions it for a while',
  ),
  foldedAt: textOrNull('when it was folded into index.yaml, RFC 3339'),
  user: textOrNull('login name of the user who ran the command'),
  host: textOrNull('the machine it ran on'),
  tool: textOrNull('the program and its version'),
  command: textOrNull('name of the command'),
  changes: listOf(CHANGE, 'in the order in which they apply: removals first'),
  isComplete: truth('whether all changes are known, which they are not for a collected delta'),
})

export const logDefinition = command({
  usage: 'log REPO [NAME]',
  about: 'Show who changed what, from where and when, newest first',
  details: [
    'A change is shown until its delta is collected, five minutes after a compaction has folded it. For another ' +
      'hour index.yaml still knows which versions it changed. ' +
      'User, host and command are what the client has reported about itself. Changes by other programs leave no ' +
      'delta and are not shown. In the table, + marks an addition, - a removal, x an archive without an entry ' +
      '(`prune --orphans`), and ~ a change of which only the version is known. NAME is the exact name of one chart.',
    'Costs one LIST request for each 1000 deltas, a GET of the first 32 KiB of index.yaml (of all of it, if more ' +
      'than about two hundred deltas were folded recently), and one GET for each delta that is read. Writes nothing.',
  ],
  arity: between(1, 2),
  flags: {
    limit: { kind: 'count', about: 'show at most this many changes', min: 1, shownDefault: String(DEFAULT_LIMIT) },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['log stable', 'show the latest changes'],
    ['log stable app --limit=10', 'show the latest ten changes of one chart'],
    ['log s3://acme-charts/stable -o json', 'print all details, with digests, for a program'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    entries: listOf(ENTRY, 'newest first'),
    hasMore: truth('whether there are older changes than --limit allows'),
  }),
  run: async (context, [repository = '', name], { limit = DEFAULT_LIMIT }) => {
    const { log } = await import('./log.ts')
    await log(context, { repository, name, limit })
  },
})
