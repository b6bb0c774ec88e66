import { HelmS3Error } from '../errors.ts'
import { type Environment, readVariable } from './environment.ts'

/** A value and the place that it comes from: `--region`, `?region=`, `AWS_REGION`. */
export interface Sourced {
  readonly value: string
  readonly from: string
}

/**
 * The values of the command line, by the name of the flag without dashes. An empty text explicitly turns a setting off.
 */
export type SettingFlags = Readonly<Record<string, string | undefined>>

export function fromFlag(flags: SettingFlags, name: string): Sourced | undefined {
  const value = flags[name]
  return value === undefined ? undefined : { value, from: `--${name}` }
}

/** The first of these variables that is set and not empty. */
export function fromEnvironment(env: Environment, ...names: readonly string[]): Sourced | undefined {
  for (const name of names) {
    const value = readVariable(env, name)
    if (value !== undefined) return { value, from: name }
  }
  return undefined
}

/** The error for a value that cannot be used. For a flag it has the words of spf13/pflag. */
export function unusable({ from, value }: Sourced, problem: string, hint?: string): HelmS3Error {
  const options = hint === undefined ? {} : { hint }
  if (from.startsWith('--'))
    return new HelmS3Error('usage', `invalid argument ${JSON.stringify(value)} for "${from}" flag: ${problem}`, options)
  if (from.startsWith('?'))
    return new HelmS3Error('invalid-url', `${from}${value} of the repository URL: ${problem}`, options)
  return new HelmS3Error('invalid-config', `${from}=${value}: ${problem}`, options)
}
