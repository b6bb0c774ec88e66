import { HelmS3Error } from '../errors.ts'

const HINT = 'make the archive again with `helm package`'

/** The error for an archive that Helm would not load, or that this program does not accept. */
export function invalidChart(problem: string, hint: string = HINT, cause?: unknown): HelmS3Error {
  return new HelmS3Error('invalid-chart', problem, { hint, cause })
}
