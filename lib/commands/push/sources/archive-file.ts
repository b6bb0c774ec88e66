import { readFileSync, statSync } from 'node:fs'
import { MAX_ARCHIVE } from '../../../text/size-limits.ts'
import { HelmS3Error } from '../../../errors.ts'
import { causeText, localFileError, systemCode } from '../../../sys/system-error.ts'
import { type ChartBytes, cannotPush, archiveTooLarge } from './chart-bytes.ts'

/**
 * An archive, with the provenance file that stands beside it. Files are read synchronously: for a thousand small ones
 * the way through the threads of Node.js takes several times as long as the reading.
 * @throws HelmS3Error `invalid-chart`, `local-file`
 */
export function readArchiveFile(path: string): ChartBytes {
  return { bytes: readArchive(path), provenance: readProvenanceFile(`${path}.prov`, 'optional') }
}

function readArchive(path: string): Uint8Array {
  try {
    const file = statSync(path)
    if (!file.isFile())
      throw cannotPush(
        path,
        'is not a regular file',
        'give the .tgz that `helm package` has made, or the folder of a chart',
      )
    if (file.size > MAX_ARCHIVE) throw archiveTooLarge(path)
    return readFileSync(path)
  } catch (cause) {
    if (cause instanceof HelmS3Error) throw cause
    throw new HelmS3Error('local-file', `failed to load chart file: open ${path}: ${causeText(cause)}`, { cause })
  }
}

/** @throws HelmS3Error `local-file` */
export function readProvenanceFile(path: string, need: 'required'): Uint8Array
export function readProvenanceFile(path: string, need: 'optional'): Uint8Array | undefined
export function readProvenanceFile(path: string, need: 'required' | 'optional'): Uint8Array | undefined {
  try {
    // An error would take ten times as long as the question.
    const isAbsent = need === 'optional' && statSync(path, { throwIfNoEntry: false }) === undefined
    return isAbsent ? undefined : readFileSync(path)
  } catch (cause) {
    if (need === 'optional' && systemCode(cause) === 'ENOENT') return undefined
    throw localFileError(path, 'open prov file:', cause)
  }
}
