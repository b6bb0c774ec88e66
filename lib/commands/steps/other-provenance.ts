import { archiveFileName } from '../../core/keys.ts'
import { provenanceProblem } from '../../core/provenance.ts'
import { HelmS3Error } from '../../errors.ts'
import type { ChartUpload } from '../../protocol/archives/chart-upload.ts'

/**
 * Refuses a provenance file that does not name the file that the archive will be in the repository: it would verify
 * before the push and fail after it.
 * @throws HelmS3Error `invalid-chart`
 */
export function refuseOtherProvenance(uploads: readonly ChartUpload[]): void {
  for (const upload of uploads) {
    const { provenance, source } = upload
    const fileName = archiveFileName(upload)
    const problem =
      provenance === undefined ? undefined : provenanceProblem(Buffer.from(provenance).toString(), fileName)
    if (problem === undefined) continue
    throw new HelmS3Error(
      'invalid-chart',
      `the provenance file of ${source} cannot be used in a repository: ${problem}`,
      {
        hint:
          `\`helm pull --verify\` would refuse it: rename the archive to ${fileName} and sign it again, or push ` +
          `it anyway with --any-prov`,
      },
    )
  }
}
