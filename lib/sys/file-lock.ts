import { randomUUID } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { HelmS3Error } from '../errors.ts'
import type { Clock } from './clock.ts'
import { newDraft, removeDraft } from './drafts.ts'
import { sha256 } from './sha256.ts'
import { localFileError, systemCode } from './system-error.ts'

/**
 * A lock among processes: a folder beside the file that it protects. The folder holds one file, which is named after
 * the holder.
 *
 * - A process takes the lock by preparing the folder elsewhere and renaming it to this place. The file system allows
 *   that only when there is no folder, or an empty one. So only one of many processes succeeds, and its name is there
 *   from the start.
 * - A process gives the lock back, or breaks it, by removing the file with exactly the name that it saw. When it comes
 *   too late, the file is gone, and it cannot remove the lock that another process has taken meanwhile.
 * - A killed holder is recognised because its process is gone. Where that cannot be told (it ran on another machine, or
 *   another process has its number now), the age of the lock decides.
 * - A holder that was only stopped for that long, and continues, does not know that its lock was broken. Its work must
 *   tolerate that another process has worked meanwhile.
 *
 * No library is used: Node.js itself has no file locks, and the well-known proper-lockfile breaks an old lock by
 * removing whatever stands in its place at that moment, so that two processes may hold the lock.
 */

/** `PROCESS-MACHINE-RANDOM` */
const HOLDER_NAME = /^([1-9][0-9]*)-([0-9a-f]{16})-[0-9a-f-]{36}$/

/** Milliseconds. No holder works for this long. */
const ABANDONED_AGE = 60_000

/** Milliseconds. How long to wait for a lock. */
const PATIENCE = 30_000

/** Milliseconds between two looks at a lock that is held. */
const PAUSE = 20

/** The error codes for a rename to a folder that is not empty; on Windows, to any folder. */
const OCCUPIED = new Set(['EEXIST', 'ENOTEMPTY', 'EPERM', 'EACCES', 'EBUSY'])

/**
 * Does `work` while no other process does work under the lock of this path. The path need not exist; its folder must.
 * `work` is synchronous, so that a signal finds it either not begun or done, with the lock given back.
 * @throws HelmS3Error `local-file` when the lock cannot be made, or when others have held it for half a minute
 */
export async function underLock<T>(path: string, clock: Clock, work: () => T): Promise<T> {
  const lock = join(dirname(path), `.${basename(path)}.lock`)
  const end = clock.monotonic() + PATIENCE
  for (;;) {
    const mark = takeLock(lock, clock)
    if (mark !== undefined) {
      try {
        return work()
      } finally {
        giveBack(lock, mark)
      }
    }
    if (clock.monotonic() >= end) {
      const waited = `${String(PATIENCE / 1000)} seconds`
      throw new HelmS3Error('local-file', `lock ${path}: other processes have held ${lock} for ${waited}`)
    }
    await clock.sleep(PAUSE)
  }
}

/** Takes the lock. Returns the path of the file that names the holder. Undefined: another process holds the lock. */
function takeLock(lock: string, clock: Clock): string | undefined {
  try {
    if (!breakAbandoned(lock, clock)) return undefined
    return putLock(lock)
  } catch (cause) {
    throw localFileError(lock, 'lock', cause)
  }
}

/** @returns whether the lock may be free now */
function breakAbandoned(lock: string, clock: Clock): boolean {
  const holders = ifThere(() => readdirSync(lock))
  if (holders === undefined) return true
  for (const holder of holders) {
    const mark = join(lock, holder)
    if (!isAbandoned(mark, clock)) return false
    ifThere(() => {
      unlinkSync(mark)
    })
  }
  removeEmpty(lock)
  return true
}

function putLock(lock: string): string | undefined {
  const folder = dirname(lock)
  const holder = `${String(process.pid)}-${thisMachine()}-${randomUUID()}`
  const draft = newDraft(folder)
  mkdirSync(draft)
  try {
    writeFileSync(join(draft, holder), '')
    renameSync(draft, lock)
    return join(lock, holder)
  } catch (error) {
    removeDraft(draft)
    if (OCCUPIED.has(systemCode(error) ?? '')) return undefined
    throw error
  }
}

/** Gives the lock back as far as possible. A lock that stays counts as abandoned, and is broken later. */
function giveBack(lock: string, mark: string): void {
  try {
    unlinkSync(mark)
  } catch {
    return
  }
  removeEmpty(lock)
}

/** Removes the folder if it is empty. A folder that is not empty stays: another process may have taken the lock. */
function removeEmpty(lock: string): void {
  try {
    rmdirSync(lock)
  } catch {
    // An empty folder is a free lock, too.
  }
}

/**
 * Whether a holder has abandoned its lock. A file whose name is not that of a holder is not ours, and is never removed.
 */
function isAbandoned(mark: string, clock: Clock): boolean {
  const [, id, machine] = HOLDER_NAME.exec(basename(mark)) ?? []
  if (id === undefined) return false
  if (machine === thisMachine() && !isRunningElsewhere(Number(id))) return true
  const taken = lstatSync(mark, { throwIfNoEntry: false })?.mtimeMs
  // A time in the future also counts as old: the clock of another machine, or of this one, was wrong.
  return taken !== undefined && Math.abs(clock.now() - taken) > ABANDONED_AGE
}

/**
 * Whether a process other than this one has this number. This process holds a lock only while it does nothing else. So
 * a lock with its number is that of an earlier process, which has died.
 */
function isRunningElsewhere(id: number): boolean {
  if (id === process.pid) return false
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    return systemCode(error) !== 'ESRCH'
  }
}

function thisMachine(): string {
  return sha256(Buffer.from(hostname())).slice(0, 16)
}

/** The result of `work`. Undefined: the file that it asks for does not exist, or no longer exists. */
function ifThere<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
