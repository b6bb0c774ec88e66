import { objectOf, text, textOrNull } from '../../ui/json-schema.ts'

/** A version that was not pushed because it exists. */
export const EXISTING_VERSION = objectOf({
  name: text('of the chart'),
  version: text('as in Chart.yaml'),
  digest: textOrNull('SHA-256 of the existing archive, hex; null if its entry has none'),
})
