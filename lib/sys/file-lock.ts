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
 * A lock among processes: a folder beside the file it is about, which holds one file named after its holder.
 *
 * - It is taken by a folder that was made ready elsewhere and is renamed to this place. The file system does that
 *   only where there is no folder, or an empty one: of many processes one succeeds, and its name is there from the
 *   start.
 * - It is given back, and broken, by removing the file with the very name that was seen. Whoever comes late with that
 *   finds the file gone, and cannot remove the lock that another process has taken meanwhile.
 * - A holder that was killed is known by its process, which is gone; where that cannot be told (it ran on another
 *   machine, or its number has gone to another process), by the age of its lock.
 * - A holder that was only stopped for so long, and wakes up, does not know that its lock was broken: what it does must
 *   bear that another has worked meanwhile.
 *
 * No library: Node.js itself has no locks, and the well-known proper-lockfile breaks an old lock by removing whatever
 * stands in its place by then, so that two processes may hold it.
 */

/** `PROCESS-MACHINE-RANDOM` */
const HOLDER_NAME = /^([1-9][0-9]*)-([0-9a-f]{16})-[0-9a-f-]{36}$/

/** No holder works for so long, milliseconds. */
const ABANDONED_AGE = 60_000

/** How long a lock is waited for, milliseconds. */
const PATIENCE = 30_000

/** Between two looks at a lock that is held, milliseconds. */
const PAUSE = 20

/** What systems say of a rename to a folder that is not empty; Windows, to any folder. */
const OCCUPIED = new Set(['EEXIST', 'ENOTEMPTY', 'EPERM', 'EACCES', 'EBUSY'])

/**
 * Does `work` while no other process does work under the lock of this path, which need not exist; its folder must.
 * `work` is synchronous: a signal finds it not begun or done, and the lock given back.
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

/** The path of the file that says who holds the lock; undefined: another process does. */
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

/** Best effort: what stays is abandoned, and is broken. */
function giveBack(lock: string, mark: string): void {
  try {
    unlinkSync(mark)
  } catch {
    return
  }
  removeEmpty(lock)
}

/** Another process may have taken the lock since it was empty: a folder that is not empty stays. */
function removeEmpty(lock: string): void {
  try {
    rmdirSync(lock)
  } catch {
    // An empty folder is a free lock, too.
  }
}

/** What is not named as a holder is nothing of ours, and is never removed. */
function isAbandoned(mark: string, clock: Clock): boolean {
  const [, id, machine] = HOLDER_NAME.exec(basename(mark)) ?? []
  if (id === undefined) return false
  if (machine === thisMachine() && !isRunningElsewhere(Number(id))) return true
  const taken = lstatSync(mark, { throwIfNoEntry: false })?.mtimeMs
  // Also when it lies in the future: the clock of another machine, or this one, was wrong.
  return taken !== undefined && Math.abs(clock.now() - taken) > ABANDONED_AGE
}

/** Not this process: it holds a lock only while it does nothing else, and so has died with it under the same number. */
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

/** Undefined: what `work` asks for is not there, or no longer. */
function ifThere<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
