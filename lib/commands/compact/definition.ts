import { command, exactly } from '../../ui/command.ts'
import { INDEX_FORMS, OUTPUT_FLAG } from '../../ui/flags.ts'
import { SKIPPED } from '../steps/common-definitions.ts'
import { listOf, objectOf, oneOf, text, truth, whole } from '../../ui/json-schema.ts'

export const compactDefinition = command({
  usage: 'compact REPO',
  about: 'Fold pushes and deletions into index.yaml, and delete deltas that are no longer needed',
  arity: exactly(1),
  flags: {
    'grace-window': { kind: 'duration', about: 'keep folded deltas for this long, at least 1m', shownDefault: '5m0s' },
    'dry-run': { kind: 'switch', about: 'show what would be done, and write nothing' },
    format: { kind: 'choice', about: 'change the form of index.yaml', of: INDEX_FORMS },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['compact stable', 'what a cron job runs'],
    ['compact stable --format=json', 'change a YAML index to JSON text'],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    dryRun: truth('whether this was a dry run, which writes nothing'),
    folded: listOf(text('id of a delta that was folded into index.yaml')),
    collected: listOf(text('id of a delta that was deleted')),
    written: truth('whether index.yaml was written'),
    generation: whole('of index.yaml now'),
    format: oneOf(INDEX_FORMS, 'form of index.yaml now'),
    skipped: SKIPPED,
  }),
  run: async (context, [repository = ''], flags) => {
    const { compact } = await import('./compact.ts')
    const { 'grace-window': graceWindow, 'dry-run': dryRun, format } = flags
    await compact(context, { repository, graceWindow, dryRun, format })
  },
})
