import type { FuzzTarget } from './target.ts'
import { BUCKET_TARGETS } from './targets/bucket.ts'
import { CHART_TARGETS } from './targets/charts.ts'
import { MACHINE_TARGETS } from './targets/machine.ts'
import { STORE_TARGETS } from './targets/store.ts'
import { TYPED_TARGETS } from './targets/typed.ts'
import { WHOLE_TARGETS } from './targets/whole.ts'

/** Every kind of input from outside that this program reads itself. */
export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  ...BUCKET_TARGETS,
  ...STORE_TARGETS,
  ...CHART_TARGETS,
  ...TYPED_TARGETS,
  ...MACHINE_TARGETS,
  ...WHOLE_TARGETS,
}
