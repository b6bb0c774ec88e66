import assert from 'node:assert/strict'
import { emptyIndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import type { IndexForm, IndexText } from '../../../lib/core/index/index-text.ts'
import { layOut } from '../../../lib/core/index/lay-out.ts'
import { PAGES_KEY } from '../../../lib/core/index/bookkeeping-text.ts'
import type { Entry } from '../../../lib/core/log/entry.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { WRITE_METADATA } from '../../../lib/core/object-metadata.ts'
import type { PagingLimits, Session } from '../../../lib/protocol/session/session.ts'
import type { MemoryStoreOptions } from '../../../lib/store/memory-store.ts'
import { sha256, sha256Of } from '../../../lib/sys/sha256.ts'
import { pagingIn, storedText } from '../../support/paged-index.ts'
import { Repository } from '../fixture.ts'

/** Limits so small that an index of some kilobytes has pages, and is composed. */
export const SMALL: PagingLimits = {
  sizes: { tableFrom: 1500, target: 900, most: 1800, least: 200 },
  parts: { least: 900, most: 6000, composeFrom: 4000 },
  tail: 8000,
}

export const INDEX = asKey('charts/index.yaml')

/** How a client works: with pages; reading all, and composing; or reading and writing all. */
export type Way = 'pages' | 'whole' | 'sent'
export const WAYS: readonly Way[] = ['pages', 'whole', 'sent']

/** A repository in memory whose store composes, with a note in its index that it does. */
export class PagedRepository extends Repository {
  readonly way: Way
  /** What the sessions have said with `--verbose`. */
  readonly details: string[] = []

  constructor(way: Way, options: Partial<MemoryStoreOptions> = {}) {
    super({ minPartSize: SMALL.parts.least, versioned: true, ...options })
    this.way = way
  }

  /** A repository with this `index.yaml`, whose metadata name this write. */
  static async with(
    way: Way,
    text: Uint8Array,
    write: string | undefined,
    options: Partial<MemoryStoreOptions> = {},
  ): Promise<PagedRepository> {
    const repository = new PagedRepository(way, options)
    const metadata = write === undefined ? {} : { [WRITE_METADATA]: write }
    await repository.bucket.put(INDEX, text, { when: 'always', metadata })
    repository.pass(10_000)
    return repository
  }

  override session(...args: Parameters<Repository['session']>): Session {
    const session = super.session(...args)
    const { memory } = session
    if (this.way !== 'pages') memory.distrustsPages = true
    if (this.way === 'sent') memory.distrustsComposing = true
    return { ...session, paging: SMALL, detail: (line) => void this.details.push(line) }
  }

  async text(): Promise<Buffer> {
    const object = await this.bucket.get(INDEX)
    return Buffer.from(object?.body ?? assert.fail('there is no index.yaml'))
  }
}

/** When everything begins: the clock of each repository. */
const START = 1_700_000_000_000

/** An index with these charts, as this program writes it. */
export function indexOf(form: IndexForm, charts: ReadonlyMap<string, readonly Entry[]>): IndexText {
  const composes = new Map([[sha256(Buffer.from('memory')).slice(0, 16), { works: true, at: START - 1000 }]])
  const bookkeeping = { generation: 7, writeId: 'start', folded: new Map(), composes }
  return emptyIndexText(form).withCharts(charts).withHeader({ bookkeeping, generated: '2023-11-14T00:00:00.000Z' })
}

/** Its text, with a page table where it is large enough. */
export function textOf(index: IndexText): Buffer {
  return storedText(layOut(index, SMALL.sizes, sha256Of))
}

/** A text without what differs from one run to the next: ids of writes and deltas, and the time of its making. */
export function withoutIds(text: Buffer): string {
  return (
    text
      .toString()
      .replace(/(helm-s3\/write"?: ?"?)[\w-]+/, '$1ID')
      .replaceAll(/[0-7][0-9A-HJKMNP-TV-Z]{25}/g, 'ULID')
      .replace(/(generated"?: ?"?)[^",\n]+/, '$1TIME')
      // Clients that send other requests take other times.
      .replaceAll(/(\\?"(?:at|gone)\\?":\\?")[^"\\]+/g, '$1TIME')
  )
}

/** The charts of an index and their entries. */
export function contentOf(text: Buffer): unknown {
  const index = readIndexText(text)
  return new Map(index.chartNames().map((name) => [name, index.versions(name)]))
}

/** Asserts that the page table of a text that this program has written, if it has one, says what is there. */
export function assertSound(text: Buffer): void {
  const whole = readIndexText(text)
  if (whole.bookkeeping.writeId === 'start') return
  if (whole.parts.header.annotations.pages === undefined) return
  assert.ok(pagingIn(text) !== undefined && whole.parts.pages !== undefined, `${PAGES_KEY} does not fit`)
  const anew = layOut(whole, SMALL.sizes, sha256Of)
  assert.equal(storedText(anew, text).toString(), text.toString(), `${PAGES_KEY} is not what it would be`)
}
