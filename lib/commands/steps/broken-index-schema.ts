import { listOf, objectOrNull, objectOf, textOrNull, whole } from '../../ui/json-schema.ts'

const DAMAGED = objectOf({
  name: textOrNull('of the chart, if its text tells'),
  version: textOrNull('likewise'),
  line: whole('of the text, from 1'),
})

/** What became of an `index.yaml` that Helm refused. */
export const BROKEN = objectOrNull(
  {
    key: textOrNull('where its text is kept; null in a dry run'),
    kept: whole('entries that were saved'),
    mended: listOf(DAMAGED, 'of these, entries that are not as they were'),
    lost: listOf(DAMAGED, 'entries that could not be saved, and that no archive has brought back'),
    skipped: listOf(
      objectOf({ name: textOrNull('of the chart, if its text tells'), line: whole('of the text, from 1') }),
      'items that are no entries for Helm either, and were left out',
    ),
  },
  'what became of an index.yaml that could not be read; null: there was none',
)

export const LOST_FLAG = {
  'allow-lost-entries': {
    kind: 'switch',
    about: 'go on also when entries of an unreadable index.yaml cannot be saved',
  },
} as const
