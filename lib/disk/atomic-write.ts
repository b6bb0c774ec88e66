import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { HelmS3Error } from '../errors.ts'
import { newDraft, removeDraft, sweepDrafts } from '../sys/drafts.ts'
import { localFileError } from '../sys/system-error.ts'

/** The content of a file: its text, or its pieces. */
export type FileContent = string | Uint8Array | readonly Uint8Array[]

/**
 * Replaces the file as a whole: a reader sees either the old bytes or the new ones, whatever happens meanwhile. The new
 * bytes are first written to a draft in the same folder. The function is synchronous, so a signal never interrupts it
 * half-way.
 * @throws HelmS3Error `local-file`
 */
export function writeFileAtomically(path: string, content: FileContent): void {
  replaceAtomically(path, (draft) => {
    writeDurably(draft, content)
  })
}

/** Writes a new file, and waits until it is on the disk. */
export function writeDurably(path: string, content: FileContent): void {
  const file = openSync(path, 'wx', 0o644)
  try {
    const pieces = Array.isArray(content) ? (content as readonly Uint8Array[]) : [content as string | Uint8Array]
    for (const piece of pieces) writeFileSync(file, piece)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/**
 * Moves what `make` creates at the path that it is given (a file or a folder) to `path`, in one step. An existing file
 * is replaced; an existing folder that is not empty is an error. Drafts that killed runs have left in the folder of
 * `path` are removed.
 * @throws HelmS3Error `local-file`
 */
export function replaceAtomically(path: string, make: (draft: string) => void): void {
  replaceAtomicallyIf(path, (draft) => {
    make(draft)
    return true
  })
}

/**
 * Does the same as {@link replaceAtomically}, unless `make` returns false: then everything is left as it was. Nothing
 * happens between the end of `make` and the step that puts the draft in place.
 * @returns whether the draft was put in place
 * @throws HelmS3Error `local-file`
 */
export function replaceAtomicallyIf(path: string, make: (draft: string) => boolean): boolean {
  const folder = dirname(path)
  sweepDrafts(folder)
  const workshop = newDraft(folder)
  try {
    mkdirSync(workshop, 0o700)
    const draft = join(workshop, basename(path))
    if (!make(draft)) return false
    renameSync(draft, path)
    return true
  } catch (cause) {
    if (cause instanceof HelmS3Error) throw cause
    throw localFileError(path, 'write', cause)
  } finally {
    removeDraft(workshop)
  }
}
