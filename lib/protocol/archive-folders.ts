import { type Key, type RepositoryLocation, asKey, folderArchiveKey, isPlainKey, ownArchiveKey } from '../core/keys.ts'
import { HelmS3Error } from '../errors.ts'
import { listAll } from '../store/object-store.ts'
import { askAgain } from './ask-again.ts'
import type { Session } from './session.ts'

/** The folders of a repository in which entries have their archives, looked at once each. */
export class ArchiveFolders {
  readonly #session: Session
  readonly #location: RepositoryLocation
  readonly #isOther = new Map<string, Promise<boolean>>()

  /** @param location with the URL at which the repository is published */
  constructor(session: Session, location: RepositoryLocation) {
    this.#session = session
    this.#location = location
  }

  /**
   * The key of the archive that a url means, if it is one of this repository: directly below the prefix, or in a folder that is no
   * repository of its own, and lies in none. What the store does not let look at counts as one, and for a key that not every store takes
   * nothing is asked: see {@link isPlainKey}.
   * Cost: a LIST for each folder, and for those around it, once.
   */
  async archiveOf(url: string): Promise<Key | undefined> {
    const own = ownArchiveKey(this.#location, url)
    const key = own ?? folderArchiveKey(this.#location, url)
    if (key === undefined || !isPlainKey(this.#location, key)) return undefined
    if (own !== undefined) return own
    const others = await Promise.all(this.#foldersOf(key).map((folder) => this.#isRepository(folder)))
    return others.some((isOther) => isOther) ? undefined : key
  }

  /** Bytes of what lies in the folders of these archives, by key. Cost: the listing of each folder. */
  async sizesAround(archives: readonly Key[]): Promise<ReadonlyMap<Key, number>> {
    const folders = new Set(archives.flatMap((key) => this.#foldersOf(key).slice(-1)))
    const listings = await Promise.all([...folders].map((folder) => listAll(this.#session.store, folder, { delimiter: '/' })))
    return new Map(listings.flatMap(({ objects }) => objects.map(({ key, size }) => [key, size])))
  }

  /** From the outermost to the innermost, each with a slash at its end; none for an archive directly below the prefix. */
  #foldersOf(key: Key): readonly string[] {
    const { prefix } = this.#location
    return Array.from(key.slice(prefix.length).matchAll(/\//g), ({ index }) => key.slice(0, prefix.length + index + 1))
  }

  #isRepository(folder: string): Promise<boolean> {
    const known = this.#isOther.get(folder) ?? this.#look(folder)
    this.#isOther.set(folder, known)
    return known
  }

  async #look(folder: string): Promise<boolean> {
    const { store } = this.#session
    try {
      const { objects } = await askAgain(this.#session, () => store.list(`${folder}index.`))
      return objects.some(({ key }) => key === asKey(`${folder}index.yaml`) || key.startsWith(`${folder}index.d/`))
    } catch (error) {
      if (isRefusal(error)) return true
      throw error
    }
  }
}

/** Whether the store has answered, and said no: that stops no deletion, but the archive stays. */
function isRefusal(error: unknown): boolean {
  return error instanceof HelmS3Error && error.code !== 'timeout' && error.code !== 'unreachable'
}
