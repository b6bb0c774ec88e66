import pLimit from 'p-limit'
import type { Key } from '../../core/keys.ts'
import type { Problem } from '../../core/reindex/plan-reindex.ts'
import type { ArchiveContent, SeenArchive } from '../../core/reindex/seen-archive.ts'
import { NO_PROGRESS } from '../session/track.ts'
import { LARGE_ARCHIVE, LARGE_AT_ONCE } from '../session/limits.ts'
import { type OpenedArchive, openArchive } from './open-archive.ts'
import type { Session } from '../session/session.ts'

export interface OpenOptions {
  /** Read the bytes of every archive, instead of trusting its object metadata. */
  readonly full: boolean
  /** How many archives are opened at the same time. */
  readonly concurrency: number
}

/** The outcome of opening a number of archives. */
export interface OpenedArchives {
  /** The archives that can be used, in the order in which they were given. */
  readonly contents: readonly (readonly [SeenArchive, ArchiveContent])[]
  readonly problems: readonly Problem[]
  /** The archives that were no longer as the listing had shown them. */
  readonly changed: readonly Key[]
}

/**
 * Opens archives for a reindex. For a rebuild, which lists the archives more than once, it remembers what it has
 * opened.
 */
export class ArchiveOpener {
  readonly #session: Session
  readonly #options: OpenOptions
  readonly #opened = new Map<Key, { readonly archive: SeenArchive; readonly result: OpenedArchive }>()
  #count = 0

  constructor(session: Session, options: OpenOptions) {
    this.#session = session
    this.#options = options
  }

  /** How many archives were opened so far. */
  get count(): number {
    return this.#count
  }

  /** A progress display for this many archives. */
  track(archives: number): ReturnType<Session['track']> {
    return (archives === 0 ? NO_PROGRESS : this.#session.track)('reading archives', archives)
  }

  /**
   * Opens archives, whether they were opened before or not. `step`: called after each one. Cost: see
   * {@link openArchive}.
   */
  async open(archives: readonly SeenArchive[], step: () => void | Promise<void>): Promise<OpenedArchives> {
    return sortOut(await this.#openAll(archives, step))
  }

  /**
   * Opens the archives that were not opened before with the same ETag and date.
   * @returns how many those were
   */
  async openNew(archives: readonly SeenArchive[], step: () => Promise<void>): Promise<number> {
    const unopened = archives.filter((archive) => this.#known(archive) === undefined)
    const progress = this.track(unopened.length)
    try {
      const opened = await this.#openAll(unopened, async () => {
        progress.advance()
        await step()
      })
      for (const [archive, result] of opened) this.#opened.set(archive.key, { archive, result })
    } finally {
      progress.end()
    }
    return unopened.length
  }

  /** What was found in those of the archives that {@link openNew} has opened. */
  opened(archives: readonly SeenArchive[]): OpenedArchives {
    return sortOut(archives.map((archive) => [archive, this.#known(archive) ?? { outcome: 'changed' }] as const))
  }

  #known({ etag, key, lastModified }: SeenArchive): OpenedArchive | undefined {
    const known = this.#opened.get(key)
    return known?.archive.etag === etag && known.archive.lastModified === lastModified ? known.result : undefined
  }

  async #openAll(
    archives: readonly SeenArchive[],
    step: () => void | Promise<void>,
  ): Promise<readonly (readonly [SeenArchive, OpenedArchive])[]> {
    const { concurrency } = this.#options
    const limit = pLimit(concurrency)
    const limitLarge = pLimit(Math.min(LARGE_AT_ONCE, concurrency))
    const open = async (archive: SeenArchive): Promise<readonly [SeenArchive, OpenedArchive]> => {
      const result = await openArchive(this.#session, archive, this.#options)
      await step()
      return [archive, result]
    }
    const limitOf = ({ size }: SeenArchive): typeof limit => (size > LARGE_ARCHIVE ? limitLarge : limit)
    const opened = await Promise.all(archives.map((archive) => limitOf(archive)(() => open(archive))))
    this.#count += opened.length
    return opened
  }
}

function sortOut(opened: readonly (readonly [SeenArchive, OpenedArchive])[]): OpenedArchives {
  const contents: (readonly [SeenArchive, ArchiveContent])[] = []
  const problems: Problem[] = []
  const changed: Key[] = []
  for (const [archive, result] of opened) {
    if (result.outcome === 'content') contents.push([archive, result.content])
    else if (result.outcome === 'unusable')
      problems.push({ key: archive.key, reason: result.reason, ...(result.isRefused ? { isRefused: true } : {}) })
    else changed.push(archive.key)
  }
  return { contents, problems, changed }
}
