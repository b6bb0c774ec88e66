import { HelmS3Error } from '../../errors.ts'

const HINT = 'repair index.yaml, or make a new one from the archives with `helm s3 reindex --rebuild`'

/** The error for an `index.yaml` that Helm would refuse, or that would lose content if it were written again. */
export function invalidIndex(problem: string, cause?: unknown): HelmS3Error {
  return new HelmS3Error('invalid-index', `index.yaml: ${problem}`, { hint: HINT, cause })
}
