import { command, exactly } from '../../ui/command.ts'
import { UPKEEPS } from '../../core/upkeep.ts'
import { INDEX_FORMS, OUTPUT_FLAG } from '../../ui/flags.ts'
import { SKIPPED } from '../steps/common-definitions.ts'
import { objectOf, oneOf, text, textOrNull, whole, wholeOrNull } from '../../ui/json-schema.ts'

/** How late a compaction may be before `status` says so, milliseconds: a cron every ten minutes, and its run. */
const DEFAULT_PATIENCE = 15 * 60_000

export const statusDefinition = command({
  usage: 'status REPO',
  about: 'Show the state of a repository, and whether compactions keep up',
  details: [
    'Charts and versions are counted as readers with this plugin see them: in index.yaml and in the deltas that are ' +
      'not folded into it yet. ' +
      'The verdict is `behind` if a delta has been waiting to be folded for longer than --patience (readers without ' +
      'the plugin do not see it), ' +
      '`uncollected` if everything is folded but old deltas are not collected, and otherwise `tidy`.',
    'Costs one LIST request for each 1000 deltas, one GET of the end of index.yaml, or of all of it if it is small ' +
      'or has no pages, and one GET for each pending delta and for each page that one touches. Writes nothing.',
  ],
  arity: exactly(1),
  flags: {
    patience: { kind: 'duration', about: 'how late a compaction may be', shownDefault: '15m0s' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['status stable', 'show the state of the repository'],
    ['status stable -o json', 'for monitoring: raise an alert if .upkeep is not "tidy"'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    generation: whole(
      'of index.yaml: grows by one each time this program writes it; 0 if only other programs have written it',
    ),
    charts: whole('charts, including pending changes'),
    versions: whole('chart versions, including pending changes'),
    index: objectOf({
      bytes: whole('size of index.yaml'),
      format: oneOf(INDEX_FORMS, 'form of index.yaml'),
      writtenAt: text('when index.yaml was written, RFC 3339'),
      pages: whole('pages into which index.yaml is divided; 0 if it is read and written as a whole'),
      parts: wholeOrNull(
        'parts of which the store composed index.yaml, as its ETag tells; null if it was written as a whole',
      ),
    }),
    pending: objectOf({
      deltas: whole('deltas that are not folded into index.yaml yet'),
      oldestSeconds: wholeOrNull('age of the oldest of them; null if there is none'),
    }),
    folded: objectOf({
      deltas: whole('deltas that are folded into index.yaml but not collected yet'),
      oldestSeconds: wholeOrNull('since the first of them was folded; null if there is none'),
    }),
    lastCompactionAt: textOrNull('when deltas were folded last, as far as index.yaml still knows, RFC 3339'),
    skipped: SKIPPED,
    upkeep: oneOf(UPKEEPS, 'whether compactions keep up'),
    reason: text('why it is so'),
    command: textOrNull('the command to run; null if there is nothing to do'),
  }),
  run: async (context, [repository = ''], { patience = DEFAULT_PATIENCE }) => {
    const { status } = await import('./status.ts')
    await status(context, { repository, patience })
  },
})
