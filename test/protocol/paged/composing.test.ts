import assert from 'node:assert/strict'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { MemoryStore, type MemoryStoreOptions } from '../../../lib/store/memory-store.ts'
import { versionsOf } from '../../support/paged-index.ts'
import { readIndexText } from '../../../lib/core/index/index-text.ts'
import { upload } from '../fixture.ts'
import { INDEX, PagedRepository, SMALL, assertSound, indexOf, textOf } from './fixture.ts'
import { NAMES } from './steps.ts'

const many = indexOf('json', new Map(NAMES.map((chart) => [chart, versionsOf(chart, 3, 'n'.repeat(400))])))
/** Nothing is known about the store. */
const { composes: _, ...bookkeeping } = many.bookkeeping
const text = textOf(many.withHeader({ bookkeeping, generated: many.generated }))

async function compacted(options: Partial<MemoryStoreOptions>): Promise<PagedRepository> {
  const repository = await PagedRepository.with('pages', text, 'start', options)
  await repository.push([upload('app', '9.0.0')])
  await compactRepository(repository.session(), { graceWindow: undefined, dryRun: false, form: undefined })
  return repository
}

const findings = async (repository: PagedRepository): Promise<unknown> =>
  [...(readIndexText(await repository.text()).bookkeeping.composes ?? []).values()].map(({ works }) => works)

describe('a store that is tested before it composes objects', () => {
  it('composes the index when it obeys all conditions, and the result of the test is kept', async () => {
    const repository = await compacted({})
    assert.deepEqual(await findings(repository), [true])
    assert.ok(repository.details.some((line) => /composed .*: written$/.test(line)))
    const { length } = repository.requests
    await repository.push([upload('app', '10.0.0')])
    await compactRepository(repository.session(), { graceWindow: undefined, dryRun: false, form: undefined })
    assert.deepEqual(
      repository.requests.slice(length).filter((line) => line.includes('.helm-s3-probe')),
      [],
    )
  })

  const inexact: Readonly<Record<string, Partial<MemoryStoreOptions>>> = {
    'ignores the condition of a completion': { conditionalComplete: false },
    'ignores the ETag of the source of a copy': { conditionalPartCopy: false },
  }
  for (const [what, options] of Object.entries(inexact)) {
    it(`gets the whole index in a PUT when it ${what}`, async () => {
      const repository = await compacted(options)
      assert.deepEqual(await findings(repository), [false])
      assert.ok(repository.requests.includes('PUT index.yaml'))
      assert.ok(!repository.requests.includes('BEGIN index.yaml'))
      assertSound(await repository.text())
    })
  }

  it('has no uploads and no objects left after the test', async () => {
    for (const options of [{}, ...Object.values(inexact)]) {
      const { bucket } = await compacted(options)
      assert.ok(bucket instanceof MemoryStore)
      assert.deepEqual(await bucket.uploads?.list(''), [])
      const { objects } = await bucket.list('charts/')
      assert.deepEqual(
        objects.filter(({ key }) => key.includes('probe')),
        [],
      )
    }
  })
})

describe('a composed write', () => {
  it('is aborted and repeated without losing a change when another write completes first', async () => {
    const repository = await PagedRepository.with('pages', textOf(many), 'start')
    await repository.push([upload('app', '9.0.0')])
    const { uploads } = repository.bucket
    assert.ok(uploads !== undefined)
    let interferes = true
    const session = repository.session({
      uploads: {
        begin: (...args) => uploads.begin(...args),
        copyPart: (...args) => uploads.copyPart(...args),
        sendPart: (...args) => uploads.sendPart(...args),
        abort: (...args) => uploads.abort(...args),
        list: (...args) => uploads.list(...args),
        complete: async (...args) => {
          if (interferes) {
            interferes = false
            await repository.push([upload('web', '9.0.0')])
            const other = repository.session()
            await compactRepository(other, { graceWindow: undefined, dryRun: false, form: undefined })
          }
          return uploads.complete(...args)
        },
      },
    })
    await compactRepository(session, { graceWindow: undefined, dryRun: false, form: undefined })
    const index = readIndexText(await repository.text())
    assert.deepEqual(
      ['app', 'web'].map((name) => index.find({ name, version: '9.0.0' })?.name),
      ['app', 'web'],
    )
    assertSound(await repository.text())
    assert.deepEqual(await uploads.list(INDEX), [])
    assert.ok(SMALL.parts.composeFrom < (await repository.text()).length)
  })

  it('is replaced by a PUT of the whole index when pages to send do not match the page table', async () => {
    const stale = textOf(many)
    const repository = await PagedRepository.with('pages', stale, 'start')
    await repository.push([upload('c', '9.0.0')])
    let asked = 0
    const session = repository.session({
      getRange: async (key, range, match) => {
        const bytes = await repository.bucket.getRange(key, range, match)
        // The first range is the page of the chart.
        return asked++ === 0 || typeof bytes === 'string' ? bytes : Buffer.from(bytes).fill('x', 100, 110)
      },
    })
    // So that the pages next to it are sent, too.
    const paging = { ...SMALL, parts: { ...SMALL.parts, least: 4000 } }
    await compactRepository({ ...session, paging }, { graceWindow: undefined, dryRun: false, form: undefined })
    assert.ok(asked > 1)
    assert.ok(repository.requests.includes('PUT index.yaml'))
    assertSound(await repository.text())
    assert.equal(readIndexText(await repository.text()).chartNames().length, NAMES.length)
  })
})
