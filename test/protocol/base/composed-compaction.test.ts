import assert from 'node:assert/strict'
import { type IndexText, readIndexText } from '../../../lib/core/index/index-text.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import type { PagingLimits } from '../../../lib/protocol/session/session.ts'
import type { MemoryStoreOptions } from '../../../lib/store/memory-store.ts'
import { SMALL_PAGES } from '../../support/paged-index.ts'
import { Repository, upload } from '../fixture.ts'

/** Limits so small that an index of a few charts is composed. */
const PAGING: PagingLimits = {
  sizes: SMALL_PAGES,
  parts: { least: 200, most: 1_000_000, composeFrom: 1000 },
  tail: 9000,
}
const DAY = 24 * 60 * 60_000
const NAMES = Array.from({ length: 60 }, (_, i) => `chart-${String(i).padStart(2, '0')}`)

describe('a compaction of an index with pages', () => {
  let repository: Repository
  const compact = async (paging = PAGING): Promise<string[]> => {
    repository.requests.length = 0
    const session = { ...repository.session(), paging }
    const { written } = await compactRepository(session, { graceWindow: undefined, dryRun: false, form: undefined })
    assert.ok(written)
    return repository.requests.filter((line) => line.endsWith(' index.yaml')).map((line) => line.replace(/ \S+$/, ''))
  }
  const index = async (): Promise<IndexText> =>
    readIndexText((await repository.bucket.get(asKey('charts/index.yaml')))?.body ?? new Uint8Array())
  /** The charts, and two versions of one of them, the last of which is pending. */
  const prepare = async (options: Partial<MemoryStoreOptions> = {}): Promise<void> => {
    repository = await Repository.initialised({ minPartSize: PAGING.parts.least, ...options })
    await repository.push(NAMES.map((name) => upload(name, '1.0.0')))
    await compact()
    await repository.push([upload('chart-31', '2.0.0')])
    await compact()
    await repository.push([upload('chart-31', '3.0.0')])
  }

  it('reads and sends only the end of the index and the page that a pending delta touches', async () => {
    await prepare()
    const before = await index()
    const requests = await compact()
    assert.deepEqual(requests.slice(0, 3), ['TAIL', 'RANGE', 'BEGIN'])
    assert.deepEqual(requests.slice(3, -1).sort(), ['COPY PART', 'COPY PART', 'PART', 'PART'])
    assert.equal(requests.at(-1), 'COMPLETE')
    const after = await index()
    assert.ok(after.parts.pages !== undefined, 'its table fits')
    assert.deepEqual(
      after.versions('chart-31').map(({ version }) => version),
      ['3.0.0', '2.0.0', '1.0.0'],
    )
    for (const name of NAMES) if (name !== 'chart-31') assert.deepEqual(after.versions(name), before.versions(name))
  })

  it('composes the same pages as a write of the whole index', async () => {
    const pagesAfter = async (parts: PagingLimits['parts']): Promise<unknown> => {
      await prepare()
      await compact({ ...PAGING, parts })
      const { table } = (await index()).parts.pages?.paging ?? assert.fail('there are no pages')
      return table.pages.map(({ charts, entries, first }) => ({ charts, entries, first }))
    }
    const composed = await pagesAfter(PAGING.parts)
    assert.ok(repository.requests.some((line) => line.startsWith('COMPLETE')))
    const whole = await pagesAfter({ ...PAGING.parts, composeFrom: Infinity })
    assert.ok(!repository.requests.some((line) => line.startsWith('COMPLETE')))
    assert.deepEqual(composed, whole)
  })

  it('tests once in 90 days whether the store can compose objects', async () => {
    await prepare()
    let pushes = 0
    const trials = async (): Promise<number> => {
      await repository.push([upload('chart-31', `4.0.${String(pushes++)}`)])
      await compact()
      return repository.requests.filter((line) => line.startsWith('PUT .helm-s3-probe/')).length
    }
    assert.deepEqual([await trials(), await trials()], [0, 0])
    assert.equal((await index()).bookkeeping.composes?.size, 1)
    repository.pass(90 * DAY)
    assert.deepEqual([await trials(), await trials()], [1, 0])
    assert.equal((await index()).bookkeeping.composes?.size, 1)
  })

  const stores: Readonly<Record<string, Partial<MemoryStoreOptions>>> = {
    'ignores the condition when it completes an upload': { conditionalComplete: false },
    'ignores the ETag of the source when it copies a range': { conditionalPartCopy: false },
    'does not compose objects': { composes: false },
  }
  for (const [what, options] of Object.entries(stores)) {
    it(`reads and sends the whole index on a store that ${what}`, async () => {
      await prepare(options)
      assert.deepEqual(await compact(), ['TAIL', 'GET', 'PUT'])
      assert.equal((await index()).versions('chart-31').length, 3)
      assert.ok((await index()).parts.pages !== undefined)
    })
  }
})
