import { parseDuration } from '../text/duration.ts'
import type { Environment } from './environment.ts'
import { fromEnvironment, unusable } from './sources.ts'

/**
 * `HELM_S3_TIMEOUT` in milliseconds. Undefined: not set. The variable also serves the getter, which Helm gives no
 * flags.
 * @throws HelmS3Error `invalid-config`
 */
export function timeoutFrom(env: Environment): number | undefined {
  const given = fromEnvironment(env, 'HELM_S3_TIMEOUT')
  if (given === undefined) return undefined
  const milliseconds = parseDuration(given.value)
  if (typeof milliseconds === 'object') throw unusable(given, milliseconds.problem, 'write it as 90s, 5m or 1h30m')
  return milliseconds
}
