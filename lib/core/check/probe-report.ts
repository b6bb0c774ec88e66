/**
 * How a store honours a condition of a request. `racy`: not always when several requests come at once. `never`: the
 * request is refused even when the condition holds. `refused`: the store answers with an error.
 */
export const KEEPINGS = ['exact', 'racy', 'ignored', 'never', 'refused'] as const
export type Keeping = (typeof KEEPINGS)[number]

/** Rounds of each race of a probe, when nobody says how many. */
export const DEFAULT_ROUNDS = 30
/** The most rounds that can be asked for. */
export const MAX_ROUNDS = 10_000

/** What was seen of one condition: of single requests, and in rounds of several at once. */
export interface Race {
  readonly keeping: Keeping
  /** Rounds that were run: none where single requests have told enough. */
  readonly rounds: number
  /** Rounds in which the condition was not kept. */
  readonly wrong: number
  /** The most writers that won in one round. */
  readonly most: number
  /** Rounds in which no writer won, although one could have. A single write has succeeded after each. */
  readonly withoutWinner: number
}

/** What the requests of a composed write do. `unsupported`: the store does not know them, or fails them. */
export interface ComposingReport {
  /** UploadPartCopy of a range, on condition of the ETag of its source. */
  readonly copy: 'exact' | 'ignored' | 'unsupported'
  /** CompleteMultipartUpload with `If-Match`. */
  readonly swap: Exclude<Keeping, 'refused'> | 'unsupported'
  /** CompleteMultipartUpload with `If-None-Match: *`, where an object is. */
  readonly create: 'exact' | 'ignored' | 'unsupported'
}

/** What was found wrong, in one line; undefined: nothing. */
export type Fault = string | undefined

/** What a probe found out about a store. */
export interface ProbeReport {
  /** Rounds that each race was to have. */
  readonly rounds: number
  /** PUT with `If-None-Match: *`. */
  readonly create: Race
  /** PUT with `If-Match`. */
  readonly swap: Race
  /** DELETE with `If-Match`. Wrong is a round in which it takes away what a writer has just put. */
  readonly remove: Race
  /** How the store recognises its ETags in conditions: as it shows them, or only without their quotes. */
  readonly etags: 'quoted' | 'bare'
  /** Whether the store refuses a PUT whose checksum does not match its bytes. */
  readonly comparesChecksums: boolean
  /** Whether GET, HEAD and LIST show a write at once, and stop showing an object as soon as it is deleted. */
  readonly showsAtOnce: boolean
  readonly listings: {
    /** What LIST gets wrong: keys that are missing, twice, out of order, or refused. */
    readonly fault: Fault
    /** Whether the store has given pages as short as they were asked for, so that several were tried. */
    readonly isPaged: boolean
  }
  /** What is wrong with an object that several writers have put at once, each some MiB. */
  readonly bodies: Fault
  /** Whether the store sends nothing of an object that has not changed; only a range; only the end. */
  readonly reads: { readonly unchanged: boolean; readonly range: boolean; readonly end: boolean }
  readonly composing: ComposingReport
  /** Milliseconds. */
  readonly clocks: {
    /** By how much at least the `Date`s of two answers disagree. */
    readonly apart: number
    /** By how much at least `LastModified` is ahead of the `Date` of the write. */
    readonly lastModified: number
  }
}

/**
 * What a repository can rely on with this store (docs/STORES.md). `exact`: everything. `exact but for deletes`:
 * everything, unless a deletion and a forced push of one version meet. `index only`: the index loses nothing, but two
 * pushes of one version at once are not told apart. `unsafe`: charts can get lost, or nothing works. `not probed`:
 * unknown.
 */
export const LEVELS = ['exact', 'exact but for deletes', 'index only', 'unsafe', 'not probed'] as const
export type Level = (typeof LEVELS)[number]

export function levelOf(probe: ProbeReport | undefined): Level {
  if (probe === undefined) return 'not probed'
  const { bodies, create, listings, remove, showsAtOnce, swap } = probe
  const isUnsafe = !showsAtOnce || listings.fault !== undefined || bodies !== undefined
  if (isUnsafe || isUseless(create) || isUseless(swap)) return 'unsafe'
  if (create.keeping !== 'exact' || swap.keeping !== 'exact') return 'index only'
  return remove.keeping === 'exact' ? 'exact' : 'exact but for deletes'
}

/** Whether nobody can write with this condition. */
export function isUseless({ keeping }: Pick<Race, 'keeping'>): boolean {
  return keeping === 'refused' || keeping === 'never'
}

/** Whether a probe has found that the store cannot replace objects, and so cannot replace `index.yaml`. */
export function refusesToReplace(probe: ProbeReport | undefined): boolean {
  return probe !== undefined && isUseless(probe.swap)
}

/** Of a hundred probes, so many find a race that goes wrong as often as {@link findsOneIn} says. */
export const SURE = 95

/**
 * How rare a fault may be that this many rounds still find. With n rounds, a store that gets one round of k wrong is
 * found out with probability 1 - (1 - 1/k)^n.
 * @returns the largest k for which that is {@link SURE} of 100; undefined: there was no round
 */
export function findsOneIn(rounds: number): number | undefined {
  return rounds === 0 ? undefined : Math.floor(1 / (1 - (1 - SURE / 100) ** (1 / rounds)))
}
