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

/** The archives in folders of a repository that its entries name. Other objects in those folders are not looked at. */
export interface NamedInFolders {
  /** The keys that entries name, whether there is an object or not. */
  readonly keys: ReadonlySet<Key>
  /** The objects under those keys, and their provenance files. */
  readonly objects: ReadonlyMap<Key, ObjectInfo>
}

export const NOTHING_NAMED: NamedInFolders = { keys: new Set(), objects: new Map() }

/** The folders of a repository in which entries have their archives. Each folder is listed once. */
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
   * The key of the archive that a url means, when the archive belongs to this repository: it is directly below the
   * prefix, or in a folder that neither is a repository of its own nor is inside one. A folder that the store does not
   * let list counts as a repository of its own. For a key that not every store accepts, no request is sent: see
   * {@link isPlainKey}.
   *
   * Cost: a LIST for each folder, and for those around it, once.
   */
  async archiveOf(url: string): Promise<Key | undefined> {
    const own = ownArchiveKey(this.#location, url)
    const key = own ?? folderArchiveKey(this.#location, url)
    if (key === undefined || !isPlainKey(this.#location, key)) return undefined
    return own !== undefined || (await this.isOfRepository(key)) ? key : undefined
  }

  /**
   * The archives in folders of this repository that the first urls of entries mean, see {@link archiveOf}, and the
   * objects under their keys. A folder that the store does not let list counts as not belonging to this repository.
   *
   * Cost: nothing when no entry leads into a folder; else a LIST for each folder, and for those around it, and one for
   * each 1000 objects of each folder, without the folders in it.
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
   * Whether the object under a plain key below the prefix belongs to this repository; see {@link archiveOf}.
   * Cost: a LIST for each folder, and for those around it, once.
   */
  async isOfRepository(key: Key): Promise<boolean> {
    const others = await Promise.all(this.#foldersOf(key).map((folder) => this.#isRepository(folder)))
    return !others.some((isOther) => isOther)
  }

  /** The sizes in bytes of the objects in the folders of these archives, by key. Cost: the listing of each folder. */
  async sizesAround(archives: readonly Key[]): Promise<ReadonlyMap<Key, number>> {
    const folders = new Set(archives.filter((key) => this.#foldersOf(key).length > 0).map((key) => this.#folderOf(key)))
    const listings = await Promise.all(
      [...folders].map((folder) => listAll(this.#session.store, folder, { delimiter: '/' })),
    )
    return new Map(listings.flatMap(({ objects }) => objects.map(({ key, size }) => [key, size])))
  }

  /** The innermost folder of a key, with a slash at its end. */
  #folderOf(key: Key): string {
    return key.slice(0, key.lastIndexOf('/') + 1)
  }

  /**
   * The folders of a key, from the outermost to the innermost, each with a slash at its end; none for an archive
   * directly below the prefix.
   */
  #foldersOf(key: Key): readonly string[] {
    const { prefix } = this.#location
    return Array.from(key.slice(prefix.length).matchAll(/\//g), ({ index }) => key.slice(0, prefix.length + index + 1))
  }

  /** Undefined when the store does not let list the folder. */
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

/** Whether the store has answered with a refusal. That does not stop a deletion; the archive stays. */
function isRefusal(error: unknown): boolean {
  return error instanceof HelmS3Error && error.code !== 'timeout' && error.code !== 'unreachable'
}
