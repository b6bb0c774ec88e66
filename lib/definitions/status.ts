import { command, exactly } from '../command.ts'
import { UPKEEPS } from '../core/upkeep.ts'
import { INDEX_FORMS, OUTPUT_FLAG } from '../flags.ts'
import { SKIPPED } from './common.ts'
import { objectOf, oneOf, text, textOrNull, whole, wholeOrNull } from '../json-schema.ts'

/** How late a compaction may be before `status` says so, milliseconds: a cron every ten minutes, and its run. */
const DEFAULT_PATIENCE = 15 * 60_000

export const statusDefinition = command({
  usage: 'status REPO',
  about: 'Show what a repository holds, and whether compactions keep up',
  details: [
    'Charts and versions are those that readers with this plugin see: index.yaml and the deltas that it has not folded. ' +
      'The verdict is `behind` when a delta waits to be folded for longer than --patience (readers without the plugin do not see it), ' +
      '`uncollected` when all is folded and nobody collects old deltas, else `tidy`.',
    'Costs one LIST for each 1000 deltas, one GET of index.yaml, and one GET for each pending delta. Writes nothing.',
  ],
  arity: exactly(1),
  flags: {
    patience: { kind: 'duration', about: 'how late a compaction may be', shownDefault: '15m0s' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['status stable', 'how the repository is doing'],
    ['status stable -o json', 'for a monitor: alert when .upkeep is not "tidy"'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    generation: whole('of index.yaml: grows by one with each write of it; 0 when only other programs have written it'),
    charts: whole('names of charts, with what is pending'),
    versions: whole('chart versions, with what is pending'),
    index: objectOf({
      bytes: whole('size of index.yaml'),
      format: oneOf(INDEX_FORMS, 'form of index.yaml'),
      writtenAt: text('when index.yaml was written, RFC 3339'),
    }),
    pending: objectOf({
      deltas: whole('not folded into index.yaml yet'),
      oldestSeconds: wholeOrNull('age of the oldest; null when there is none'),
    }),
    folded: objectOf({
      deltas: whole('folded into index.yaml and not collected yet'),
      oldestSeconds: wholeOrNull('since the first of them was folded; null when there is none'),
    }),
    lastCompactionAt: textOrNull('when deltas were folded last, as far as index.yaml remembers, RFC 3339'),
    skipped: SKIPPED,
    upkeep: oneOf(UPKEEPS, 'whether compactions keep up'),
    reason: text('for the verdict'),
    command: textOrNull('what to run; null when there is nothing to do'),
  }),
  run: async (context, [repository = ''], { patience = DEFAULT_PATIENCE }) => {
    const { status } = await import('../commands/status.ts')
    await status(context, { repository, patience })
  },
})
