import { randomUUID } from 'node:crypto'
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from './clock.ts'

/**
 * Drafts: what is written grows under a name that nobody reads, beside the place where it is put in one step. A run
 * that is killed leaves its draft behind; the next run that writes into the same folder takes it away.
 */

/** No run works on a draft for so long, milliseconds. */
const DRAFT_AGE = 60 * 60_000

/** A name that no person gives to a file: only what has it is ever taken away. */
const DRAFT_NAME = /^\.helm-s3-draft-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The path of a draft in this folder, which no other run has. Nothing is made yet; it may become a file or a folder.
 */
export function newDraft(folder: string): string {
  return join(folder, `.helm-s3-draft-${randomUUID()}`)
}

/** Removes a draft, with all that is in it; one that cannot be removed stays for {@link sweepDrafts}. */
export function removeDraft(draft: string): void {
  try {
    rmSync(draft, { recursive: true, force: true })
  } catch {
    // What was to be written is written or has failed; this changes neither.
  }
}

/**
 * Removes the drafts that killed runs have left in a folder: those that nobody has touched for an hour. Never fails:
 * what cannot be looked at or removed stays. Symbolic links are left alone. To be called where something is written
 * into the folder anyway. Cost: one listing of the folder.
 */
export function sweepDrafts(folder: string): void {
  for (const name of namesIn(folder)) {
    if (!DRAFT_NAME.test(name)) continue
    const draft = join(folder, name)
    if (isLeftOver(draft)) removeDraft(draft)
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Another run may be removing the same drafts: one that has gone is no longer left over. */
function isLeftOver(draft: string): boolean {
  try {
    const found = lstatSync(draft)
    return (found.isFile() || found.isDirectory()) && systemClock.now() - found.mtimeMs > DRAFT_AGE
  } catch {
    return false
  }
}
