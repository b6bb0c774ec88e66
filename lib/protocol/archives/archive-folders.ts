import pLimit from 'p-limit'
import type { Entry } from '../../core/log/entry.ts'
import {
  type Key,
  type RepositoryLocation,
  asKey,
  folderArchiveKey,
  isPlainKey,
  ownArchiveKey,
  provenanceKey,
} from '../../core/keys.ts'
import { HelmS3Error } from '../../errors.ts'
import { type ObjectInfo, listAll } from '../../store/object-store.ts'
import { askAgain } from '../read/ask-again.ts'
import { CONCURRENCY } from '../session/limits.ts'
import type { Session } from '../session/session.ts'

/**
 * The archives in folders of a repository that its entries name. What else lies in those folders is nobody's business.
 */
export interface NamedInFolders {
  /** The keys that entries mean, whether something stands there or not. */
  readonly keys: ReadonlySet<Key>
  /** What stands there, with the provenance files. */
  readonly objects: ReadonlyMap<Key, ObjectInfo>
}

export const NOTHING_NAMED: NamedInFolders = { keys: new Set(), objects: new Map() }

/** The folders of a repository in which entries have their archives, looked at once each. */
export class ArchiveFolders {
  readonly #session: Session
  readonly #location: RepositoryLocation
  readonly #isOther = new Map<string, Promise<boolean>>()
  readonly #limit = pLimit(CONCURRENCY)

  /** @param location with the URL at which the repository is published */
  constructor(session: Session, location: RepositoryLocation) {
    this.#session = session
    this.#location = location
  }

  /**
   * The key of the archive that a url means, if it is one of this repository: directly below the prefix, or in a folder
   * that is no repository of its own, and lies in none. What the store does not let look at counts as one, and for a
   * key that not every store takes nothing is asked: see {@link isPlainKey}. Cost: a LIST for each folder, and for
   * those around it, once.
   */
  async archiveOf(url: string): Promise<Key | undefined> {
    const own = ownArchiveKey(this.#location, url)
    const key = own ?? folderArchiveKey(this.#location, url)
    if (key === undefined || !isPlainKey(this.#location, key)) return undefined
    return own !== undefined || (await this.isOfRepository(key)) ? key : undefined
  }

  /**
   * The archives in folders of this repository that the first urls of entries mean, as {@link archiveOf} tells, and
   * what stands there. A folder that the store does not let list counts as none of this repository. Cost: nothing when
   * no entry leads into a folder; else a LIST for each folder, and for those around it, and one for each 1000 objects
   * of each folder, without the folders in it.
   */
  async namedBy(entries: readonly Entry[]): Promise<NamedInFolders> {
    const meant = new Set(
      entries.flatMap(({ urls = [] }) =>
        urls[0] === undefined ? [] : (folderArchiveKey(this.#location, urls[0]) ?? []),
      ),
    )
    const plain = [...meant].filter((key) => isPlainKey(this.#location, key))
    const isOurs = await Promise.all(plain.map((key) => this.isOfRepository(key)))
    const ours = plain.filter((_, i) => isOurs[i])
    const folders = [...new Set(ours.map((key) => this.#folderOf(key)))]
    const listings = await Promise.all(folders.map((folder) => this.#limit(() => this.#list(folder))))
    const listed = new Map(folders.map((folder, i) => [folder, listings[i]]))
    const keys = new Set(ours.filter((key) => listed.get(this.#folderOf(key)) !== undefined))
    const wanted = new Set([...keys].flatMap((key) => [key, provenanceKey(key)]))
    const objects = listings.flatMap((each) => each ?? []).filter(({ key }) => wanted.has(key))
    return { keys, objects: new Map(objects.map((object) => [object.key, object])) }
  }

  /**
   * Whether what lies under a plain key below the prefix is of this repository; see {@link archiveOf}.
   * Cost: a LIST for each folder, and for those around it, once.
   */
  async isOfRepository(key: Key): Promise<boolean> {
    const others = await Promise.all(this.#foldersOf(key).map((folder) => this.#isRepository(folder)))
    return !others.some((isOther) => isOther)
  }

  /** Bytes of what lies in the folders of these archives, by key. Cost: the listing of each folder. */
  async sizesAround(archives: readonly Key[]): Promise<ReadonlyMap<Key, number>> {
    const folders = new Set(archives.filter((key) => this.#foldersOf(key).length > 0).map((key) => this.#folderOf(key)))
    const listings = await Promise.all(
      [...folders].map((folder) => listAll(this.#session.store, folder, { delimiter: '/' })),
    )
    return new Map(listings.flatMap(({ objects }) => objects.map(({ key, size }) => [key, size])))
  }

  /** The innermost one, with a slash at its end. */
  #folderOf(key: Key): string {
    return key.slice(0, key.lastIndexOf('/') + 1)
  }

  /**
   * From the outermost to the innermost, each with a slash at its end; none for an archive directly below the prefix.
   */
  #foldersOf(key: Key): readonly string[] {
    const { prefix } = this.#location
    return Array.from(key.slice(prefix.length).matchAll(/\//g), ({ index }) => key.slice(0, prefix.length + index + 1))
  }

  /** Undefined: the store does not let list it. */
  async #list(folder: string): Promise<readonly ObjectInfo[] | undefined> {
    try {
      return (await askAgain(this.#session, () => listAll(this.#session.store, folder, { delimiter: '/' }))).objects
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw error
    }
  }

  #isRepository(folder: string): Promise<boolean> {
    const known = this.#isOther.get(folder) ?? this.#limit(() => this.#look(folder))
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
