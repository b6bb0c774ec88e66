import { MemoryStore } from '../../lib/store/memory-store.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { LOCATION } from './charts.ts'
import { guardStore } from './guarded-store.ts'
import type { Operation } from './linearizability.ts'
import { DEFAULT_MIXES, MIXES, type Mix, type MixName } from './mixes.ts'
import { Network } from './network.ts'
import type { Product } from './product.ts'
import type { ClientRecord } from './record.ts'
import { SeededRandom } from './seeded-random.ts'
import { VirtualTime } from './virtual-time.ts'

/** `exact`: as AWS. `no-conditional-delete`: If-Match on DELETE is ignored (MinIO). `no-conditions`: all are (Backblaze B2). */
export type StoreKind = 'exact' | 'no-conditional-delete' | 'no-conditions'

export interface ScheduleOptions {
  readonly store: StoreKind
  /** Undefined: drawn by the seed. */
  readonly mix?: MixName
  readonly trace?: (line: string) => void
}

/** What one reader saw: version -> digest. */
export interface Read extends Operation {
  readonly values: ReadonlyMap<string, string>
}

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
  /** For a look at what stands there; clients go through `network`. */
  readonly bucket: MemoryStore
  readonly store: ObjectStore
  readonly network: Network
  /** Of the one chart. */
  readonly versions: readonly string[]
  /** What the versions were at the start: version -> digest. */
  readonly initial = new Map<string, string>()
  /** Versions with an archive and no entry at the start. */
  readonly orphans = new Set<string>()
  readonly records: ClientRecord[] = []
  readonly reads: Read[] = []
  readonly violations: string[] = []
  readonly counts = new Map<string, number>()
  readonly #trace: ((line: string) => void) | undefined

  constructor(product: Product, seed: number, { mix, store, trace }: ScheduleOptions) {
    this.product = product
    this.kind = store
    this.#trace = trace
    this.random = new SeededRandom(seed)
    this.time = new VirtualTime(START + this.random.below(1000))
    this.mixName = mix ?? this.random.pick(mixesFor(store))
    this.mix = MIXES[this.mixName]
    this.bucket = new MemoryStore({
      now: () => this.time.now,
      pageSize: this.random.chance(0.3) ? 2 : 1000,
      conditionalPut: store !== 'no-conditions',
      conditionalDelete: store === 'exact',
    })
    this.store = guardStore(this.bucket, {
      indexKey: LOCATION.indexKey,
      deltaFolder: LOCATION.deltaFolder,
      isExact: store !== 'no-conditions' && this.mixName !== 'rebuild',
      report: (violation) => this.violate(violation),
    })
    this.network = new Network(this.time, this.random, this.mix, {
      acted: (client, method, key, outcome) => this.trace(`${client} ${method} ${key} -> ${outcome}`),
    })
    const several = this.mixName === 'batch'
    this.versions = several ? ['1.0.0', '1.1.0', '2.0.0-rc.1'] : this.random.chance(0.7) ? ['1.0.0'] : ['1.0.0', '1.1.0']
  }

  /** Lets happen what is under way, until nothing is. */
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

/** Without conditional writes `init --force` is not exclusive: it may be undone by a compaction that began before it. */
function mixesFor(store: StoreKind): readonly MixName[] {
  return store === 'no-conditions' ? DEFAULT_MIXES.filter((mix) => mix !== 'init') : DEFAULT_MIXES
}
