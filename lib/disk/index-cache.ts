import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { StoredDelta } from '../core/log/delta.ts'
import { fold } from '../core/fold.ts'
import { type IndexText, readIndexText } from '../core/index/index-text.ts'
import { joinSmall } from '../core/index/pieces.ts'
import { foldedAt } from '../core/plan-compaction.ts'
import { HelmS3Error } from '../errors.ts'
import { type Clock, systemClock } from '../sys/clock.ts'
import { underLock } from '../sys/file-lock.ts'
import { systemCode } from '../sys/system-error.ts'
import { replaceAtomicallyIf, writeDurably, writeFileAtomically } from './atomic-write.ts'
import type { HelmRepository } from './repositories.ts'

/** How often a change is brought into a copy that Helm keeps replacing meanwhile. */
const ATTEMPTS = 5

/**
 * Brings a change into Helm's local copy of a repository's index, so that `helm search repo` shows it without
 * `helm repo update`, and into the list of chart names beside it, which serves completion. A missing copy is not
 * created, because Helm then says what to do.
 *
 * When several runs of this program do this at once, each sees what the runs before it have written: reading, changing
 * and replacing the copy are one step under a lock. Helm takes no lock. Helm 4 replaces the files as a whole; Helm 3
 * writes into them, and half of such a file can be read. So a copy that Helm has touched since it was read is not
 * replaced but read again, and a copy that has replaced ours gets the change, too. This does no harm when the copy
 * holds the change already.
 *
 * Some cases cannot be handled without Helm's help. When a `helm repo update` asked the store before the change, and
 * writes after this function has looked for the last time, the copy shows the repository as it was before. When Helm 3
 * is writing at the moment of the replacement, it may write to the file that was replaced. And changes are applied in
 * the order in which runs get here, so after two changes of one version at the same moment the copy may show the
 * earlier one. The next `helm repo update` mends all of these.
 * @throws HelmS3Error `local-file`, `invalid-index`
 */
export async function updateIndexCache(
  cacheFolder: string,
  { name }: HelmRepository,
  change: StoredDelta,
  clock: Clock = systemClock,
): Promise<void> {
  const files = { index: join(cacheFolder, `${name}-index.yaml`), charts: join(cacheFolder, `${name}-charts.txt`) }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (stampOf(files.index) === undefined) return
    if (await underLock(files.index, clock, () => bringInto(files, change))) return
  }
  throw new HelmS3Error('local-file', `write ${files.index}: other programs keep replacing it`)
}

interface CacheFiles {
  readonly index: string
  readonly charts: string
}

/** @returns whether the copy shows the change, or is gone */
function bringInto({ index: path, charts }: CacheFiles, change: StoredDelta): boolean {
  const old = stampOf(path)
  if (old === undefined) return true
  const isUntouched = (): boolean => {
    const found = stampOf(path)
    return found?.inode === old.inode && found.written === old.written
  }
  let index: IndexText
  try {
    index = noteFolded(fold(readIndexText(readFileSync(path)), [change]), change)
  } catch (error) {
    if (!isUntouched()) return false
    throw error
  }
  let ours: Stamp | undefined
  const isReplaced = replaceAtomicallyIf(path, (draft) => {
    writeDurably(draft, joinSmall(index.chunks()))
    ours = stampOf(draft)
    return isUntouched()
  })
  if (!isReplaced) return false
  writeFileAtomically(
    charts,
    index
      .chartNames()
      .map((chart) => `${chart}\n`)
      .join(''),
  )
  return stampOf(path)?.written === ours?.written
}

/** Milliseconds. The copy remembers changes for this long, which is about as long as `index.yaml` does. */
const REMEMBERED = 2 * 60 * 60_000

/**
 * Notes the change in the copy in the same way as `index.yaml` notes a folded delta. Completion uses this to tell what
 * was deleted.
 */
function noteFolded(index: IndexText, change: StoredDelta): IndexText {
  const { bookkeeping, generated } = index
  const young = [...bookkeeping.folded].filter(([, { at }]) => change.lastModified - at < REMEMBERED)
  const folded = new Map(young).set(change.id, foldedAt(change.lastModified, change))
  return index.withHeader({ bookkeeping: { ...bookkeeping, folded }, generated })
}

interface Stamp {
  /**
   * Distinguishes a file from another one in its place. Not every file system keeps this number when the file is
   * renamed.
   */
  readonly inode: bigint
  /** Distinguishes a file from its earlier content. The underlying clock may stand still for some milliseconds. */
  readonly written: string
}

/** The stamp of a file. Undefined: there is no file. */
function stampOf(path: string): Stamp | undefined {
  try {
    const found = statSync(path, { bigint: true })
    return found.isFile() ? { inode: found.ino, written: `${String(found.size)} ${String(found.mtimeNs)}` } : undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
