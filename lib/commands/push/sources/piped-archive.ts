import { MAX_ARCHIVE } from '../../../text/size-limits.ts'
import type { Source } from '../../../ui/output.ts'
import { type ChartBytes, archiveTooLarge } from './chart-bytes.ts'

/**
 * The archive that stands in standard input, read to its end.
 * @throws HelmS3Error `invalid-chart` when it is larger than Helm loads; nothing more is read then
 */
export async function readPipedArchive(stdin: Source): Promise<ChartBytes> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stdin.chunks()) {
    size += chunk.length
    if (size > MAX_ARCHIVE) throw archiveTooLarge('standard input')
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), provenance: undefined }
}
