import { HelmS3Error } from '../../errors.ts'

/** The hint. The way that saves the entries comes first. */
const HINT =
  '`helm s3 check REPO --fix` saves its entries; or `helm s3 reindex REPO --rebuild`, which also adds archives that ' +
  'it did not name'

/** The error for an `index.yaml` that Helm would refuse, or that would lose content if it were written again. */
export function invalidIndex(problem: string, cause?: unknown): HelmS3Error {
  return new HelmS3Error('invalid-index', `index.yaml: ${problem}`, { hint: HINT, cause })
}
