import { readFile, stat } from 'node:fs/promises'
import { MAX_ARCHIVE } from '../../../text/size-limits.ts'
import { HelmS3Error } from '../../../errors.ts'
import { causeText, localFileError, systemCode } from '../../../sys/system-error.ts'
import { type ChartBytes, cannotPush, archiveTooLarge } from './chart-bytes.ts'

/**
 * An archive, with the provenance file that stands beside it.
 * @throws HelmS3Error `invalid-chart`, `local-file`
 */
export async function readArchiveFile(path: string): Promise<ChartBytes> {
  return { bytes: await readArchive(path), provenance: await readProvenanceFile(`${path}.prov`, 'optional') }
}

async function readArchive(path: string): Promise<Uint8Array> {
  try {
    const file = await stat(path)
    if (!file.isFile())
      throw cannotPush(
        path,
        'is not a regular file',
        'give the .tgz that `helm package` has made, or the folder of a chart',
      )
    if (file.size > MAX_ARCHIVE) throw archiveTooLarge(path)
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof HelmS3Error) throw cause
    throw new HelmS3Error('local-file', `failed to load chart file: open ${path}: ${causeText(cause)}`, { cause })
  }
}

/** @throws HelmS3Error `local-file` */
export async function readProvenanceFile(path: string, need: 'required'): Promise<Uint8Array>
export async function readProvenanceFile(path: string, need: 'optional'): Promise<Uint8Array | undefined>
export async function readProvenanceFile(path: string, need: 'required' | 'optional'): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (cause) {
    if (need === 'optional' && systemCode(cause) === 'ENOENT') return undefined
    throw localFileError(path, 'open prov file:', cause)
  }
}
