import { type ChartMetadata, makeEntry } from './log/chart-entry.ts'
import { skippedBecause } from './check/check-base.ts'
import { type Entry, type VersionId, isDigest, promisedDigest, underName, versionKey } from './log/entry.ts'
import { additionProblem, identityProblem, nameProblem } from './helm/entry-shape.ts'
import type { IndexText } from './index/index-text.ts'
import {
  type Key,
  type RepositoryLocation,
  type UrlForm,
  archiveKey,
  archiveUrlOf,
  folderArchiveKey,
  hasScheme,
  ownArchiveKey,
} from './keys.ts'

/** An archive as a listing shows it. */
export interface SeenArchive {
  readonly key: Key
  /** Opaque; other bytes have another one. */
  readonly etag: string
  /** Bytes. */
  readonly size: number
  /** Store clock, milliseconds since 1970, whole seconds. */
  readonly lastModified: number
}

/** What an archive says of itself. */
export interface ArchiveContent {
  readonly metadata: ChartMetadata
  /** SHA-256 of its bytes, lower-case hex. */
  readonly digest: string
}

/** One step of a plan, about one version. It is good as long as index and store are as it has seen them. */
export interface ReindexChange extends VersionId {
  readonly key: Key
  /** What stood under the key; undefined: nothing. */
  readonly archive: SeenArchive | undefined
  /** The entry that is taken away; undefined: there was none. */
  readonly seen: Entry | undefined
  /** The entry that is added; undefined: none. */
  readonly entry: Entry | undefined
}

/** An archive that stays out of the index, and why. */
export interface Problem {
  readonly key: Key
  readonly reason: string
  /** It was read, and Helm refuses what it says of itself: `1.0.0.0`. */
  readonly isRefused?: boolean
  /** So much so that nothing of it is missing in the index: no entry that Helm takes names it. */
  readonly isLeftOut?: boolean
}

export interface PlanOptions {
  /** Entries whose url is absolute are rewritten. */
  readonly relative: boolean
  /** Of new entries. */
  readonly urlForm: UrlForm
  /** Trusts no archive: each is opened. */
  readonly full: boolean
  /** Archives that are opened although nothing in index and listing speaks against them. Left out: none. */
  readonly doubted?: ReadonlySet<Key>
  /** Keys in folders that entries mean, and under which nothing stands. Left out: nobody has looked. */
  readonly missing?: ReadonlySet<Key>
  /**
   * Keys in folders of this repository that entries mean, and under which nothing stands. Left out: nobody has looked.
   */
  readonly gone?: ReadonlySet<Key>
}

/** What an opened archive contributes to a plan. */
export type Contribution =
  /** `change` undefined: the index has it right. */
  | { readonly outcome: 'claimed'; readonly change: ReindexChange | undefined }
  | { readonly outcome: 'problem'; readonly problem: Problem }
  /** Another archive may have more right to this version: to be asked again when all others are through. */
  | { readonly outcome: 'later' }

/**
 * What makes the index agree with the archives: entries whose archive is gone leave, archives that no entry names come
 * in, an entry with another digest than its archive is replaced. Entries whose urls lead elsewhere over https are not
 * touched.
 *
 * An archive that has not changed since its entry was created is trusted; {@link ReindexPlan.unknown} lists the others.
 * Of two archives of one version the one that the entry names counts, else the one with the proper name, else the first
 * by key.
 */
export class ReindexPlan {
  readonly #location: RepositoryLocation
  readonly #archives: ReadonlyMap<Key, SeenArchive>
  readonly #options: PlanOptions
  /** The entries that name a key. */
  readonly #named = new Map<Key, Entry[]>()
  /** The entry of each version; of several the first. */
  readonly #entries = new Map<string, Entry>()
  /** Which archive speaks for a version. */
  readonly #claims = new Map<string, Key>()
  /** Those that Helm skips, because of their name or of what they say of the chart: their archive tells it anew. */
  readonly #leftOut = new Set<Entry>()
  /**
   * Those that say another name than that of their chart, by which Helm finds them: their archive tells which it is.
   */
  readonly #misnamed = new Set<Entry>()
  /** Those with a version that is none, by the archive that they name: it may prove which version that is. */
  readonly #unfit: { readonly entry: Entry; readonly key: Key }[] = []
  /** Which version an opened archive holds. */
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
    for (const chart of index.chartNames()) {
      for (const entry of index.versions(chart)) {
        const isMisnamed = entry.name !== chart && nameProblem(entry.name) === undefined
        // Of a chart that cannot be one no entry is made.
        if (isMisnamed && nameProblem(chart) !== undefined) continue
        const named = underName(chart, entry)
        const key = this.#keyOf(named)
        if (nameProblem(chart) === undefined && identityProblem(named) !== undefined)
          this.#unfit.push(...(key === undefined ? [] : [{ entry: named, key }]))
        else {
          if (isMisnamed && skippedBecause(entry) === undefined) this.#misnamed.add(named)
          else if (named !== entry || skippedBecause(entry) !== undefined) this.#leftOut.add(named)
          this.#note(named)
        }
      }
    }
  }

  /** Whether an entry names the archive, be it one that Helm leaves out. */
  isNamed(key: Key): boolean {
    return this.#named.has(key) || this.#unfit.some((each) => each.key === key)
  }

  /** The same problems, and which of them are archives that Helm leaves out. */
  judged(problems: readonly Problem[]): readonly Problem[] {
    const isMissed = (key: Key): boolean => this.#named.get(key)?.some((entry) => !this.#leftOut.has(entry)) === true
    return problems.map((each) =>
      each.isRefused === true && !isMissed(each.key) ? { ...each, isLeftOut: true } : each,
    )
  }

  get archiveCount(): number {
    return this.#archives.size
  }

  /** The archives that have to be opened, in key order. */
  unknown(): readonly SeenArchive[] {
    return [...this.#archives.values()].filter((archive) => !this.#isTrusted(archive))
  }

  /** What an opened archive changes. `isLast`: it has been put off, and all others have contributed. */
  contribute(archive: SeenArchive, content: ArchiveContent, isLast: boolean): Contribution {
    const { name, version } = content.metadata
    const id = versionKey({ name, version })
    this.#contents.set(archive.key, id)
    const holder = this.#entries.get(id)
    const rival = this.#claims.get(id) ?? this.#archiveOf(holder)
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
    const properKey = this.#properKey({ name, version })
    if (!isLast && holder === undefined && properKey !== archive.key && this.#archives.has(properKey))
      return { outcome: 'later' }

    const entry = this.#entryFor(archive, content, holder)
    const isProven =
      holder !== undefined &&
      this.#leadsNowhere(holder) &&
      properKey === archive.key &&
      promisedDigest(holder.digest) === content.digest
    if (
      holder === undefined ||
      isProven ||
      this.#leftOut.has(holder) ||
      !(this.#isElsewhere(holder) || (isSame(holder, entry) && !this.#misnamed.has(holder)))
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
   * What all opened archives change together, and what the rest of the plan needs besides; which of them cannot be
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

  /** What needs no further archive, once all have contributed: entries without their archive, and urls to rewrite. */
  remaining(): readonly ReindexChange[] {
    return [...this.#stale(), ...this.#proven()]
  }

  /** The entries with a version that is none whose archive has come in as what it is. */
  #proven(): readonly ReindexChange[] {
    return this.#unfit.flatMap(({ entry, key }) => {
      const { name, version } = entry
      const content = this.#contents.get(key)
      const isOfChart = content?.startsWith(versionKey({ name, version: '' })) === true
      if (!isOfChart || this.#claims.get(content) !== key) return []
      return [{ name, version, key, archive: this.#archives.get(key), seen: entry, entry: undefined }]
    })
  }

  #stale(): readonly ReindexChange[] {
    return [...this.#entries].flatMap(([id, seen]): ReindexChange[] => {
      // One that names nothing may have its archive in its place.
      const key = this.#keyOf(seen) ?? ((seen.urls ?? []).length === 0 ? this.#properKey(seen) : undefined)
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

  #note(entry: Entry): void {
    if (identityProblem(entry) !== undefined) return
    const id = versionKey(entry)
    if (!this.#entries.has(id)) this.#entries.set(id, entry)
    const key = this.#keyOf(entry) ?? (this.#isElsewhere(entry) ? this.#properKey(entry) : undefined)
    if (key === undefined) return
    const entries = this.#named.get(key)
    if (entries === undefined) this.#named.set(key, [entry])
    else entries.push(entry)
  }

  /** The key of an entry's archive, if a reindex goes by it. */
  #keyOf(entry: Entry): Key | undefined {
    const url = entry.urls?.[0]
    return url === undefined ? undefined : (ownArchiveKey(this.#location, url) ?? this.#goneKeyOf(entry, url))
  }

  /** The key in a folder where the archive of an entry is missing, while nothing lies in its place that might be it. */
  #goneKeyOf(entry: Entry, url: string): Key | undefined {
    const { gone } = this.#options
    const key = gone === undefined || gone.size === 0 ? undefined : folderArchiveKey(this.#location, url)
    return key !== undefined && gone?.has(key) === true && !this.#archives.has(this.#properKey(entry)) ? key : undefined
  }

  /**
   * Whether a reindex may not touch the entry: its archive is served from elsewhere, or lies in a folder of its own.
   */
  #isElsewhere(entry: Entry): boolean {
    const [url] = entry.urls ?? []
    if (url === undefined || this.#keyOf(entry) !== undefined) return false
    if (folderArchiveKey(this.#location, url) !== undefined) return true
    return hasScheme(url) ? !/^s3:/i.test(url) : url.includes('/')
  }

  /**
   * Whether nothing stands where the entry leads: its archive may lie in its place instead, which its digest proves.
   */
  #leadsNowhere({ urls = [] }: Entry): boolean {
    const key = urls[0] === undefined ? undefined : folderArchiveKey(this.#location, urls[0])
    return key !== undefined && this.#options.missing?.has(key) === true
  }

  /** The key of the archive that the entry names, if it is there. */
  #archiveOf(entry: Entry | undefined): Key | undefined {
    const key = entry && this.#keyOf(entry)
    return key !== undefined && this.#archives.has(key) ? key : undefined
  }

  #properKey(version: VersionId): Key {
    return archiveKey(this.#location, version)
  }

  /**
   * Whether every entry that names the archive was created after the archive was written, and all say the same of what
   * it is.
   */
  #isTrusted({ key, lastModified }: SeenArchive): boolean {
    const entries = this.#named.get(key)
    if (entries === undefined || this.#options.full || this.#options.doubted?.has(key) === true) return false
    const own = entries.filter((entry) => !this.#isElsewhere(entry))
    const isTold = (entry: Entry): boolean => isDigest(entry.digest) && lastModified <= Date.parse(entry.created ?? '')
    return (
      entries.every((entry) => !this.#leftOut.has(entry) && !this.#leadsNowhere(entry)) &&
      own.every((entry) => isTold(entry) && !this.#misnamed.has(entry)) &&
      agree(own)
    )
  }

  #isTrustedKey(key: Key): boolean {
    const archive = this.#archives.get(key)
    return archive !== undefined && this.#isTrusted(archive)
  }

  /**
   * Content that has not changed keeps its entry, or at least its date; the date of new content is that of the archive.
   */
  #entryFor(archive: SeenArchive, { metadata, digest }: ArchiveContent, holder: Entry | undefined): Entry {
    const kept = promisedDigest(holder?.digest) === digest ? holder : undefined
    const created = kept?.created ?? new Date(archive.lastModified).toISOString()
    const urls = this.#urlsFor(archive, kept)
    if (
      kept !== undefined &&
      this.#keyOf(kept) === archive.key &&
      !this.#leftOut.has(kept) &&
      !this.#misnamed.has(kept)
    )
      return { ...kept, created, digest, urls }
    return makeEntry(metadata, { digest, url: urls[0] ?? '', created })
  }

  #urlsFor({ key }: SeenArchive, entry: Entry | undefined): readonly string[] {
    const isOwn = entry !== undefined && this.#keyOf(entry) === key
    if (isOwn && (!this.#options.relative || !hasScheme(entry.urls?.[0] ?? ''))) return entry.urls ?? []
    return [archiveUrlOf(this.#location, key, this.#options.urlForm)]
  }
}

/**
 * The keys in folders that entries with a digest mean whose archive also lies where a push would have put it, each
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

/** Whether what a change has seen still holds: the archive as it was, and the entry, or still none. */
export function stillHolds(change: ReindexChange, index: IndexText, archives: ReadonlyMap<Key, SeenArchive>): boolean {
  const archive = archives.get(change.key)
  if (archive?.etag !== change.archive?.etag || archive?.lastModified !== change.archive?.lastModified) return false
  const entry = index.find(change)
  return entry === undefined || change.seen === undefined ? entry === change.seen : isSame(entry, change.seen)
}

/** Whether two entries of one version mean the same archive in the same words. */
function isSame(a: Entry, b: Entry): boolean {
  return a.digest === b.digest && a.created === b.created && a.urls?.[0] === b.urls?.[0]
}

/** Whether entries that name one archive mean one version and the same bytes. */
export function agree([first, ...others]: readonly Entry[]): boolean {
  return others.every(
    (entry) => first !== undefined && entry.digest === first.digest && versionKey(entry) === versionKey(first),
  )
}
