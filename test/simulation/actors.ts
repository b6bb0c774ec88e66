import type { ChartUpload } from '../../lib/protocol/archives/chart-upload.ts'
import type { Session } from '../../lib/protocol/session/session.ts'
import { CHART, LOCATION, makeUpload } from './charts.ts'
import { SMALL_PAGES } from './neighbours.ts'
import { Client } from './client.ts'
import { viewText } from './describe.ts'
import { layOut } from './lay-out.ts'
import type { OperationKind } from './mixes.ts'
import type { Product } from './product.ts'
import { type ClientRecord, type Effect, newRecord, recordMutations } from './record.ts'
import type { World } from './world.ts'

const HOUR = 3_600_000

/** The longest time of a command with its compaction when no other client is at work. Milliseconds. */
const LONGEST_IN_TURN = 3000

/** What one client does with its session. */
interface Command {
  readonly record: ClientRecord
  readonly run: (session: Session) => Promise<void>
}

type Finding = Awaited<ReturnType<Product['check']['checkRepository']>>['findings'][number]
type Push = 'push' | 'ignore' | 'force' | 'batch'
/** What one person does in turn. */
type InTurn = Exclude<Push, 'batch'> | 'delete' | 'restore' | 'reindex' | 'orphans'

interface Reindex {
  readonly rebuild: boolean
  readonly full?: boolean
}

/** The clients of a schedule, each with its operation. */
export class Actors {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Draws who does what and when. Nothing has happened yet when this returns. */
  spawnAll(): void {
    const { mix, outsiders, random, time } = this.#world
    const [fewest, most] = mix.operations
    const operations = fewest + random.below(most - fewest + 1)
    for (let i = 0; i < operations; i++) this.#spawnOperation(i, random.pickWeighted(mix.weights))
    for (let i = 0; i < mix.compactions; i++) this.compact(`compact${String(i)}`, random.below(mix.compactionSpan))
    for (let i = 0; i < mix.reads; i++) this.read(`read${String(i)}`, random.below(mix.readSpan))
    for (let i = 0; i < mix.storeSteps; i++) {
      const [at, by] = [random.below(mix.span * 1.2), this.#clockStep()]
      time.after(at, () => outsiders.stepStoreClock(by))
    }
    for (const delay of this.#world.liesAt) outsiders.writeLies(delay)
  }

  /**
   * Runs one command after another, each by another client, as one person would: the existing versions decide what
   * comes next. The bucket is empty at first, or has an index with pages. Because no other client is at work, none of
   * the commands has to wait.
   */
  async playInTurn(): Promise<void> {
    const { hasPages, initial, isVersioned, kind: store, mix, random, versions } = this.#world
    const [fewest, most] = mix.operations
    // On other stores a plain push overwrites what is there.
    const isExclusive = store !== 'no-conditions'
    const deleted = new Set<string>()
    if (hasPages) await layOut(this.#world)
    else await this.#play(this.#init('init', { force: false }), undefined)
    const present = new Set(initial.keys())
    for (let i = 0, count = fewest + random.below(most - fewest + 1); i < count; i++) {
      const version = random.pick(versions)
      const isThere = present.has(version)
      const mayRestore = !isThere && isVersioned && deleted.has(version)
      const kind: InTurn = random.chance(0.2)
        ? random.pick(['reindex', 'orphans'])
        : isThere
          ? random.pickWeighted({ delete: 5, force: 3, push: isExclusive ? 1 : 0, ignore: isExclusive ? 1 : 0 })
          : random.pickWeighted({ push: 4, force: 1, ignore: 1, ...(mayRestore ? { restore: 4 } : {}) })
      const failure = isThere && kind === 'push' ? 'exists' : undefined
      await this.#play(this.#commandInTurn(kind, `${kind}${String(i)}`, version), failure)
      if (kind === 'delete') {
        deleted.add(version)
        present.delete(version)
      } else if (kind !== 'reindex' && kind !== 'orphans') present.add(version)
      if (random.chance(0.3)) this.read(`read${String(i)}`, random.below(100))
      await this.#world.drain()
    }
  }

  #commandInTurn(kind: InTurn, name: string, version: string): Command {
    const { mix, random } = this.#world
    switch (kind) {
      case 'delete':
        return this.#delete(name, kind, [version])
      case 'restore':
        return this.#restore(name, version)
      case 'reindex':
        return this.#reindex(name, { rebuild: false })
      case 'orphans':
        return this.#clearOrphans(name)
      case 'push':
      case 'ignore':
      case 'force':
        return this.#push(name, kind, [makeUpload(version, random.pick([...mix.contents]))])
    }
  }

  async #play({ record, run }: Command, failure: string | undefined): Promise<void> {
    const { random, time } = this.#world
    let end = Infinity
    const timed = async (session: Session): Promise<void> => {
      try {
        await run(session)
      } finally {
        end = time.now
      }
    }
    this.#start(random.below(2000), { record, run: timed })
    await this.#world.drain()
    const took = end - record.start
    if (took > LONGEST_IN_TURN)
      this.#world.violate(`${record.client.name} takes ${(took / 1000).toFixed(1)} s with nobody else at work`)
    if (record.failure !== failure)
      this.#world.violate(`${record.client.name} ends with ${String(record.failure)}, not ${String(failure)}`)
  }

  #spawnOperation(number: number, kind: OperationKind): void {
    const { mix, outsiders, random, versions } = this.#world
    const delay = random.chance(0.3) ? random.below(300) : random.below(mix.span)
    const name = `${kind}${String(number)}`
    switch (kind) {
      case 'junk':
        return outsiders.writeJunk(name, delay)
      case 'garbage':
        return outsiders.writeGarbage(delay)
      case 'vanish':
        return outsiders.removeIndex(delay)
      case 'empty':
        return outsiders.writeEmptyIndex(delay)
      case 'reindex':
      case 'rebuild':
        return this.reindex(name, delay, { rebuild: kind === 'rebuild' })
      case 'push':
      case 'ignore':
      case 'force':
      case 'batch': {
        const wanted = kind === 'batch' ? versions : [random.pick(versions)]
        return this.#start(
          delay,
          this.#push(
            name,
            kind,
            wanted.map((version) => makeUpload(version, random.pick([...mix.contents]))),
          ),
        )
      }
      case 'restore':
        // Late, so that there is something to restore.
        return this.#start(delay + random.below(mix.span), this.#restore(name, random.pick(versions)))
      case 'delete':
      case 'prune':
        return this.#start(delay, this.#delete(name, kind, kind === 'prune' ? versions : [random.pick(versions)]))
      case 'init':
        return this.#start(delay, this.#init(name, { force: true }))
      case 'orphans':
        return this.#start(delay, this.#clearOrphans(name))
    }
  }

  // Commands.

  #push(name: string, kind: Push, uploads: readonly ChartUpload[]): Command {
    const wants = new Map(uploads.map(({ version, digest }) => [version, digest] as const))
    const record = this.#record(
      `${name}:${uploads.map(({ source }) => source).join('+')}`,
      kind,
      kind === 'force' ? 'force' : 'push',
      wants,
    )
    return {
      record,
      run: (session) =>
        this.#pushAll(session, record, uploads, { force: kind === 'force', ignoreIfExists: kind === 'ignore' }),
    }
  }

  async #pushAll(
    session: Session,
    record: ClientRecord,
    uploads: readonly ChartUpload[],
    options: { readonly force: boolean; readonly ignoreIfExists: boolean },
  ): Promise<void> {
    const common = { dryRun: false, relative: true, contentType: 'application/gzip' }
    const result = await this.#world.product.push.pushCharts(session, uploads, { ...common, ...options })
    for (const { isOrphan, version } of result.existing) if (!isOrphan) record.existing.add(version)
    if (result.existing.some(({ isOrphan }) => isOrphan)) return this.#noteFailure(record, 'an orphan is in the way')
    if (result.existing.length > 0 && !options.ignoreIfExists) return this.#noteFailure(record, 'exists')
    this.#acknowledge(record)
    if (result.committed !== undefined) await this.#compactInline(session, result.committed)
  }

  #restore(name: string, version: string): Command {
    const record = this.#record(`${name}:${version}`, 'restore', 'push', new Map([[version, '']]))
    const run = async (session: Session): Promise<void> => {
      const found = await this.#world.product.findDeleted.findDeleted(session, [{ name: CHART, version }])
      const uploads = found.map(({ upload }) => upload)
      for (const { digest } of uploads) record.wants.set(version, digest)
      await this.#pushAll(session, record, uploads, { force: false, ignoreIfExists: false })
    }
    return { record, run }
  }

  #delete(name: string, kind: 'delete' | 'prune', versions: readonly string[]): Command {
    const { deletion, view } = this.#world.product
    const record = this.#record(`${name}:${versions.join('+')}`, kind, 'delete', withoutValues(versions))
    const run = async (session: Session): Promise<void> => {
      const { index } = await view.readView(session)
      const present = versions.filter(
        (version) => versions.length === 1 || index.find({ name: CHART, version }) !== undefined,
      )
      const result = await deletion.deleteVersions(
        session,
        present.map((version) => ({ name: CHART, version })),
      )
      if (result.keptArchives.length > 0) record.hasLeftArchive = true
      this.#acknowledge(record)
      const committed = result.committed.at(-1)
      if (committed !== undefined) await this.#compactInline(session, committed)
    }
    return { record, run }
  }

  #init(name: string, { force }: { readonly force: boolean }): Command {
    const record = this.#record(name, 'init', 'init', withoutValues(this.#world.versions))
    const run = async (session: Session): Promise<void> => {
      await this.#world.product.init.initRepository(session, { form: 'json', force })
      this.#acknowledge(record)
    }
    return { record, run }
  }

  /**
   * Removes no entry, whatever else happens; a client that pushes what this takes for an orphan must not lose its push.
   */
  #clearOrphans(name: string): Command {
    const { mix, product, versions } = this.#world
    const record = this.#record(name, 'orphans', 'orphans', withoutValues(versions))
    const run = async (session: Session): Promise<void> => {
      const options = {
        rules: undefined,
        olderThan: undefined,
        orphanAge: mix.orphanAge,
        allowManyOrphans: true,
        dryRun: false,
      }
      const result = await product.prune.prune(session, options)
      if (result.keptArchives.length > 0) record.hasLeftArchive = true
      this.#acknowledge(record)
      const committed = result.committed.at(-1)
      if (committed !== undefined) await this.#compactInline(session, committed)
    }
    return { record, run }
  }

  reindex(name: string, delay: number, options: Reindex): void {
    this.#start(delay, this.#reindex(name, options))
  }

  #reindex(name: string, options: Reindex): Command {
    const { product, random, versions } = this.#world
    const record = this.#record(name, options.rebuild ? 'rebuild' : 'reindex', 'reindex', withoutValues(versions))
    const run = async (session: Session): Promise<void> => {
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
    }
    return { record, run }
  }

  /** `helm s3 check`, with `fix` also its repairs. Calls `tell` with the findings. */
  check(name: string, { fix }: { readonly fix: boolean }, tell: (findings: readonly Finding[]) => void): void {
    const { check, repair } = this.#world.product
    const record = this.#record(name, 'check', 'reindex', withoutValues(this.#world.versions))
    const run = async (session: Session): Promise<void> => {
      const look = { deep: true, concurrency: 4 }
      const { findings } = await check.checkRepository(session, { ...look, probe: false })
      tell(findings)
      const afterCommit = async (): Promise<void> => undefined
      if (fix)
        await repair.repairRepository(session, findings, {
          ...look,
          relative: true,
          allowLostEntries: true,
          afterCommit,
        })
      this.#acknowledge(record)
    }
    this.#start(0, { record, run })
  }

  async #compactInline(session: Session, own: Parameters<Product['inline']['compactInline']>[1]): Promise<void> {
    if (!this.#world.random.chance(this.#world.mix.inline)) return
    await this.#world.product.inline.compactInline(session, own)
  }

  compact(name: string, delay: number): void {
    const { mix, product } = this.#world
    const client = this.#client(name, mix.crashes * 1.7)
    this.#spawn(client, delay, undefined, async (session) => {
      await product.compact.compactRepository(session, { graceWindow: mix.graceWindow, dryRun: false, form: undefined })
    })
  }

  read(name: string, delay: number): void {
    const { product, reads, time, versions } = this.#world
    const client = this.#client(name, 0)
    let start = time.now
    const run = async (session: Session): Promise<void> => {
      start = time.now
      const view = await product.view.readView(session)
      const seen = versions.flatMap((version) => {
        const digest = view.index.find({ name: CHART, version })?.digest
        return digest === undefined ? [] : [[version, digest] as const]
      })
      const values = new Map(seen)
      this.#world.trace(`${name} SEES ${viewText(values)}`)
      reads.push({ client: name, kind: 'read', value: null, values, start, end: time.now, required: true })
    }
    const session = this.#open(client, undefined)
    client.after(delay, () => {
      this.#world.trace(`${client.name} starts`)
      run(session).catch((error: unknown) => this.#failToRead(client, start, error))
    })
  }

  // What all of them have in common.

  #client(name: string, crash: number): Client {
    const { mix, network, random, time } = this.#world
    const crashAfter = !network.quiet && random.chance(crash) ? random.below(14) : undefined
    const client = new Client(time, { name, crashAfter, skew: random.below(2 * HOUR) - HOUR })
    if (!network.quiet && random.chance(mix.steps)) {
      const [at, by] = [random.below(mix.span * 2), this.#clockStep()]
      time.after(at, () => client.stepClock(by))
    }
    return client
  }

  /** Minutes, mostly; up to an hour, either way. */
  #clockStep(): number {
    const { random } = this.#world
    const size = random.below(random.chance(0.6) ? HOUR / 10 : HOUR)
    return random.chance(0.5) ? size : -size
  }

  #record(name: string, kind: ClientRecord['kind'], effect: Effect, wants: Map<string, string>): ClientRecord {
    const record = newRecord({ client: this.#client(name, this.#world.mix.crashes), kind, effect, wants })
    this.#world.records.push(record)
    return record
  }

  #open(client: Client, record: ClientRecord | undefined): Session {
    const { network, product, random, store } = this.#world
    const online = network.connect(store, client, { isReader: client.name.startsWith('read') })
    return product.openSession.createSession({
      store: record === undefined ? online : recordMutations(online, record, LOCATION.deltaFolder),
      location: LOCATION,
      clock: client.clock,
      random,
      origin: {},
      ...(this.#world.hasPages ? { paging: SMALL_PAGES } : {}),
    })
  }

  #start(delay: number, { record, run }: Command): void {
    this.#spawn(record.client, delay, record, run)
  }

  #spawn(
    client: Client,
    delay: number,
    record: ClientRecord | undefined,
    run: (session: Session) => Promise<void>,
  ): void {
    const session = this.#open(client, record)
    client.after(delay, () => {
      if (record !== undefined) record.start = this.#world.time.now
      this.#world.trace(`${client.name} starts`)
      run(session).catch((error: unknown) => this.#fail(client, record, error))
    })
  }

  #fail(client: Client, record: ClientRecord | undefined, error: unknown): void {
    const code = this.#codeOf(client, error)
    if (code === undefined || record === undefined) return
    // Only `restore` fails with this code.
    if (code === 'already-exists' && record.effect === 'push')
      for (const version of record.wants.keys()) record.existing.add(version)
    this.#noteFailure(record, code)
  }

  /** A reader that fails is a violation, except while there is no index that can be read. */
  #failToRead(client: Client, start: number, error: unknown): void {
    const world = this.#world
    const code = this.#codeOf(client, error)
    const isBroken = world.outsiders.wasIndexBroken(start, world.time.now)
    if ((code === 'invalid-index' || code === 'missing-index') && isBroken) world.count('reads without an index')
    else if (code !== undefined) world.violate(`${client.name} cannot read: ${String(error)}`)
  }

  /** An error without a code is a bug of the program. */
  #codeOf(client: Client, error: unknown): string | undefined {
    const world = this.#world
    world.trace(`${client.name} FAILS ${String(error)}`)
    if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code)
    world.violate(`${client.name} breaks: ${error instanceof Error ? (error.stack ?? '') : String(error)}`)
    return undefined
  }

  #noteFailure(record: ClientRecord, failure: string): void {
    record.failure = failure
    record.failedAt = this.#world.time.now
  }

  #acknowledge(record: ClientRecord): void {
    const { time, waits } = this.#world
    record.acknowledgedAt = time.now
    waits.push([record.kind, time.now - record.start])
    this.#world.trace(`${record.client.name} ACKNOWLEDGED`)
  }
}

function withoutValues(versions: readonly string[]): Map<string, string> {
  return new Map(versions.map((version) => [version, '']))
}
