import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Script } from 'node:vm'
import { newDraft, removeDraft, sweepDrafts } from '../sys/drafts.ts'

/** The layout of a file of V8's compiled code: the SHA-256 of the source, the SHA-256 of the code, and the code. */
const HASH_LENGTH = 32

/** Where compiled code is kept, and the source that it was made from. */
export interface CodeCache {
  readonly file: string
  readonly madeFrom: Uint8Array
}

/**
 * Compiles a script, using the code of an earlier run when that is available and intact. V8 itself checks only its own
 * version, its flags and the length of the source. The hashes also detect a damaged file and the code of another
 * source.
 */
export function compile(
  source: string,
  filename: string,
  cache: CodeCache,
): { readonly script: Script; readonly isCached: boolean } {
  const cachedData = readCode(cache)
  const script = new Script(source, cachedData === undefined ? { filename } : { filename, cachedData })
  // Code that V8 refuses because it runs with other flags is not replaced. Otherwise two kinds of runs would keep
  // replacing each other's code.
  return { script, isCached: cachedData !== undefined }
}

/**
 * Keeps the code of a script for later runs. The file appears as a whole, however many processes do this at once, and
 * drafts of killed runs are removed. When the folder cannot be written, nothing is computed and no error is reported.
 */
export function keepCode(cache: CodeCache, makeCode: () => Uint8Array): void {
  const folder = dirname(cache.file)
  const draft = newDraft(folder)
  let descriptor: number
  try {
    mkdirSync(folder, { recursive: true })
    sweepDrafts(folder)
    descriptor = openSync(draft, 'wx', 0o644)
  } catch {
    return
  }
  try {
    const code = makeCode()
    for (const part of [hashOf(cache.madeFrom), hashOf(code), code]) writeFileSync(descriptor, part)
    closeSync(descriptor)
    renameSync(draft, cache.file)
  } catch {
    removeDraft(draft)
  }
}

function readCode({ file, madeFrom }: CodeCache): Buffer | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch {
    return undefined
  }
  const code = bytes.subarray(2 * HASH_LENGTH)
  const isWhole =
    bytes.subarray(0, HASH_LENGTH).equals(hashOf(madeFrom)) &&
    bytes.subarray(HASH_LENGTH, 2 * HASH_LENGTH).equals(hashOf(code))
  return isWhole ? code : undefined
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
