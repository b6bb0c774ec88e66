import { parseDuration } from '../text/duration.ts'
import type { Environment } from './environment.ts'
import { fromEnvironment, unusable } from './sources.ts'

/**
 * `HELM_S3_TIMEOUT` in milliseconds: for the getter, too, which Helm gives no flags. Undefined: not set.
 * @throws HelmS3Error `invalid-config`
 */
export function timeoutFrom(env: Environment): number | undefined {
  const given = fromEnvironment(env, 'HELM_S3_TIMEOUT')
  if (given === undefined) return undefined
  const milliseconds = parseDuration(given.value)
  if (typeof milliseconds === 'object') throw unusable(given, milliseconds.problem, 'write it as 90s, 5m or 1h30m')
  return milliseconds
}
