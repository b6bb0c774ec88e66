import { closeSync, fsyncSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { HelmS3Error } from '../errors.ts'
import { localFileError } from '../sys/system-error.ts'

/**
 * Replaces the file as a whole: a reader sees the old bytes or the new ones, whatever happens meanwhile. The new bytes grow
 * in a folder beside it. Synchronous, so that a signal finds no half-finished work. `content`: the text, or its pieces.
 * @throws HelmS3Error `local-file`
 */
export function writeFileAtomically(path: string, content: string | Uint8Array | readonly Uint8Array[]): void {
  replaceAtomically(path, (draft) => {
    const file = openSync(draft, 'wx', 0o644)
    try {
      for (const piece of Array.isArray(content) ? (content as readonly Uint8Array[]) : [content as string | Uint8Array]) writeFileSync(file, piece)
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
