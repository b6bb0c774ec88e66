import { additionProblem } from '../helm/entry-shape.ts'
import type { IndexText } from '../index/index-text.ts'
import { type Key, type RepositoryLocation, type UrlForm, archiveUrlOf, hasScheme } from '../keys.ts'
import { makeEntry } from '../log/chart-entry.ts'
import { type Entry, promisedDigest, versionKey } from '../log/entry.ts'
import { EntryPlaces, type FolderKeys } from './entry-places.ts'
import { IndexedEntries } from './indexed-entries.ts'
import type { ReindexChange } from './reindex-change.ts'
import { isSame } from './same-entry.ts'
import type { ArchiveContent, SeenArchive } from './seen-archive.ts'

/** An archive that stays out of the index, and why. */
export interface Problem {
  readonly key: Key
  readonly reason: string
  /** The archive was read, and Helm refuses its metadata, for example the version `1.0.0.0`. */
  readonly isRefused?: boolean
  /** No entry that Helm takes names the archive, and Helm would refuse it. So the index lacks nothing without it. */
  readonly isLeftOut?: boolean
}

export interface PlanOptions extends FolderKeys {
  /** Whether entries with an absolute url are rewritten. */
  readonly relative: boolean
  /** The form of urls in new entries. */
  readonly urlForm: UrlForm
  /** Whether no archive is trusted, so that each is opened. */
  readonly full: boolean
  /** Archives that are opened although nothing in the index and the listing speaks against them. Absent: none. */
  readonly doubted?: ReadonlySet<Key>
}

/** What an opened archive contributes to a plan. */
export type Contribution =
  /** `change` is undefined when the index is already right. */
  | { readonly outcome: 'claimed'; readonly change: ReindexChange | undefined }
  | { readonly outcome: 'problem'; readonly problem: Problem }
  /** Another archive may have a better claim to this version. Ask again when all other archives have contributed. */
  | { readonly outcome: 'later' }

/**
 * Plans what makes the index agree with the archives: an entry whose archive is gone is removed, an archive that no
 * entry names gets an entry, and an entry whose digest differs from that of its archive is replaced. Entries whose urls
 * lead elsewhere over https are not touched.
 *
 * An archive that has not changed since its entry was created is trusted; {@link ReindexPlan.unknown} lists the others.
 * When two archives hold one version, the archive that the entry names counts, else the archive with the proper file
 * name, else the first by key.
 */
export class ReindexPlan {
  readonly #location: RepositoryLocation
  readonly #archives: ReadonlyMap<Key, SeenArchive>
  readonly #options: PlanOptions
  readonly #places: EntryPlaces
  readonly #entries: IndexedEntries
  /** Which archive provides each version. */
  readonly #claims = new Map<string, Key>()
  /** Which version each opened archive holds. */
  readonly #contents = new Map<Key, string>()

  /** @throws HelmS3Error `invalid-index` when Helm would refuse the index */
  constructor(
    location: RepositoryLocation,
    index: IndexText,
    archives: ReadonlyMap<Key, SeenArchive>,
    options: PlanOptions,
  ) {
    this.#location = location
    this.#archives = archives
    this.#options = options
    this.#places = new EntryPlaces(location, archives, options)
    this.#entries = new IndexedEntries(index, this.#places)
  }

  /** Whether an entry names the archive. Entries that Helm leaves out count, too. */
  isNamed(key: Key): boolean {
    return this.#entries.isNamed(key)
  }

  /** The same problems, with a note which of them are archives that Helm leaves out. */
  judged(problems: readonly Problem[]): readonly Problem[] {
    return problems.map((each) =>
      each.isRefused === true && !this.#entries.isNamedForHelm(each.key) ? { ...each, isLeftOut: true } : each,
    )
  }

  get archiveCount(): number {
    return this.#archives.size
  }

  /** The archives that have to be opened, in key order. */
  unknown(): readonly SeenArchive[] {
    return [...this.#archives.values()].filter((archive) => !this.#isTrusted(archive))
  }

  /** What an opened archive changes. `isLast`: the archive was put off, and all others have contributed. */
  contribute(archive: SeenArchive, content: ArchiveContent, isLast: boolean): Contribution {
    const { name, version } = content.metadata
    const id = versionKey({ name, version })
    this.#contents.set(archive.key, id)
    const holder = this.#entries.byVersion.get(id)
    const rival = this.#claims.get(id) ?? this.#places.archiveOf(holder)
    if (rival !== undefined && rival !== archive.key) {
      const mayYield = this.#contents.get(rival) !== id && !this.#isTrustedKey(rival)
      if (mayYield && !isLast) return { outcome: 'later' }
      const hasYielded = mayYield && this.#contents.has(rival)
      if (!hasYielded)
        return {
          outcome: 'problem',
          problem: { key: archive.key, reason: `it is ${name} ${version}, which ${rival} is already` },
        }
    }
    const properKey = this.#places.properKey({ name, version })
    if (!isLast && holder === undefined && properKey !== archive.key && this.#archives.has(properKey))
      return { outcome: 'later' }

    const entry = this.#entryFor(archive, content, holder)
    const isProven =
      holder !== undefined &&
      this.#places.leadsNowhere(holder) &&
      properKey === archive.key &&
      promisedDigest(holder.digest) === content.digest
    if (
      holder === undefined ||
      isProven ||
      this.#entries.isLeftOut(holder) ||
      !(this.#places.isElsewhere(holder) || (isSame(holder, entry) && !this.#entries.isMisnamed(holder)))
    ) {
      const problem = additionProblem(entry)
      if (problem !== undefined)
        return { outcome: 'problem', problem: { key: archive.key, reason: `the chart ${problem}` } }
      this.#claims.set(id, archive.key)
      return { outcome: 'claimed', change: { name, version, key: archive.key, archive, seen: holder, entry } }
    }
    this.#claims.set(id, archive.key)
    return { outcome: 'claimed', change: undefined }
  }

  /**
   * What all opened archives change together, what the rest of the plan needs besides, and which archives cannot be
   * indexed.
   */
  changesOf(contents: readonly (readonly [SeenArchive, ArchiveContent])[]): {
    readonly changes: readonly ReindexChange[]
    readonly problems: readonly Problem[]
  } {
    const changes: ReindexChange[] = []
    const problems: Problem[] = []
    const contribute = ([archive, content]: readonly [SeenArchive, ArchiveContent], isLast: boolean): boolean => {
      const contribution = this.contribute(archive, content, isLast)
      if (contribution.outcome === 'problem') problems.push(contribution.problem)
      else if (contribution.outcome === 'claimed' && contribution.change !== undefined)
        changes.push(contribution.change)
      return contribution.outcome !== 'later'
    }
    const putOff = contents.filter((each) => !contribute(each, false))
    for (const each of putOff) contribute(each, true)
    return { changes: [...changes, ...this.remaining()], problems }
  }

  /**
   * The changes that need no further archive, once all have contributed: entries without their archive, and urls to
   * rewrite.
   */
  remaining(): readonly ReindexChange[] {
    return [...this.#stale(), ...this.#proven()]
  }

  /** The removals of entries whose version is not valid and whose archive has been added under its real version. */
  #proven(): readonly ReindexChange[] {
    return this.#entries.unfit.flatMap(({ entry, key }) => {
      const { name, version } = entry
      const content = this.#contents.get(key)
      const isOfChart = content?.startsWith(versionKey({ name, version: '' })) === true
      if (!isOfChart || this.#claims.get(content) !== key) return []
      return [{ name, version, key, archive: this.#archives.get(key), seen: entry, entry: undefined }]
    })
  }

  #stale(): readonly ReindexChange[] {
    return [...this.#entries.byVersion].flatMap(([id, seen]): ReindexChange[] => {
      // The archive of an entry that names none may lie at its regular key.
      const key =
        this.#places.keyOf(seen) ?? ((seen.urls ?? []).length === 0 ? this.#places.properKey(seen) : undefined)
      if (key === undefined || this.#claims.has(id)) return []
      const { name, version } = seen
      const archive = this.#archives.get(key)
      const content = this.#contents.get(key)
      if (archive === undefined || (content !== undefined && content !== id))
        return [{ name, version, key, archive, seen, entry: undefined }]
      if (!this.#isTrusted(archive)) return []
      const entry = { ...seen, urls: this.#urlsFor(archive, seen) }
      return isSame(seen, entry) || additionProblem(entry) !== undefined
        ? []
        : [{ name, version, key, archive, seen, entry }]
    })
  }

  /** Whether the archive need not be opened, because its entries vouch for it. */
  #isTrusted(archive: SeenArchive): boolean {
    const { doubted, full } = this.#options
    return !full && doubted?.has(archive.key) !== true && this.#entries.vouchFor(archive)
  }

  #isTrustedKey(key: Key): boolean {
    const archive = this.#archives.get(key)
    return archive !== undefined && this.#isTrusted(archive)
  }

  /**
   * The entry for an archive. Unchanged content keeps its entry, or at least its date. New content gets the date of its
   * archive.
   */
  #entryFor(archive: SeenArchive, { metadata, digest }: ArchiveContent, holder: Entry | undefined): Entry {
    const kept = promisedDigest(holder?.digest) === digest ? holder : undefined
    const created = kept?.created ?? new Date(archive.lastModified).toISOString()
    const urls = this.#urlsFor(archive, kept)
    if (
      kept !== undefined &&
      this.#places.keyOf(kept) === archive.key &&
      !this.#entries.isLeftOut(kept) &&
      !this.#entries.isMisnamed(kept)
    )
      return { ...kept, created, digest, urls }
    return makeEntry(metadata, { digest, url: urls[0] ?? '', created })
  }

  #urlsFor({ key }: SeenArchive, entry: Entry | undefined): readonly string[] {
    const isOwn = entry !== undefined && this.#places.keyOf(entry) === key
    if (isOwn && (!this.#options.relative || !hasScheme(entry.urls?.[0] ?? ''))) return entry.urls ?? []
    return [archiveUrlOf(this.#location, key, this.#options.urlForm)]
  }
}
