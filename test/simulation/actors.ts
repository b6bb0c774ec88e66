import { makeDeltaId } from '../../lib/core/delta-id.ts'
import { asKey } from '../../lib/core/keys.ts'
import type { ChartUpload } from '../../lib/protocol/chart-upload.ts'
import type { Session } from '../../lib/protocol/session.ts'
import { CHART, LOCATION, makeUpload } from './charts.ts'
import type { OperationKind } from './mixes.ts'
import type { Client } from './network.ts'
import type { Product } from './product.ts'
import { type ClientRecord, recordMutations } from './record.ts'
import { clientClock } from './virtual-time.ts'
import type { World } from './world.ts'

/** Much less than the program waits, but more than a push that is not suspended needs from its archive to its delta. */
const ORPHAN_AGE = 120_000

/** Whoever does something in a schedule: the clients, each with its operation, and people without the program. */
export class Actors {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Draws who does what and when. Nothing has happened yet when this returns. */
  spawnAll(): void {
    const { mix, random } = this.#world
    const [fewest, most] = mix.operations
    const operations = fewest + random.below(most - fewest + 1)
    const kinds = Object.entries(mix.weights).flatMap(([kind, weight]) => Array<OperationKind>(weight).fill(kind as OperationKind))
    for (let i = 0; i < operations; i++) this.#spawnOperation(i, random.pick(kinds))
    for (let i = 0; i < mix.compactions; i++) this.compact(`compact${String(i)}`, random.below(mix.compactionSpan))
    for (let i = 0; i < mix.reads; i++) this.read(`read${String(i)}`, random.below(mix.readSpan))
  }

  #spawnOperation(number: number, kind: OperationKind): void {
    const { mix, random, versions } = this.#world
    const delay = random.chance(0.3) ? random.below(300) : random.below(mix.span)
    const one = random.pick(versions)
    const uploadOf = (version: string): ChartUpload => makeUpload(version, random.pick([...mix.contents]))
    const name = `${kind}${String(number)}`
    switch (kind) {
      case 'junk':
        return this.#writeJunk(name, delay)
      case 'garbage':
        return this.#writeGarbage(delay)
      case 'reindex':
      case 'rebuild':
        return this.reindex(name, delay, { rebuild: kind === 'rebuild' })
      case 'push':
      case 'force':
        return this.#push(name, delay, [uploadOf(one)], kind)
      case 'batch':
        return this.#push(name, delay, versions.map(uploadOf), 'push')
      case 'init':
        return this.#init(name, delay)
      case 'orphans':
        return this.#clearOrphans(name, delay)
      case 'delete':
        return this.#delete(name, delay, [one])
      case 'prune':
        return this.#delete(name, delay, versions)
    }
  }

  #push(name: string, delay: number, uploads: readonly ChartUpload[], kind: 'push' | 'force'): void {
    const digests = uploads.map(({ version, digest }) => [version, digest] as const)
    const record = this.#record(`${name}:${uploads.map(({ source }) => source).join('+')}`, kind, new Map(digests))
    const options = { force: kind === 'force', ignoreIfExists: false, dryRun: false, relative: true, contentType: 'application/gzip' }
    this.#spawn(record.client, delay, record, async (session) => {
      const result = await this.#world.product.push.pushCharts(session, uploads, options)
      if (result.existing.length > 0) {
        record.failure = 'exists'
        return
      }
      this.#acknowledge(record)
      if (result.committed !== undefined) await this.#compactInline(session, result.committed)
    })
  }

  #delete(name: string, delay: number, versions: readonly string[]): void {
    const { deletion, view } = this.#world.product
    const record = this.#record(`${name}:${versions.join('+')}`, 'delete', withoutValues(versions))
    this.#spawn(record.client, delay, record, async (session) => {
      const isThere = await view.readView(session)
      const present = versions.filter((version) => versions.length === 1 || isThere.index.find({ name: CHART, version }) !== undefined)
      const result = await deletion.deleteVersions(session, present.map((version) => ({ name: CHART, version })))
      if (result.keptArchives.length > 0) record.hasLeftArchive = true
      this.#acknowledge(record)
      const committed = result.committed.at(-1)
      if (committed !== undefined) await this.#compactInline(session, committed)
    })
  }

  #init(name: string, delay: number): void {
    const record = this.#record(name, 'init', withoutValues(this.#world.versions))
    this.#spawn(record.client, delay, record, async (session) => {
      await this.#world.product.init.initRepository(session, { form: 'json', force: true })
      this.#acknowledge(record)
    })
  }

  /** Takes nothing out of the index, whatever else happens; whoever pushes what it takes for an orphan must not lose it. */
  #clearOrphans(name: string, delay: number): void {
    const record = this.#record(name, 'orphans', withoutValues(this.#world.versions))
    this.#spawn(record.client, delay, record, async (session) => {
      const options = { rules: undefined, olderThan: undefined, orphanAge: ORPHAN_AGE, allowManyOrphans: true, dryRun: false }
      const result = await this.#world.product.prune.prune(session, options)
      if (result.keptArchives.length > 0) record.hasLeftArchive = true
      this.#acknowledge(record)
      const committed = result.committed.at(-1)
      if (committed !== undefined) await this.#compactInline(session, committed)
    })
  }

  reindex(name: string, delay: number, options: { readonly rebuild: boolean; readonly full?: boolean }): void {
    const { product, random, versions } = this.#world
    const record = this.#record(name, 'reindex', withoutValues(versions))
    this.#spawn(record.client, delay, record, async (session) => {
      await product.reindex.reindexRepository(session, {
        relative: true,
        full: false,
        strict: random.chance(0.3),
        dryRun: false,
        concurrency: 4,
        afterCommit: (committed) => this.#compactInline(session, committed),
        ...options,
      })
      this.#acknowledge(record)
    })
  }

  async #compactInline(session: Session, own: Parameters<Product['inline']['compactInline']>[1]): Promise<void> {
    if (!this.#world.random.chance(this.#world.mix.inline)) return
    await this.#world.product.inline.compactInline(session, own)
  }

  compact(name: string, delay: number): void {
    const { mix, product } = this.#world
    this.#spawn(this.#client(name, 0.2), delay, undefined, async (session) => {
      await product.compact.compactRepository(session, { graceWindow: mix.graceWindow, dryRun: false, form: undefined })
    })
  }

  read(name: string, delay: number): void {
    const { product, reads, time, versions } = this.#world
    const client = this.#client(name, 0)
    this.#spawn(client, delay, undefined, async (session) => {
      const start = time.now
      const view = await product.view.readView(session)
      const seen = versions.flatMap((version) => {
        const digest = view.index.find({ name: CHART, version })?.digest
        return digest === undefined ? [] : [[version, digest] as const]
      })
      const values = new Map(seen)
      this.#world.trace(`${name} SEES ${describeView(values)}`)
      reads.push({ client: name, kind: 'read', value: null, values, start, end: time.now, required: true })
    })
  }

  /** Somebody without the program writes what is no delta. */
  #writeJunk(name: string, delay: number): void {
    const { random, store, time } = this.#world
    const id = random.chance(0.5) ? '7ZZZZZZZZZZZZZZZZZZZZZZZZZ' : makeDeltaId(time.now + delay, random.bytes(10))
    const key = asKey(`${LOCATION.deltaFolder}${id}.yaml`)
    time.after(delay, () => void store.put(key, Buffer.from(`{"apiVersion":"v1","addedEntries":{"${name}":5}}`), { when: 'always' }))
  }

  /** Somebody without the program writes what is no index. */
  #writeGarbage(delay: number): void {
    const { bucket, time } = this.#world
    time.after(delay, () => void bucket.put(LOCATION.indexKey, Buffer.from('garbage: ['), { when: 'always' }))
  }

  #client(name: string, crash: number): Client {
    const { network, random } = this.#world
    const dies = !network.quiet && random.chance(crash)
    return { name, dead: false, crashed: false, crashAfter: dies ? random.below(14) : undefined }
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
    this.#world.records.push(record)
    return record
  }

  #spawn(client: Client, delay: number, record: ClientRecord | undefined, run: (session: Session) => Promise<void>): void {
    const { network, product, random, store, time } = this.#world
    const skew = random.below(7_200_000) - 3_600_000
    const online = network.connect(store, client)
    const session = product.session.createSession({
      store: record === undefined ? online : recordMutations(online, record, LOCATION.deltaFolder),
      location: LOCATION,
      clock: clientClock(time, skew, () => client.dead),
      random,
      origin: {},
    })
    time.after(delay, () => {
      if (record !== undefined) record.start = time.now
      this.#world.trace(`${client.name} starts`)
      run(session).catch((error: unknown) => this.#fail(client, record, error))
    })
  }

  #fail(client: Client, record: ClientRecord | undefined, error: unknown): void {
    const world = this.#world
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined
    world.trace(`${client.name} FAILS ${String(error)}`)
    if (code === undefined) world.violate(`${client.name} breaks: ${error instanceof Error ? (error.stack ?? '') : String(error)}`)
    else if (record !== undefined) record.failure = code
    else if (code === 'invalid-index' && world.mixName === 'rebuild' && !world.network.quiet) world.count('reads of garbage')
    else if (client.name.startsWith('read')) world.violate(`${client.name} cannot read: ${String(error)}`)
  }

  #acknowledge(record: ClientRecord): void {
    record.acknowledgedAt = this.#world.time.now
    this.#world.trace(`${record.client.name} ACKNOWLEDGED`)
  }
}

export function describeView(values: ReadonlyMap<string, string>): string {
  return [...values].map(([version, digest]) => `${version}=${digest.slice(0, 6)}`).sort().join(' ') || 'nothing'
}

function withoutValues(versions: readonly string[]): ReadonlyMap<string, string> {
  return new Map(versions.map((version) => [version, '']))
}
