import { HelmS3Error } from '../errors.ts'

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  EEXIST: 'file exists',
  ENOSPC: 'no space left on device',
  EROFS: 'read-only file system',
}

/** The error for a file that could not be read or written: `<doing> <path>: <cause in the words of POSIX>`. */
export function localFileError(path: string, doing: string, cause: unknown): HelmS3Error {
  return new HelmS3Error('local-file', `${doing} ${path}: ${causeText(cause)}`, { cause })
}

/** The system's description of a failed call, without the arguments of the call. */
export function causeText(cause: unknown): string {
  const code = systemCode(cause)
  if (code !== undefined) return CAUSES[code] ?? code
  return cause instanceof Error ? cause.message : String(cause)
}

/** The `code` of a system error, `ENOENT` and the like. */
export function systemCode(error: unknown): string | undefined {
  const isCoded = typeof error === 'object' && error !== null && 'code' in error
  return isCoded && typeof error.code === 'string' ? error.code : undefined
}
