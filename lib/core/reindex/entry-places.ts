import { identityProblem } from '../helm/entry-shape.ts'
import { type Key, type RepositoryLocation, archiveKey, folderArchiveKey, hasScheme, ownArchiveKey } from '../keys.ts'
import { type Entry, type VersionId, isDigest, promisedDigest } from '../log/entry.ts'

/** What was looked up of the keys in folders that entries point to. */
export interface FolderKeys {
  /** Keys in folders that entries point to and that hold nothing. Absent: this was not looked up. */
  readonly missing?: ReadonlySet<Key>
  /** Keys in folders of this repository that entries point to and that hold nothing. Absent: this was not looked up. */
  readonly gone?: ReadonlySet<Key>
}

/** Where the archives of entries lie, as a reindex sees it. */
export class EntryPlaces {
  readonly #location: RepositoryLocation
  readonly #archives: { readonly has: (key: Key) => boolean }
  readonly #folders: FolderKeys

  constructor(location: RepositoryLocation, archives: { readonly has: (key: Key) => boolean }, folders: FolderKeys) {
    this.#location = location
    this.#archives = archives
    this.#folders = folders
  }

  /** The key at which a push would put the archive of this version. */
  properKey(version: VersionId): Key {
    return archiveKey(this.#location, version)
  }

  /** The key of an entry's archive, if a reindex looks at that archive. */
  keyOf(entry: Entry): Key | undefined {
    const url = entry.urls?.[0]
    return url === undefined ? undefined : (ownArchiveKey(this.#location, url) ?? this.#goneKeyOf(entry, url))
  }

  /** The key of the archive that the entry names, if that archive exists. */
  archiveOf(entry: Entry | undefined): Key | undefined {
    const key = entry && this.keyOf(entry)
    return key !== undefined && this.#archives.has(key) ? key : undefined
  }

  /**
   * Whether a reindex must not touch the entry, because its archive is served from elsewhere or lies in a folder of its
   * own.
   */
  isElsewhere(entry: Entry): boolean {
    const [url] = entry.urls ?? []
    if (url === undefined || this.keyOf(entry) !== undefined) return false
    if (folderArchiveKey(this.#location, url) !== undefined) return true
    return hasScheme(url) ? !/^s3:/i.test(url) : url.includes('/')
  }

  /**
   * Whether nothing stands at the key that the entry points to. Its archive may lie at its regular key instead, which
   * the digest of the entry proves.
   */
  leadsNowhere({ urls = [] }: Entry): boolean {
    const key = urls[0] === undefined ? undefined : folderArchiveKey(this.#location, urls[0])
    return key !== undefined && this.#folders.missing?.has(key) === true
  }

  /**
   * The key in a folder where the archive of an entry is missing, while no object at its regular key might be that
   * archive.
   */
  #goneKeyOf(entry: Entry, url: string): Key | undefined {
    const { gone } = this.#folders
    const key = gone === undefined || gone.size === 0 ? undefined : folderArchiveKey(this.#location, url)
    return key !== undefined && gone?.has(key) === true && !this.#archives.has(this.properKey(entry)) ? key : undefined
  }
}

/**
 * The keys in folders that entries with a digest point to and whose archive also lies at its regular key, each key
 * once.
 */
export function replacedInFolders(
  location: RepositoryLocation,
  entries: readonly Entry[],
  archives: { readonly has: (key: Key) => boolean },
): readonly Key[] {
  const keys = entries.flatMap((entry) => {
    const url = entry.urls?.[0]
    const key = url === undefined ? undefined : folderArchiveKey(location, url)
    const mayBeMoved =
      key !== undefined && isDigest(promisedDigest(entry.digest)) && identityProblem(entry) === undefined
    return mayBeMoved && archives.has(archiveKey(location, entry)) ? [key] : []
  })
  return [...new Set(keys)]
}
