import { randomUUID } from 'node:crypto'
import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from './clock.ts'

/**
 * A draft is a file or folder under a name that nobody reads. New content is written to it beside its final place, and
 * then moved there in one step. A killed run leaves its draft behind. The next run that writes into the same folder
 * removes it.
 */

/** Milliseconds. No run works on a draft for this long. */
const DRAFT_AGE = 60 * 60_000

/**
 * The pattern of names of drafts, which no person gives to a file. Only files and folders with such a name are removed.
 */
const DRAFT_NAME = /^\.helm-s3-draft-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * The path of a draft in this folder, which no other run uses. Nothing is created yet; the draft may become a file or a
 * folder.
 */
export function newDraft(folder: string): string {
  return join(folder, `.helm-s3-draft-${randomUUID()}`)
}

/** Removes a draft with everything in it. A draft that cannot be removed stays for {@link sweepDrafts}. */
export function removeDraft(draft: string): void {
  try {
    rmSync(draft, { recursive: true, force: true })
  } catch {
    // The write has succeeded or failed by now; a draft that stays does not change that.
  }
}

/**
 * Removes the drafts that killed runs have left in a folder: those that were not touched for an hour. It never fails: a
 * draft that cannot be looked at or removed stays. Symbolic links are left alone. Call it where something is written
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

/**
 * Whether a draft was left by a killed run. Another run may be removing the same drafts; a draft that is gone does not
 * count.
 */
function isLeftOver(draft: string): boolean {
  try {
    const found = lstatSync(draft)
    return (found.isFile() || found.isDirectory()) && systemClock.now() - found.mtimeMs > DRAFT_AGE
  } catch {
    return false
  }
}
