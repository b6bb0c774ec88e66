import { closeSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { HelmS3Error } from '../errors.ts'

/**
 * Replaces the file as a whole: a reader sees the old bytes or the new ones, whatever happens meanwhile. The new bytes grow
 * in a folder beside it. Synchronous, so that a signal finds no half-finished work.
 * @throws HelmS3Error `local-file`
 */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  replaceAtomically(path, (draft) => {
    const file = openSync(draft, 'wx', 0o644)
    try {
      writeFileSync(file, content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  })
}

/**
 * Puts what `make` creates at the path it is handed (a file or a folder) in the place of `path`, in one step. An existing
 * file is replaced; an existing folder that is not empty is an error.
 * @throws HelmS3Error `local-file`
 */
export function replaceAtomically(path: string, make: (draft: string) => void): void {
  let workshop: string | undefined
  try {
    workshop = mkdtempSync(join(dirname(path), `.${basename(path)}.`))
    const draft = join(workshop, basename(path))
    make(draft)
    renameSync(draft, path)
  } catch (cause) {
    if (cause instanceof HelmS3Error) throw cause
    throw localFileError(path, 'write', cause)
  } finally {
    if (workshop !== undefined) rmSync(workshop, { recursive: true, force: true })
  }
}

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

/** What the system says about a failed call, without its arguments. */
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
