import { skippedBecause } from '../check/check-base.ts'
import { identityProblem, nameProblem } from '../helm/entry-shape.ts'
import type { IndexText } from '../index/index-text.ts'
import type { Key } from '../keys.ts'
import { type Entry, isDigest, underName, versionKey } from '../log/entry.ts'
import type { EntryPlaces } from './entry-places.ts'
import { agree } from './same-entry.ts'
import type { SeenArchive } from './seen-archive.ts'

/** The entries of an index as a reindex sees them: by version, and by the archive that they name. */
export class IndexedEntries {
  /**
   * Entries whose version is not valid, with the key of the archive that they name. The archive may prove the right
   * version.
   */
  readonly unfit: readonly { readonly entry: Entry; readonly key: Key }[]
  readonly #places: EntryPlaces
  /** The entries that name a key. */
  readonly #named = new Map<Key, Entry[]>()
  /** The entry of each version; when there are several, the first. */
  readonly #entries = new Map<string, Entry>()
  /** Entries that Helm skips because of their name or their metadata. They are made again from their archive. */
  readonly #leftOut = new Set<Entry>()
  /**
   * Entries whose name differs from the name of their chart, by which Helm finds them. Their archive tells which of the
   * two is right.
   */
  readonly #misnamed = new Set<Entry>()

  /** @throws HelmS3Error `invalid-index` when Helm would refuse the index */
  constructor(index: IndexText, places: EntryPlaces) {
    this.#places = places
    const unfit: { readonly entry: Entry; readonly key: Key }[] = []
    for (const chart of index.chartNames()) {
      for (const entry of index.versions(chart)) {
        const isMisnamed = entry.name !== chart && nameProblem(entry.name) === undefined
        // No entry is made for a chart whose name is not valid.
        if (isMisnamed && nameProblem(chart) !== undefined) continue
        const named = underName(chart, entry)
        const key = places.keyOf(named)
        if (nameProblem(chart) === undefined && identityProblem(named) !== undefined)
          unfit.push(...(key === undefined ? [] : [{ entry: named, key }]))
        else {
          if (isMisnamed && skippedBecause(entry) === undefined) this.#misnamed.add(named)
          else if (named !== entry || skippedBecause(entry) !== undefined) this.#leftOut.add(named)
          this.#note(named)
        }
      }
    }
    this.unfit = unfit
  }

  #note(entry: Entry): void {
    if (identityProblem(entry) !== undefined) return
    const id = versionKey(entry)
    if (!this.#entries.has(id)) this.#entries.set(id, entry)
    const key =
      this.#places.keyOf(entry) ?? (this.#places.isElsewhere(entry) ? this.#places.properKey(entry) : undefined)
    if (key === undefined) return
    const entries = this.#named.get(key)
    if (entries === undefined) this.#named.set(key, [entry])
    else entries.push(entry)
  }

  /** The entry of each version, by version key. */
  get byVersion(): ReadonlyMap<string, Entry> {
    return this.#entries
  }

  /** Whether an entry names the archive. Entries that Helm leaves out count, too. */
  isNamed(key: Key): boolean {
    return this.#named.has(key) || this.unfit.some((each) => each.key === key)
  }

  /** Whether an entry that Helm takes names the archive. */
  isNamedForHelm(key: Key): boolean {
    return this.#named.get(key)?.some((entry) => !this.#leftOut.has(entry)) === true
  }

  /** Whether Helm skips the entry, so that it is made again from its archive. */
  isLeftOut(entry: Entry): boolean {
    return this.#leftOut.has(entry)
  }

  /** Whether the name of the entry differs from that of its chart. */
  isMisnamed(entry: Entry): boolean {
    return this.#misnamed.has(entry)
  }

  /**
   * Whether every entry that names the archive was created after the archive was written, and all of them give the same
   * version and digest.
   */
  vouchFor({ key, lastModified }: SeenArchive): boolean {
    const entries = this.#named.get(key)
    if (entries === undefined) return false
    const own = entries.filter((entry) => !this.#places.isElsewhere(entry))
    const isTold = (entry: Entry): boolean => isDigest(entry.digest) && lastModified <= Date.parse(entry.created ?? '')
    return (
      entries.every((entry) => !this.#leftOut.has(entry) && !this.#places.leadsNowhere(entry)) &&
      own.every((entry) => isTold(entry) && !this.#misnamed.has(entry)) &&
      agree(own)
    )
  }
}
