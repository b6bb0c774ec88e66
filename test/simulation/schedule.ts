import { createHash } from 'node:crypto'
import type { FoldedDelta } from '../../lib/core/bookkeeping.ts'
import { makeEntry } from '../../lib/core/chart-entry.ts'
import { type DeltaId, deltaKey, makeDeltaId } from '../../lib/core/delta-id.ts'
import { encodeDelta } from '../../lib/core/delta-text.ts'
import type { Entry } from '../../lib/core/entry.ts'
import { emptyIndexText } from '../../lib/core/index/index-text.ts'
import { archiveFileName, archiveKey, asKey, parseRepositoryUrl } from '../../lib/core/keys.ts'
import { archiveMetadata } from '../../lib/core/object-metadata.ts'
import type { ChartUpload } from '../../lib/protocol/chart-upload.ts'
import type { Session } from '../../lib/protocol/session.ts'
import { MemoryStore } from '../../lib/store/memory-store.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { tgz } from '../support/archives.ts'
import { guardStore } from './guarded-store.ts'
import { type Operation, isLinearizable } from './linearizability.ts'
import { DEFAULT_MIXES, MIXES, type Mix, type MixName, type OperationKind } from './mixes.ts'
import { type Client, Network } from './network.ts'
import type { Product } from './product.ts'
import { type ClientRecord, operationsOn, recordMutations } from './record.ts'
import { SeededRandom } from './seeded-random.ts'
import { VirtualTime, clientClock } from './virtual-time.ts'

/** `exact`: as AWS. `no-conditional-delete`: If-Match on DELETE is ignored (MinIO). `no-conditions`: all are (Backblaze B2). */
export type StoreKind = 'exact' | 'no-conditional-delete' | 'no-conditions'

export interface ScheduleOptions {
  readonly store: StoreKind
  /** Undefined: drawn by the seed. */
  readonly mix?: MixName
  readonly trace?: (line: string) => void
}

export interface Outcome {
  readonly seed: number
  readonly mix: MixName
  readonly violations: readonly string[]
  /** What DESIGN 3.7 names as residue, and what else is worth counting. */
  readonly counts: ReadonlyMap<string, number>
}

const LOCATION = parseRepositoryUrl('s3://bucket/charts')
const CHART = 'app'
const START = 1_700_000_000_000
const MAX_EVENTS = 60_000

/** Much less than the program waits, but more than a push that is not suspended needs from its archive to its delta. */
const ORPHAN_AGE = 120_000

/** Runs one schedule: the seed alone decides what happens. */
export async function runSchedule(product: Product, seed: number, options: ScheduleOptions): Promise<Outcome> {
  return new Schedule(product, seed, options).run()
}

class Schedule {
  readonly #product: Product
  readonly #seed: number
  readonly #options: ScheduleOptions
  readonly #random: SeededRandom
  readonly #time: VirtualTime
  readonly #mixName: MixName
  readonly #mix: Mix
  readonly #bucket: MemoryStore
  readonly #store: ObjectStore
  readonly #network: Network
  readonly #records: ClientRecord[] = []
  readonly #reads: (Operation & { readonly values: ReadonlyMap<string, string> })[] = []
  readonly #violations: string[] = []
  readonly #counts = new Map<string, number>()
  readonly #versions: readonly string[]
  readonly #initial = new Map<string, string>()
  readonly #orphans = new Set<string>()

  constructor(product: Product, seed: number, options: ScheduleOptions) {
    this.#product = product
    this.#seed = seed
    this.#options = options
    this.#random = new SeededRandom(seed)
    this.#time = new VirtualTime(START + this.#random.below(1000))
    this.#mixName = options.mix ?? this.#random.pick(mixesFor(options.store))
    this.#mix = MIXES[this.#mixName]
    this.#bucket = new MemoryStore({
      now: () => this.#time.now,
      pageSize: this.#random.chance(0.3) ? 2 : 1000,
      conditionalPut: options.store !== 'no-conditions',
      conditionalDelete: options.store === 'exact',
    })
    this.#store = guardStore(this.#bucket, {
      indexKey: LOCATION.indexKey,
      deltaFolder: LOCATION.deltaFolder,
      isExact: options.store !== 'no-conditions' && this.#mixName !== 'rebuild',
      report: (violation) => this.#violate(violation),
    })
    this.#network = new Network(this.#time, this.#random, this.#mix, {
      acted: (client, method, key, outcome) => this.#trace(`${client} ${method} ${key} -> ${outcome}`),
    })
    const several = this.#mixName === 'batch'
    this.#versions = several ? ['1.0.0', '1.1.0', '2.0.0-rc.1'] : this.#random.chance(0.7) ? ['1.0.0'] : ['1.0.0', '1.1.0']
  }

  async run(): Promise<Outcome> {
    await this.#layOut()
    const [fewest, most] = this.#mix.operations
    const operations = fewest + this.#random.below(most - fewest + 1)
    const kinds = Object.entries(this.#mix.weights).flatMap(([kind, weight]) => Array<OperationKind>(weight).fill(kind as OperationKind))
    for (let i = 0; i < operations; i++) this.#spawnOperation(i, this.#random.pick(kinds))
    for (let i = 0; i < this.#mix.compactions; i++) this.#spawnCompaction(`compact${String(i)}`, this.#random.below(this.#mix.compactionSpan))
    for (let i = 0; i < this.#mix.reads; i++) this.#spawnReader(`read${String(i)}`, this.#random.below(this.#mix.readSpan))
    await this.#drain()
    await this.#comeToRest()
    await this.#checkVersions()
    await this.#checkHealing()
    return { seed: this.#seed, mix: this.#mixName, violations: this.#violations, counts: this.#counts }
  }

  // What stands in the bucket at the start.

  async #layOut(): Promise<void> {
    const longAgo = this.#time.now - 7_200_000
    const entries: Entry[] = []
    const folded = new Map<DeltaId, FoldedDelta>()
    for (const version of this.#versions) {
      const state = this.#random.pick(this.#mix.start)
      if (state === 'none') continue
      const upload = makeUpload(version, 'A')
      const id = makeDeltaId(longAgo, this.#random.bytes(10))
      await this.#store.put(archiveKey(LOCATION, upload), upload.bytes, {
        when: 'always',
        sha256: upload.digest,
        metadata: archiveMetadata({ metadata: upload.metadata, digest: upload.digest, delta: id }),
      })
      if (state === 'orphan') {
        this.#orphans.add(version)
        continue
      }
      const entry = makeEntry(upload.metadata, {
        digest: upload.digest,
        url: archiveFileName(upload),
        created: new Date(longAgo + 1000).toISOString(),
      })
      this.#initial.set(version, upload.digest)
      if (this.#random.chance(this.#mix.pendingDeltas)) {
        await this.#putDelta(id, entry)
        continue
      }
      entries.push(entry)
      if (this.#random.chance(this.#mix.oldDeltas)) {
        const age = this.#random.chance(0.5) ? 50_000 : this.#mix.graceWindow + this.#random.below(300_000)
        folded.set(id, { at: this.#time.now - age, touched: [{ name: CHART, version }], gone: undefined })
        await this.#putDelta(id, entry)
      }
    }
    const form = this.#random.chance(0.1) ? 'yaml' : 'json'
    const index = emptyIndexText(form).withHeader({
      bookkeeping: { generation: 1, writeId: 'start', folded },
      generated: new Date(longAgo).toISOString(),
    })
    const bytes = (entries.length > 0 ? index.withCharts(new Map([[CHART, entries]])) : index).toBytes()
    await this.#store.put(LOCATION.indexKey, bytes, { when: 'always' })
  }

  async #putDelta(id: DeltaId, entry: Entry): Promise<void> {
    const delta = { added: [{ entry, ifAbsent: false }], removed: [] }
    await this.#store.put(deltaKey(LOCATION.deltaFolder, id), encodeDelta(delta), { when: 'absent' })
  }

  // Clients.

  #spawnOperation(number: number, kind: OperationKind): void {
    const delay = this.#random.chance(0.3) ? this.#random.below(300) : this.#random.below(this.#mix.span)
    const one = this.#random.pick(this.#versions)
    const digestOf = (): ChartUpload => makeUpload(one, this.#random.pick([...this.#mix.contents]))
    const name = `${kind}${String(number)}`
    if (kind === 'junk') return this.#spawnJunk(name, delay)
    if (kind === 'garbage') return this.#spawnGarbage(delay)
    if (kind === 'reindex' || kind === 'rebuild') return void this.#spawnReindex(name, delay, { rebuild: kind === 'rebuild' })
    if (kind === 'push' || kind === 'force') return this.#spawnPush(name, delay, [digestOf()], kind)
    if (kind === 'batch') {
      const uploads = this.#versions.map((version) => makeUpload(version, this.#random.pick([...this.#mix.contents])))
      return this.#spawnPush(name, delay, uploads, 'push')
    }
    if (kind === 'init') {
      const record = this.#record(name, 'init', new Map(this.#versions.map((version) => [version, ''])))
      return this.#spawn(record.client, delay, record, async (session) => {
        await this.#product.init.initRepository(session, { form: 'json', force: true })
        this.#acknowledge(record)
      })
    }
    if (kind === 'orphans') return this.#spawnOrphans(name, delay)
    this.#spawnDelete(name, delay, kind === 'prune' ? this.#versions : [one])
  }

  #spawnPush(name: string, delay: number, uploads: readonly ChartUpload[], kind: 'push' | 'force'): void {
    const digests = uploads.map(({ version, digest }) => [version, digest] as const)
    const record = this.#record(`${name}:${uploads.map(({ source }) => source).join('+')}`, kind, new Map(digests))
    const options = { force: kind === 'force', ignoreIfExists: false, dryRun: false, relative: true, contentType: 'application/gzip' }
    this.#spawn(record.client, delay, record, async (session) => {
      const result = await this.#product.push.pushCharts(session, uploads, options)
      if (result.existing.length > 0) {
        record.failure = 'exists'
        return
      }
      this.#acknowledge(record)
      if (result.committed !== undefined) await this.#compactInline(session, result.committed)
    })
  }

  #spawnDelete(name: string, delay: number, versions: readonly string[]): void {
    const record = this.#record(`${name}:${versions.join('+')}`, 'delete', new Map(versions.map((version) => [version, ''])))
    this.#spawn(record.client, delay, record, async (session) => {
      const isThere = await this.#product.view.readView(session)
      const present = versions.filter((version) => versions.length === 1 || isThere.index.find({ name: CHART, version }) !== undefined)
      const result = await this.#product.deletion.deleteVersions(session, present.map((version) => ({ name: CHART, version })))
      if (result.keptArchives.length > 0) record.hasLeftArchive = true
      this.#acknowledge(record)
      const committed = result.committed.at(-1)
      if (committed !== undefined) await this.#compactInline(session, committed)
    })
  }

  /** Takes nothing out of the index, whatever else happens; whoever pushes what it takes for an orphan must not lose it. */
  #spawnOrphans(name: string, delay: number): void {
    const record = this.#record(name, 'orphans', new Map(this.#versions.map((version) => [version, ''])))
    this.#spawn(record.client, delay, record, async (session) => {
      const options = { rules: undefined, olderThan: undefined, orphanAge: ORPHAN_AGE, allowManyOrphans: true, dryRun: false }
      const result = await this.#product.prune.prune(session, options)
      if (result.keptArchives.length > 0) record.hasLeftArchive = true
      this.#acknowledge(record)
      const committed = result.committed.at(-1)
      if (committed !== undefined) await this.#compactInline(session, committed)
    })
  }

  async #compactInline(session: Session, own: Parameters<Product['inline']['compactInline']>[1]): Promise<void> {
    if (!this.#random.chance(this.#mix.inline)) return
    await this.#product.inline.compactInline(session, own)
  }

  #spawnCompaction(name: string, delay: number): void {
    this.#spawn(this.#client(name, 0.2), delay, undefined, async (session) => {
      await this.#product.compact.compactRepository(session, { graceWindow: this.#mix.graceWindow, dryRun: false, form: undefined })
    })
  }

  #spawnReader(name: string, delay: number): void {
    const client = this.#client(name, 0)
    this.#spawn(client, delay, undefined, async (session) => {
      const start = this.#time.now
      const view = await this.#product.view.readView(session)
      const seen = this.#versions.flatMap((version) => {
        const digest = view.index.find({ name: CHART, version })?.digest
        return digest === undefined ? [] : [[version, digest] as const]
      })
      const values = new Map(seen)
      this.#trace(`${name} SEES ${describeView(values)}`)
      this.#reads.push({ client: name, kind: 'read', value: null, values, start, end: this.#time.now, required: true })
    })
  }

  /** Somebody without the program writes what is no delta. */
  #spawnJunk(name: string, delay: number): void {
    const id = this.#random.chance(0.5) ? '7ZZZZZZZZZZZZZZZZZZZZZZZZZ' : makeDeltaId(this.#time.now + delay, this.#random.bytes(10))
    const key = asKey(`${LOCATION.deltaFolder}${id}.yaml`)
    this.#time.after(delay, () => void this.#store.put(key, Buffer.from(`{"apiVersion":"v1","addedEntries":{"${name}":5}}`), { when: 'always' }))
  }

  /** Somebody without the program writes what is no index. */
  #spawnGarbage(delay: number): void {
    this.#time.after(delay, () => void this.#bucket.put(LOCATION.indexKey, Buffer.from('garbage: ['), { when: 'always' }))
  }

  #spawnReindex(name: string, delay: number, options: { readonly rebuild: boolean; readonly full?: boolean }): ClientRecord {
    const record = this.#record(name, 'reindex', new Map(this.#versions.map((version) => [version, ''])))
    this.#spawn(record.client, delay, record, async (session) => {
      await this.#product.reindex.reindexRepository(session, {
        relative: true,
        full: false,
        strict: this.#random.chance(0.3),
        dryRun: false,
        concurrency: 4,
        afterCommit: (committed) => this.#compactInline(session, committed),
        ...options,
      })
      this.#acknowledge(record)
    })
    return record
  }

  #client(name: string, crash: number): Client {
    const dies = !this.#network.quiet && this.#random.chance(crash)
    return { name, dead: false, crashed: false, crashAfter: dies ? this.#random.below(14) : undefined }
  }

  #record(name: string, kind: ClientRecord['kind'], wants: ReadonlyMap<string, string>): ClientRecord {
    const record: ClientRecord = {
      client: this.#client(name, 0.12),
      kind,
      wants,
      start: Infinity,
      acknowledgedAt: undefined,
      failure: undefined,
      deltas: new Set(),
      removes: new Map(),
      reconciles: [],
      hasActed: false,
      hasReplacedIndex: false,
      hasLeftArchive: false,
    }
    this.#records.push(record)
    return record
  }

  #spawn(client: Client, delay: number, record: ClientRecord | undefined, run: (session: Session) => Promise<void>): void {
    const skew = this.#random.below(7_200_000) - 3_600_000
    const online = this.#network.connect(this.#store, client)
    const session = this.#product.session.createSession({
      store: record === undefined ? online : recordMutations(online, record, LOCATION.deltaFolder),
      location: LOCATION,
      clock: clientClock(this.#time, skew, () => client.dead),
      random: this.#random,
      origin: {},
    })
    this.#time.after(delay, () => {
      if (record !== undefined) record.start = this.#time.now
      this.#trace(`${client.name} starts`)
      run(session).catch((error: unknown) => this.#fail(client, record, error))
    })
  }

  #fail(client: Client, record: ClientRecord | undefined, error: unknown): void {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined
    this.#trace(`${client.name} FAILS ${String(error)}`)
    if (code === undefined) this.#violate(`${client.name} breaks: ${error instanceof Error ? (error.stack ?? '') : String(error)}`)
    else if (record !== undefined) record.failure = code
    else if (code === 'invalid-index' && this.#mixName === 'rebuild' && !this.#network.quiet) this.#count('reads of garbage')
    else if (client.name.startsWith('read')) this.#violate(`${client.name} cannot read: ${String(error)}`)
  }

  #acknowledge(record: ClientRecord): void {
    record.acknowledgedAt = this.#time.now
    this.#trace(`${record.client.name} ACKNOWLEDGED`)
  }

  // Checks.

  /** No more clients: everything folds, is collected and forgotten, and the view never changes. */
  async #comeToRest(): Promise<void> {
    this.#network.quiet = true
    if (this.#mixName === 'rebuild') {
      this.#spawnReindex('rebuild', 0, { rebuild: true })
      await this.#drain()
    }
    const views: string[] = []
    const look = async (): Promise<void> => {
      this.#spawnReader('final', 0)
      await this.#drain()
      views.push(describeView(this.#reads.at(-1)?.values ?? new Map()))
    }
    await look()
    for (const minutes of [0, 10, 20, 61, 1]) {
      this.#time.now += minutes * 60_000 + 1000
      this.#spawnCompaction('rest', 0)
      await this.#drain()
      await look()
    }
    if (new Set(views).size > 1) this.#violate(`compaction alone changes the view: ${[...new Set(views)].join(' -> ')}`)
    const base = await this.#bucket.get(LOCATION.indexKey)
    const text = base === undefined ? '' : Buffer.from(base.body).toString()
    for (const digest of this.#reads.at(-1)?.values.values() ?? []) {
      if (!text.includes(digest)) this.#violate('a pending delta is never folded')
    }
    const left = (await this.#bucket.list(LOCATION.deltaFolder)).objects.length
    if (left > 0 && this.#mixName !== 'junk') this.#violate(`${String(left)} deltas are never collected`)
  }

  async #checkVersions(): Promise<void> {
    const final = this.#reads.at(-1)?.values ?? new Map<string, string>()
    for (const version of this.#versions) {
      this.#checkOrder(version)
      await this.#checkArchive(version, final.get(version) ?? null)
    }
    for (const { client, acknowledgedAt, failure, kind } of this.#records) {
      if (client.crashed) this.#count('clients that crashed')
      if (acknowledgedAt !== undefined) this.#count(`acknowledged: ${kind}`)
      if (failure !== undefined) this.#count(`failed: ${kind}: ${failure}`)
    }
  }

  /** A reindex at rest leaves every archive with its entry and every entry with its archive, whatever died half way. */
  async #checkHealing(): Promise<void> {
    const healing = this.#spawnReindex('healing', 0, { rebuild: false, full: true })
    // Archives are unpacked outside of virtual time.
    for (let i = 0; i < 1000 && healing.acknowledgedAt === undefined && healing.failure === undefined; i++) {
      await this.#drain()
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    this.#spawnReader('healed', 0)
    await this.#drain()
    for (const version of this.#versions) {
      const entry = this.#reads.at(-1)?.values.get(version) ?? null
      if ((await this.#archiveDigest(version)) !== entry) this.#violate(`${version}: a reindex at rest does not heal it`)
    }
  }

  #checkOrder(version: string): void {
    const operations = this.#records.map((record) => operationsOn(record, version))
    const reads = this.#reads.map((read): Operation => ({ ...read, value: read.values.get(version) ?? null }))
    const history = [...operations.flatMap(({ first }) => first), ...reads]
    const initial = this.#initial.get(version) ?? null
    const lenient = this.#options.store === 'no-conditions'
    if (isLinearizable(history, initial, lenient)) return
    const repeated = operations.flatMap((each) => each.repeated)
    if (repeated.length > 0 && isLinearizable([...history, ...repeated], initial, lenient)) {
      this.#count('residue: an operation that started again took effect twice')
      return
    }
    if (isLinearizable([...history.filter((each) => !this.#sawUnacknowledged(each)), ...repeated], initial, lenient)) {
      this.#count('residue: an unacknowledged delta below a removal showed for a moment')
      return
    }
    const writes = history.filter(({ kind, client }) => kind !== 'read' || client === 'final')
    const what = isLinearizable(writes, initial, lenient) ? 'a read saw what never was' : 'an acknowledged mutation is lost or undone'
    this.#violate(`${version}: ${what}`)
  }

  /** A read of what a push had written and was not acknowledged by then: a removal of other content above it may hide it again. */
  #sawUnacknowledged({ client, end, kind, value }: Operation): boolean {
    if (kind !== 'read' || client === 'final' || value === null) return false
    return this.#records.some(({ acknowledgedAt, wants }) => (acknowledgedAt ?? Infinity) > end && [...wants.values()].includes(value))
  }

  async #checkArchive(version: string, entry: string | null): Promise<void> {
    const archive = await this.#archiveDigest(version)
    if (archive === entry) return
    const what = archive === null ? 'an entry without its archive' : entry === null ? 'an archive without an entry' : 'an entry and an archive that differ'
    const exact = this.#options.store === 'exact'
    const isExcused =
      this.#options.store === 'no-conditions' ||
      (archive === null ? !exact : entry === null ? this.#mayLeaveOrphan(version) : this.#mayLeaveOtherArchive(version))
    if (isExcused) this.#count(`residue: ${what}`)
    else this.#violate(`${version}: ${what}`)
  }

  async #archiveDigest(version: string): Promise<string | null> {
    const object = await this.#bucket.get(asKey(`${LOCATION.prefix}${CHART}-${version}.tgz`))
    return object === undefined ? null : createHash('sha256').update(object.body).digest('hex')
  }

  #mayLeaveOrphan(version: string): boolean {
    if (this.#orphans.has(version) || this.#network.repeats > 0) return true
    return this.#actorsOn(version).some(
      (record) => record.client.crashed || record.acknowledgedAt === undefined || record.hasLeftArchive || record.kind === 'init',
    )
  }

  /** A PUT that arrives a second time may meet the same bytes, and so the same ETag, that it met the first time. */
  #mayLeaveOtherArchive(version: string): boolean {
    if (this.#network.repeats > 0) return true
    return this.#actorsOn(version).some(
      (record) =>
        (record.client.crashed || record.acknowledgedAt === undefined) &&
        (record.kind === 'force' || (record.kind === 'push' && this.#orphans.has(version))),
    )
  }

  #actorsOn(version: string): readonly ClientRecord[] {
    return this.#records.filter((record) => record.hasActed && record.wants.has(version))
  }

  async #drain(): Promise<void> {
    try {
      await this.#time.drain(MAX_EVENTS)
    } catch (error) {
      this.#violate(String(error))
    }
  }

  #violate(violation: string): void {
    this.#violations.push(violation)
    this.#trace(`!!! ${violation}`)
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1)
  }

  #trace(line: string): void {
    this.#options.trace?.(`${((this.#time.now - START) / 1000).toFixed(3).padStart(10)} ${line}`)
  }
}

/** Without conditional writes `init --force` is not exclusive: it may be undone by a compaction that began before it. */
function mixesFor(store: StoreKind): readonly MixName[] {
  return store === 'no-conditions' ? DEFAULT_MIXES.filter((mix) => mix !== 'init') : DEFAULT_MIXES
}

const uploads = new Map<string, ChartUpload>()

/** A chart archive that differs from others of its version by one letter. */
function makeUpload(version: string, content: string): ChartUpload {
  const source = `${version}=${content}`
  const known = uploads.get(source)
  if (known !== undefined) return known
  const bytes = tgz({ name: `${CHART}/Chart.yaml`, content: `apiVersion: v2\nname: ${CHART}\nversion: ${version}\n# ${content}\n` })
  const digest = createHash('sha256').update(bytes).digest('hex')
  const metadata = { name: CHART, version, apiVersion: 'v2' }
  const upload = { name: CHART, version, digest, bytes, provenance: undefined, metadata, source }
  uploads.set(source, upload)
  return upload
}

function describeView(values: ReadonlyMap<string, string>): string {
  return [...values].map(([version, digest]) => `${version}=${digest.slice(0, 6)}`).sort().join(' ') || 'nothing'
}
