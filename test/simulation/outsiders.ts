import { makeDeltaId } from '../../lib/core/log/delta-id.ts'
import { emptyIndexText } from '../../lib/core/index/index-text.ts'
import { type PageTable, decodePageTable, encodePageTable } from '../../lib/core/index/page-table.ts'
import { asKey } from '../../lib/core/keys.ts'
import { CHART, LOCATION, digestOf } from './charts.ts'
import { viewText } from './describe.ts'
import type { Operation } from './linearizability.ts'
import type { World } from './world.ts'

/** From when until when there was no `index.yaml` that can be read. Milliseconds of virtual time. */
interface Gap {
  readonly from: number
  to: number
}

/** People without the program, what they do to the bucket, and what that does to the versions. */
export class Outsiders {
  readonly #world: World
  readonly #gaps: Gap[] = []
  readonly #operations: (Operation & { readonly version: string })[] = []
  readonly #junk = new Set<string>()
  #overwritten = false

  constructor(world: World) {
    this.#world = world
  }

  /** Whether any of them has touched `index.yaml` so far. */
  get haveWritten(): boolean {
    return this.#gaps.length > 0 || this.#overwritten
  }

  /** Whether one of them has put an empty index in the place of what there was. */
  get haveEmptied(): boolean {
    return this.#overwritten
  }

  get isIndexBroken(): boolean {
    return this.#gaps.at(-1)?.to === Infinity
  }

  /** Whether there was a moment in this time at which no index could be read. */
  wasIndexBroken(from: number, to: number): boolean {
    return this.#gaps.some((gap) => gap.from <= to && gap.to >= from)
  }

  /** Whether an object in `index.d/` was not written by the program. */
  isJunk(key: string): boolean {
    return this.#junk.has(key)
  }

  operationsOn(version: string): readonly Operation[] {
    return this.#operations.filter((operation) => operation.version === version)
  }

  /** Writes an object that is no delta. */
  writeJunk(name: string, delay: number): void {
    const { random, store, time } = this.#world
    const id = random.chance(0.5) ? '7ZZZZZZZZZZZZZZZZZZZZZZZZZ' : makeDeltaId(time.now + delay, random.bytes(10))
    const key = asKey(`${LOCATION.deltaFolder}${id}.yaml`)
    this.#junk.add(key)
    time.after(
      delay,
      () => void store.put(key, Buffer.from(`{"apiVersion":"v1","addedEntries":{"${name}":5}}`), { when: 'always' }),
    )
  }

  stepStoreClock(ms: number): void {
    this.#world.storeSkew += ms
    this.#world.trace(`--- the clock of the store is set by ${(ms / 1000).toFixed(0)} s`)
  }

  /** Writes a text that is no index over `index.yaml`. */
  writeGarbage(delay: number): void {
    this.#after(delay, 'somebody writes garbage over index.yaml', async () => {
      this.#break()
      await this.#world.bucket.put(LOCATION.indexKey, Buffer.from('garbage: ['), { when: 'always' })
    })
  }

  removeIndex(delay: number): void {
    this.#after(delay, 'somebody removes index.yaml', async () => {
      this.#break()
      await this.#world.bucket.delete(LOCATION.indexKey)
    })
  }

  /**
   * Writes an empty index, as an old client or `init` makes one. Deltas that are still there count again; what they do
   * not add is gone until it is indexed again.
   */
  writeEmptyIndex(delay: number): void {
    const { bucket, random, time } = this.#world
    const isOld = random.chance(0.5)
    this.#after(delay, 'somebody writes an empty index', async () => {
      this.#overwritten = true
      const text = emptyIndexText('yaml')
      const header = {
        bookkeeping: { generation: 1, writeId: 'outsider', folded: new Map() },
        generated: new Date(time.now).toISOString(),
      }
      const bytes = isOld
        ? Buffer.from(`apiVersion: v1\nentries: {}\ngenerated: "${header.generated}"\n`)
        : text.withHeader(header).toBytes()
      await bucket.put(LOCATION.indexKey, bytes, { when: 'always' })
      this.#mend()
      await this.#noteLoss()
    })
  }

  /**
   * Writes the same index again, as a client does that keeps annotations and knows no pages: without metadata, and with
   * a page table by which the one chart would stand elsewhere than it does.
   */
  writeLies(delay: number): void {
    this.#after(delay, 'somebody writes the index with a page table that tells lies', async () => {
      const object = await this.#world.bucket.get(LOCATION.indexKey)
      const text = Buffer.from(object?.body ?? []).toString()
      const [, before = ''] = /"?helm-s3\/pages"?: ?"?(1,[^"\s]+)/.exec(text) ?? []
      const table = decodePageTable(before)
      const after = table && encodePageTable(withoutChart(table))
      if (after === undefined || after === before) return
      await this.#world.bucket.put(LOCATION.indexKey, Buffer.from(text.replace(before, after)), { when: 'always' })
    })
  }

  /**
   * A delta was collected that the index does not contain: a compaction had folded it into an index that an empty one
   * has replaced.
   */
  async noteCollected(): Promise<void> {
    if (this.#overwritten && !this.isIndexBroken) await this.#noteLoss()
  }

  /** A client has written `index.yaml`. If there was none, that was a rebuild. */
  async noteWritten(): Promise<void> {
    if (!this.isIndexBroken) return
    this.#mend()
    const values = await this.#look()
    this.#world.trace(`--- index.yaml is made anew: ${viewText(values)}`)
    for (const version of this.#world.versions) {
      const archive = await this.#archiveDigest(version)
      const value = values.get(version) ?? null
      // An archive without an entry gets one, whoever left it there; an entry whose archive is missing is lost.
      if (value !== null && value === archive) this.#note(version, { kind: 'fill', value, required: false })
      for (const { effect, wants } of this.#world.records) {
        // A push by force that had replaced the archive, and had not written its delta yet.
        const isIts = effect === 'force' && wants.get(version) === value
        if (isIts && value !== null && value === archive)
          this.#note(version, { kind: 'overwrite', value, required: false })
      }
      if (archive === null && value === null) this.#note(version, { kind: 'clear', value: null, required: false })
    }
  }

  #after(delay: number, what: string, run: () => Promise<void>): void {
    this.#world.time.after(delay, () => {
      this.#world.trace(`--- ${what}`)
      void run()
    })
  }

  #break(): void {
    if (!this.isIndexBroken) this.#gaps.push({ from: this.#world.time.now, to: Infinity })
  }

  #mend(): void {
    const gap = this.#gaps.at(-1)
    if (gap?.to === Infinity) gap.to = this.#world.time.now
  }

  #note(version: string, operation: Pick<Operation, 'kind' | 'value' | 'required'>): void {
    const { now } = this.#world.time
    this.#operations.push({ ...operation, version, client: 'somebody', start: now, end: now })
  }

  /** Notes that the versions are now as a reader sees them, whatever was acknowledged before. */
  async #noteLoss(): Promise<void> {
    const values = await this.#look()
    for (const version of this.#world.versions) {
      const value = values.get(version) ?? null
      this.#note(version, { kind: value === null ? 'clear' : 'overwrite', value, required: true })
    }
  }

  /** What a reader sees that takes no time: version -> digest. */
  async #look(): Promise<ReadonlyMap<string, string>> {
    const { bucket, product, random, time } = this.#world
    const clock = { now: () => time.now, monotonic: () => time.now, sleep: () => Promise.resolve() }
    const session = product.openSession.createSession({ store: bucket, location: LOCATION, clock, random, origin: {} })
    const { index } = await product.view.readView(session)
    return new Map(
      index
        .versions(CHART)
        .flatMap(({ digest, version }) => (digest === undefined ? [] : [[version, digest] as const])),
    )
  }

  async #archiveDigest(version: string): Promise<string | null> {
    const object = await this.#world.bucket.get(this.#world.keyOf(version))
    return object === undefined ? null : digestOf(object.body)
  }
}

/** The same table, but for the page that has the one chart: it would begin behind that chart. */
function withoutChart({ head, pages }: PageTable): PageTable {
  const place = pages.findLastIndex(({ first }) => first <= CHART)
  const first = `${CHART}~`
  const [page, next] = [pages[place], pages[place + 1]]
  if (page === undefined || place === 0 || (next !== undefined && next.first <= first)) return { head, pages }
  return { head, pages: pages.with(place, { ...page, first }) }
}
