import assert from 'node:assert/strict'
import { compactInline } from '../../../lib/protocol/base/compact-inline.ts'
import type { PushResult } from '../../../lib/protocol/push/push.ts'
import { readBase } from '../../../lib/protocol/read/read-base.ts'
import { Repository, upload } from '../fixture.ts'

describe('a compaction after a push', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
  })
  const push = async (name: string): Promise<NonNullable<PushResult['committed']>> => {
    const { committed } = await repository.push([upload(name, '1.0.0')])
    repository.requests.length = 0
    return committed ?? assert.fail('nothing was committed')
  }
  const foldedCount = async (): Promise<number> => (await readBase(repository.session())).index.bookkeeping.folded.size

  it('starts at once, with one listing, when no other delta is pending', async () => {
    assert.equal(await compactInline(repository.session(), await push('a')), true)
    assert.deepEqual(repository.requests, [
      'LIST index.d/',
      'TAIL index.yaml',
      'GET index.d/ULID.yaml',
      'PUT index.yaml',
    ])
    assert.equal(await foldedCount(), 1)
  })

  it('reads the end of the index first when another delta is recent, and starts at once when that delta is folded', async () => {
    await compactInline(repository.session(), await push('a'))
    const second = await push('b')
    assert.equal(await compactInline(repository.session(), second), true)
    assert.deepEqual(repository.requests.slice(0, 3), ['LIST index.d/', 'TAIL index.yaml', 'GET unless index.yaml'])
    assert.equal(await foldedCount(), 2)
  })

  it('is left to the newest of several pushes, which folds the deltas of all', async () => {
    const first = await push('a')
    const second = await push('b')
    const session = repository.session()
    const sleep = session.clock.sleep.bind(session.clock)
    let pauses = 0
    const other = {
      ...session,
      clock: {
        ...session.clock,
        monotonic: () => session.clock.monotonic(),
        sleep: async (time: number): Promise<void> => {
          await sleep(time)
          if (++pauses === 1) assert.equal(await compactInline(repository.session(), second), true)
        },
      },
    }
    assert.equal(await compactInline(other, first), true)
    assert.equal(repository.requests.filter((line) => line === 'PUT index.yaml').length, 1)
    assert.equal(await foldedCount(), 2)
  })

  it('starts after a while when the newer push does not fold', async () => {
    const first = await push('a')
    await push('b')
    assert.equal(await compactInline(repository.session(), first), true)
    assert.equal(await foldedCount(), 2)
  })
})
