import { HelmS3Error } from '../errors.ts'
import { type Environment, readVariable } from './environment.ts'

/** A value, and where it stands: `--region`, `?region=`, `AWS_REGION`. */
export interface Sourced {
  readonly value: string
  readonly from: string
}

/** What the command line says, by the name of the flag without dashes. Empty: explicitly nothing. */
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

/** The error for a value that cannot be used; a flag's in the words of spf13/pflag. */
export function unusable({ from, value }: Sourced, problem: string, hint?: string): HelmS3Error {
  const options = hint === undefined ? {} : { hint }
  if (from.startsWith('--'))
    return new HelmS3Error('usage', `invalid argument ${JSON.stringify(value)} for "${from}" flag: ${problem}`, options)
  if (from.startsWith('?'))
    return new HelmS3Error('invalid-url', `${from}${value} of the repository URL: ${problem}`, options)
  return new HelmS3Error('invalid-config', `${from}=${value}: ${problem}`, options)
}
