import type { Flags } from '../../ui/flags.ts'
import { listOf, objectOf, text } from '../../ui/json-schema.ts'

/** For the commands that write entries. */
export const RELATIVE_FLAG = {
  relative: {
    kind: 'toggle',
    about: 'write relative chart URLs into the index, for a repository that is also served over https',
  },
} as const satisfies Flags

/** For the commands that otherwise compact when they have committed. */
export const NO_COMPACT_FLAG = {
  'no-compact': {
    kind: 'switch',
    about: 'leave index.yaml to a later compaction; readers with this plugin see the charts at once',
  },
} as const satisfies Flags

/** For the commands that choose one version of a chart. */
export const CHOOSING_FLAGS = {
  version: {
    kind: 'text',
    about: 'exact version (with build metadata: exactly that build) or constraint (default: the newest stable one)',
  },
  devel: { kind: 'switch', about: 'also take pre-releases; ignored with --version' },
} as const satisfies Flags

/** A version that was pushed. */
export const PUSHED_VERSION = objectOf({
  name: text('of the chart'),
  version: text('as in Chart.yaml'),
  digest: text('SHA-256 of the archive, hex'),
})

/** Objects that a reader of the log passes over. */
export const SKIPPED = listOf(
  objectOf({ key: text('of an object below index.d/ that was ignored'), reason: text('why') }),
)
