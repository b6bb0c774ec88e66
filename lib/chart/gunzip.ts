import { createGunzip } from 'node:zlib'
import { invalidChart } from './invalid-chart.ts'

/** Bytes of unpacked data that are handed on at a time. */
const CHUNK = 64 * 1024

/**
 * Hands the unpacked bytes of a gzip file to `take`, piece by piece and in order, until that answers `enough`. What follows
 * then is not looked at, and a file that is cut ends where it is cut: both as in Helm, whose tar reader stops at the end
 * mark.
 * @throws HelmS3Error `invalid-chart` when the bytes are no gzip file; and whatever `take` throws
 */
export function gunzip(bytes: Uint8Array, take: (chunk: Buffer) => 'more' | 'enough'): Promise<void> {
  return new Promise((resolve, reject) => {
    const unpacked = createGunzip({ chunkSize: CHUNK })
    const stop = (error?: Error): void => {
      unpacked.removeAllListeners('data').destroy()
      if (error === undefined) resolve()
      else reject(error)
    }
    unpacked.on('data', (chunk: Buffer) => {
      try {
        if (take(chunk) === 'enough') stop()
      } catch (error) {
        stop(error instanceof Error ? error : new Error(String(error)))
      }
    })
    unpacked.on('end', () => stop())
    unpacked.on('error', (cause: NodeJS.ErrnoException) => stop(gzipError(cause)))
    unpacked.end(bytes)
  })
}

/** @throws HelmS3Error `invalid-chart` for an empty file and for one that does not begin as a gzip file does */
export function requireGzip(bytes: Uint8Array): void {
  if (bytes.length === 0) throw invalidChart('the file is empty')
  const [first, second, method] = bytes
  if (first !== 0x1f || second !== 0x8b || method !== 8) {
    throw invalidChart('it does not appear to be a gzipped archive', 'give the .tgz that `helm package` has made')
  }
}

function gzipError(cause: NodeJS.ErrnoException): Error {
  if (cause.code === 'Z_BUF_ERROR') return invalidChart('the archive is cut short', undefined, cause)
  return invalidChart(`the archive is damaged: ${cause.message}`, undefined, cause)
}
