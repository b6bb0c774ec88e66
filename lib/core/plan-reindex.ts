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
  /** An opaque token. Different bytes have a different ETag. */
  readonly etag: string
  /** Bytes. */
  readonly size: number
  /** Store clock, milliseconds since 1970, whole seconds. */
  readonly lastModified: number
}

/** What an archive says about itself. */
export interface ArchiveContent {
  readonly metadata: ChartMetadata
  /** The SHA-256 of the bytes of the archive, lower-case hex. */
  readonly digest: string
}

/**
 * One step of a plan, about one version. It is valid only while index and store are still as the step describes them.
 */
export interface ReindexChange extends VersionId {
  readonly key: Key
  /** The archive under the key when the plan was made. Undefined: there was none. */
  readonly archive: SeenArchive | undefined
  /** The entry that is taken away. Undefined: there was none. */
  readonly seen: Entry | undefined
  /** The entry that is added. Undefined: none is added. */
  readonly entry: Entry | undefined
}

/** An archive that stays out of the index, and why. */
export interface Problem {
  readonly key: Key
  readonly reason: string
  /** The archive was read, and Helm refuses its metadata, for example the version `1.0.0.0`. */
  readonly isRefused?: boolean
  /** No entry that Helm takes names the archive, and Helm would refuse it. So the index lacks nothing without it. */
  readonly isLeftOut?: boolean
}

export interface PlanOptions {
  /** Whether entries with an absolute url are rewritten. */
  readonly relative: boolean
  /** The form of urls in new entries. */
  readonly urlForm: UrlForm
  /** Whether no archive is trusted, so that each is opened. */
  readonly full: boolean
  /** Archives that are opened although nothing in the index and the listing speaks against them. Absent: none. */
  readonly doubted?: ReadonlySet<Key>
  /** Keys in folders that entries point to and that hold nothing. Absent: this was not looked up. */
  readonly missing?: ReadonlySet<Key>
  /** Keys in folders of this repository that entries point to and that hold nothing. Absent: this was not looked up. */
  readonly gone?: ReadonlySet<Key>
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
  /** The entries that name a key. */
  readonly #named = new Map<Key, Entry[]>()
  /** The entry of each version; when there are several, the first. */
  readonly #entries = new Map<string, Entry>()
  /** Which archive provides each version. */
  readonly #claims = new Map<string, Key>()
  /** Entries that Helm skips because of their name or their metadata. They are made again from their archive. */
  readonly #leftOut = new Set<Entry>()
  /**
   * Entries whose name differs from the name of their chart, by which Helm finds them. Their archive tells which of the
   * two is right.
   */
  readonly #misnamed = new Set<Entry>()
  /**
   * Entries whose version is not valid, with the key of the archive that they name. The archive may prove the right
   * version.
   */
  readonly #unfit: { readonly entry: Entry; readonly key: Key }[] = []
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
    for (const chart of index.chartNames()) {
      for (const entry of index.versions(chart)) {
        const isMisnamed = entry.name !== chart && nameProblem(entry.name) === undefined
        // No entry is made for a chart whose name is not valid.
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

  /** Whether an entry names the archive. Entries that Helm leaves out count, too. */
  isNamed(key: Key): boolean {
    return this.#named.has(key) || this.#unfit.some((each) => each.key === key)
  }

  /** The same problems, with a note which of them are archives that Helm leaves out. */
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

  /** What an opened archive changes. `isLast`: the archive was put off, and all others have contributed. */
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
      // The archive of an entry that names none may lie at its regular key.
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

  /** The key of an entry's archive, if a reindex looks at that archive. */
  #keyOf(entry: Entry): Key | undefined {
    const url = entry.urls?.[0]
    return url === undefined ? undefined : (ownArchiveKey(this.#location, url) ?? this.#goneKeyOf(entry, url))
  }

  /**
   * The key in a folder where the archive of an entry is missing, while no object at its regular key might be that
   * archive.
   */
  #goneKeyOf(entry: Entry, url: string): Key | undefined {
    const { gone } = this.#options
    const key = gone === undefined || gone.size === 0 ? undefined : folderArchiveKey(this.#location, url)
    return key !== undefined && gone?.has(key) === true && !this.#archives.has(this.#properKey(entry)) ? key : undefined
  }

  /**
   * Whether a reindex must not touch the entry, because its archive is served from elsewhere or lies in a folder of its
   * own.
   */
  #isElsewhere(entry: Entry): boolean {
    const [url] = entry.urls ?? []
    if (url === undefined || this.#keyOf(entry) !== undefined) return false
    if (folderArchiveKey(this.#location, url) !== undefined) return true
    return hasScheme(url) ? !/^s3:/i.test(url) : url.includes('/')
  }

  /**
   * Whether nothing stands at the key that the entry points to. Its archive may lie at its regular key instead, which
   * the digest of the entry proves.
   */
  #leadsNowhere({ urls = [] }: Entry): boolean {
    const key = urls[0] === undefined ? undefined : folderArchiveKey(this.#location, urls[0])
    return key !== undefined && this.#options.missing?.has(key) === true
  }

  /** The key of the archive that the entry names, if that archive exists. */
  #archiveOf(entry: Entry | undefined): Key | undefined {
    const key = entry && this.#keyOf(entry)
    return key !== undefined && this.#archives.has(key) ? key : undefined
  }

  #properKey(version: VersionId): Key {
    return archiveKey(this.#location, version)
  }

  /**
   * Whether every entry that names the archive was created after the archive was written, and all of them give the same
   * version and digest.
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
   * The entry for an archive. Unchanged content keeps its entry, or at least its date. New content gets the date of its
   * archive.
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

/** Whether a change is still valid: the archive is as the plan saw it, and so is the entry or its absence. */
export function stillHolds(change: ReindexChange, index: IndexText, archives: ReadonlyMap<Key, SeenArchive>): boolean {
  const archive = archives.get(change.key)
  if (archive?.etag !== change.archive?.etag || archive?.lastModified !== change.archive?.lastModified) return false
  const entry = index.find(change)
  return entry === undefined || change.seen === undefined ? entry === change.seen : isSame(entry, change.seen)
}

/** Whether two entries of one version describe the same archive in the same way. */
function isSame(a: Entry, b: Entry): boolean {
  return a.digest === b.digest && a.created === b.created && a.urls?.[0] === b.urls?.[0]
}

/** Whether entries that name one archive agree on its version and on its digest. */
export function agree([first, ...others]: readonly Entry[]): boolean {
  return others.every(
    (entry) => first !== undefined && entry.digest === first.digest && versionKey(entry) === versionKey(first),
  )
}
