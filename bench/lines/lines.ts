import type { Line } from '../line.ts'
import { batch } from './batch.ts'
import { compact } from './compact.ts'
import { deleteOne } from './delete.ts'
import { far, farYaml } from './far.ts'
import { getter } from './getter.ts'
import { helm } from './helm.ts'
import { push } from './push.ts'
import { pushConstant } from './push-constant.ts'
import { read } from './read.ts'
import { readCached } from './read-cached.ts'
import { reindex } from './reindex.ts'
import { startUp } from './start-up.ts'
import { writers } from './writers.ts'

/** Every line, in the order of the table. */
export const LINES: readonly Line[] = [
  push,
  pushConstant,
  deleteOne,
  read,
  readCached,
  compact,
  writers,
  reindex,
  getter,
  startUp,
  helm,
  batch,
  far,
  farYaml,
]
