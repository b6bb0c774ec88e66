import { HelmS3Error } from '../../../errors.ts'

/** A chart archive that nobody has looked into yet. */
export interface ChartBytes {
  readonly bytes: Uint8Array
  readonly provenance: Uint8Array | undefined
}

/** The error for something that is not a chart which can be pushed; its text begins as in the Go plugin. */
export function cannotPush(source: string, problem: string, hint: string, cause?: unknown): HelmS3Error {
  return new HelmS3Error('invalid-chart', `failed to load chart file: ${source}: ${problem}`, { hint, cause })
}

export function archiveTooLarge(source: string): HelmS3Error {
  return cannotPush(source, 'is larger than 100 MiB, the most that Helm loads', 'exclude files with .helmignore')
}
