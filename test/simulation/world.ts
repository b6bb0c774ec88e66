import { type Key, archiveKey } from '../../lib/core/keys.ts'
import { MemoryStore } from '../../lib/store/memory-store.ts'
import { alteredStore } from '../../lib/store/altered-store.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { CHART, LOCATION } from './charts.ts'
import { guardStore } from './guarded-store.ts'
import { SMALL_PAGES, missingNeighbours, neighbourDigests } from './neighbours.ts'
import type { Operation } from './linearizability.ts'
import { DEFAULT_MIXES, MIXES, type Mix, type MixName } from './mixes.ts'
import { Network } from './network.ts'
import { Outsiders } from './outsiders.ts'
import type { Product } from './product.ts'
import type { ClientRecord } from './record.ts'
import { SeededRandom } from './seeded-random.ts'
import { staleRanges } from './stale-ranges.ts'
import { VirtualTime } from './virtual-time.ts'

/**
 * `exact`: as AWS. `no-conditional-delete`: If-Match on DELETE is ignored (MinIO). `no-conditions`: all conditions
 * are, and late requests are carried out (a simple server).
 */
export type StoreKind = 'exact' | 'no-conditional-delete' | 'no-conditions'

export interface ScheduleOptions {
  readonly store: StoreKind
  /** Undefined: drawn by the seed. */
  readonly mix?: MixName
  /** Whether the index has pages, and mostly bad caches and foreign clients with it. Undefined: drawn by the seed. */
  readonly pages?: boolean
  readonly trace?: (line: string) => void
}

/** What one reader saw: version -> digest. */
export interface Read extends Operation {
  readonly values: ReadonlyMap<string, string>
}

const PAGING_SEED = 1_000_000_007
const DECEIT_SEED = 1_000_000_009
const START = 1_700_000_000_000
const MAX_EVENTS = 60_000

/** What all parts of one schedule share: time, chance, the bucket and the ways to it, and what has happened so far. */
export class World {
  readonly product: Product
  readonly random: SeededRandom
  readonly time: VirtualTime
  readonly mixName: MixName
  readonly mix: Mix
  readonly kind: StoreKind
  /** For direct reads by the simulation; clients go through `network`. */
  readonly bucket: MemoryStore
  readonly store: ObjectStore
  readonly network: Network
  readonly outsiders: Outsiders
  /** Whether the bucket keeps older versions of objects. */
  readonly isVersioned: boolean
  /** Whether there are other charts, and the index is divided into pages. */
  readonly hasPages: boolean
  /** What the index says about composed writes at the start. */
  readonly composing: 'works' | 'fails' | 'unknown'
  /** When somebody writes `index.yaml` with a page table that tells lies, milliseconds after the start. */
  readonly liesAt: readonly number[]
  /** The versions of the one chart. */
  readonly versions: readonly string[]
  /** What the versions were at the start: version -> digest. */
  readonly initial = new Map<string, string>()
  /** Versions with an archive and no entry at the start. */
  readonly orphans = new Set<string>()
  /** Archives that were deleted by a DELETE for another ETag, because the store ignores the condition. */
  readonly mistaken = new Set<Key>()
  readonly records: ClientRecord[] = []
  readonly reads: Read[] = []
  /** How long each operation took that was acknowledged. */
  readonly waits: (readonly [what: string, ms: number])[] = []
  readonly violations: string[] = []
  readonly counts = new Map<string, number>()
  /** Milliseconds by which the clock of the store is ahead. */
  storeSkew = 0
  readonly #trace: ((line: string) => void) | undefined

  constructor(product: Product, seed: number, { mix, pages, store, trace }: ScheduleOptions) {
    this.product = product
    this.kind = store
    this.#trace = trace
    this.random = new SeededRandom(seed)
    this.time = new VirtualTime(START + this.random.below(1000))
    this.mixName = mix ?? this.random.pick(mixesFor(store))
    this.mix = MIXES[this.mixName]
    const refusesLate = store !== 'no-conditions'
    this.isVersioned = this.random.chance(0.5)
    // From another sequence, so that schedules without pages are what they were before there were pages.
    const paging = new SeededRandom(seed + PAGING_SEED)
    const drawn = paging.chance(0.4)
    this.hasPages = pages ?? drawn
    const keeps = { conditionalComplete: paging.chance(0.85), conditionalPartCopy: paging.chance(0.85) }
    const isExact = store !== 'no-conditions' && keeps.conditionalComplete && keeps.conditionalPartCopy
    this.composing = paging.chance(0.15) ? 'unknown' : isExact ? 'works' : 'fails'
    this.bucket = new MemoryStore({
      now: () => this.time.now + this.storeSkew,
      pageSize: this.random.chance(0.3) ? 2 : 1000,
      conditionalPut: store !== 'no-conditions',
      conditionalDelete: store === 'exact',
      refusesLate,
      versioned: this.isVersioned,
      composes: this.hasPages,
      minPartSize: SMALL_PAGES.parts.least,
      ...(store === 'no-conditions' ? { conditionalComplete: false, conditionalPartCopy: false } : keeps),
    })
    this.outsiders = new Outsiders(this)
    // From yet another sequence, for the same reason.
    const deceit = new SeededRandom(seed + DECEIT_SEED)
    const isDeceived = this.hasPages && !this.mix.inTurn && deceit.chance(pages === true ? 0.7 : 0.4)
    this.liesAt = isDeceived ? Array.from({ length: 1 + deceit.below(3) }, () => deceit.below(this.mix.span * 1.2)) : []
    const getRange = staleRanges(this.bucket, LOCATION.indexKey, deceit)
    const served =
      this.hasPages && deceit.chance(pages === true ? 0.6 : 0.2) ? alteredStore(this.bucket, { getRange }) : this.bucket
    this.store = guardStore(served, {
      indexKey: LOCATION.indexKey,
      deltaFolder: LOCATION.deltaFolder,
      report: (violation) => this.violate(violation),
      present: this.hasPages ? neighbourDigests() : [],
      lookAt: (index) => {
        // With `init --force` they are to go.
        if (!this.hasPages || this.mixName === 'init' || this.outsiders.haveWritten) return
        const missing = missingNeighbours((version) => index.find(version))
        if (missing.length > 0) this.violate(`index.yaml has lost ${missing.join(', ')}`)
      },
      wroteIndex: () => this.outsiders.noteWritten(),
      composed: () => this.count('writes of index.yaml that were composed'),
      tookUnfolded: async (key) => {
        // Without conditions an older base may have replaced the one that had folded it.
        if (this.outsiders.haveWritten) await this.outsiders.noteCollected()
        else if (store !== 'no-conditions') this.violate(`a delta is deleted that the base has not folded: ${key}`)
      },
      tookOther: (key) => void this.mistaken.add(key),
    })
    this.network = new Network({
      time: this.time,
      random: this.random,
      weather: this.mix,
      refusesLate,
      trace: trace && ((line) => this.trace(line)),
    })
    const several = this.mixName === 'batch'
    this.versions = several
      ? ['1.0.0', '1.1.0', '2.0.0-rc.1']
      : this.random.chance(0.7)
        ? ['1.0.0']
        : ['1.0.0', '1.1.0']
  }

  keyOf(version: string): Key {
    return archiveKey(LOCATION, { name: CHART, version })
  }

  /** Runs all events until none is left. */
  async drain(): Promise<void> {
    try {
      await this.time.drain(MAX_EVENTS)
    } catch (error) {
      this.violate(String(error))
    }
  }

  violate(violation: string): void {
    this.violations.push(violation)
    this.trace(`!!! ${violation}`)
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  trace(line: string): void {
    this.#trace?.(`${((this.time.now - START) / 1000).toFixed(3).padStart(10)} ${line}`)
  }
}

/**
 * Mixes in which somebody replaces `index.yaml`: without conditional writes a compaction that began before may undo
 * that.
 */
const EXCLUSIVE: readonly MixName[] = ['init', 'rebuild', 'damage']

function mixesFor(store: StoreKind): readonly MixName[] {
  return store === 'no-conditions' ? DEFAULT_MIXES.filter((mix) => !EXCLUSIVE.includes(mix)) : DEFAULT_MIXES
}
