import { deltas } from './deltas.ts'
import { farVersions } from './far-versions.ts'
import type { Growth } from './growth.ts'
import { versions } from './versions.ts'
import { writers } from './writers.ts'

/** In the order of the page. */
export const GROWTHS: readonly Growth[] = [versions, farVersions, deltas, writers]
