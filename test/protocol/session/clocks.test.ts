import assert from 'node:assert/strict'
import { archiveKey } from '../../../lib/core/keys.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { ClientClock, Repository, upload } from '../fixture.ts'

const APP = { name: 'app', version: '1.0.0' }
const MINUTE = 60_000

/** Stores that refuse late requests, and stores that cannot do that. */
for (const refusesLate of [true, false]) {
  describe(`on a store that ${refusesLate ? 'refuses late requests' : 'cannot refuse late requests'}`, () => {
    let repository: Repository
    beforeEach(async () => {
      repository = await Repository.initialised({ refusesLate })
    })

    const entry = async (): Promise<string | undefined> =>
      (await readView(repository.session())).index.find(APP)?.digest
    const archive = async (): Promise<string | undefined> => {
      const object = await repository.bucket.get(archiveKey(repository.location, APP))
      return object && Buffer.from(object.body).toString()
    }
    const remove = (): Promise<unknown> => deleteVersions(repository.session(), [APP])
    /** Folds all pending deltas, and collects them a little later. */
    const foldAndCollect = async (): Promise<void> => {
      const pass = { graceWindow: MINUTE, dryRun: false, form: undefined }
      await compactRepository(repository.session(), pass)
      repository.pass(MINUTE + 10_000)
      await compactRepository(repository.session(), pass)
      assert.deepEqual((await repository.bucket.list(repository.location.deltaFolder)).objects, [])
    }
    /** A client that pauses, with its clocks, just before it sends the first request that `isIt` selects. */
    const pausingBefore = (
      clock: ClientClock,
      isIt: (method: 'put' | 'delete', key: string) => boolean,
      during: () => Promise<unknown>,
    ): Partial<ObjectStore> => {
      let isDone = false
      const halt = async (method: 'put' | 'delete', key: string): Promise<void> => {
        if (isDone || !isIt(method, key)) return
        isDone = true
        await clock.standStill(during)
      }
      return {
        put: async (key, ...rest) => (await halt('put', key), repository.bucket.put(key, ...rest)),
        delete: async (key, ...rest) => (await halt('delete', key), repository.bucket.delete(key, ...rest)),
      }
    }

    it(
      'a push is visible once it is acknowledged, although its client pauses before the delta while other bytes are ' +
        'pushed, deleted and collected',
      async () => {
        const clock = new ClientClock(repository)
        const others = async (): Promise<void> => {
          repository.pass(5000)
          await repository.push([upload('app', '1.0.0', 'b')], { force: true })
          await remove()
          await foldAndCollect()
        }
        const change = pausingBefore(clock, (method, key) => method === 'put' && key.includes('index.d/'), others)
        const { pushed } = await repository.push([upload('app', '1.0.0', 'a')], {}, repository.session(change, clock))
        assert.deepEqual(
          [pushed.length, await entry(), await archive()],
          [1, upload('app', '1.0.0', 'a').digest, 'app 1.0.0 a'],
        )
      },
    )

    it('a push is visible once it is acknowledged, although its wall clock steps back by ten minutes', async () => {
      await repository.push([upload('app', '1.0.0', 'b')])
      await remove()
      await foldAndCollect()
      const clock = new ClientClock(repository)
      const steps: Partial<ObjectStore> = {
        head: async (key) => {
          const head = await repository.bucket.head(key)
          clock.step(-10 * MINUTE)
          return head
        },
      }
      const { pushed } = await repository.push([upload('app', '1.0.0', 'a')], {}, repository.session(steps, clock))
      assert.deepEqual([pushed.length, await entry()], [1, upload('app', '1.0.0', 'a').digest])
    })

    it('a deletion that pauses before its DELETE keeps the archive of a later push, or fails', async () => {
      await repository.push([upload('app', '1.0.0')])
      const clock = new ClientClock(repository)
      const others = async (): Promise<void> => {
        repository.pass(2 * MINUTE)
        await repository.push([upload('app', '1.0.0')])
      }
      const change = pausingBefore(clock, (method, key) => method === 'delete' && key.endsWith('.tgz'), others)
      const deletion = deleteVersions(repository.session(change, clock), [APP])
      if (refusesLate) {
        await deletion
        assert.deepEqual([await entry(), await archive()], [upload('app', '1.0.0').digest, 'app 1.0.0 a'])
      } else
        await assert.rejects(deletion, {
          code: 'conflict',
          message: /was pushed again while this deletion stood still/,
        })
    })

    it('a push takes effect after folded and collected deltas, although the store clock was set back by ten minutes', async () => {
      await repository.push([upload('app', '1.0.0', 'b')])
      await remove()
      await foldAndCollect()
      repository.pass(-10 * MINUTE)
      const { pushed } = await repository.push([upload('app', '1.0.0', 'a')])
      assert.deepEqual([pushed.length, await entry()], [1, upload('app', '1.0.0', 'a').digest])
      await deleteVersions(repository.session(), [APP])
      assert.equal(await entry(), undefined)
    })

    it('a push takes effect after the clock was set back, although the index does not list what its newest delta touched', async () => {
      const many = Array.from({ length: 51 }, (_, i) => upload('app', `1.0.${String(i)}`))
      await repository.push(many)
      await foldAndCollect()
      const index = await repository.bucket.get(repository.location.indexKey)
      const text = Buffer.from(index?.body ?? []).toString()
      const asOld = text.replace(/(\\"touched\\":)\[\[.*?\]\]/, '$1\\"*\\"')
      assert.notEqual(asOld, text)
      await repository.bucket.put(repository.location.indexKey, Buffer.from(asOld), { when: 'always' })
      repository.pass(-10 * MINUTE)
      await repository.push([upload('app', '1.0.7', 'b')], { force: true })
      await repository.push([upload('web', '1.0.0')])
      const { index: merged } = await readView(repository.session())
      assert.equal(merged.find({ name: 'app', version: '1.0.7' })?.digest, upload('app', '1.0.7', 'b').digest)
      assert.ok(merged.find({ name: 'web', version: '1.0.0' }))
    })

    it('a change fails with a message about the clock when the store clock was set back by an hour and readers would not see the change', async () => {
      await repository.push([upload('app', '1.0.0', 'b')])
      await compactRepository(repository.session(), { graceWindow: MINUTE, dryRun: false, form: undefined })
      repository.pass(-60 * MINUTE)
      const clockIsBack = { code: 'conflict', message: /the clock of the store has been set back: .* 59m|1h/ }
      await assert.rejects(repository.push([upload('app', '1.0.0', 'a')], { force: true }), clockIsBack)
      assert.equal(await archive(), 'app 1.0.0 b')
      await assert.rejects(remove(), clockIsBack)
      const { pushed } = await repository.push([upload('app', '2.0.0')])
      assert.equal(pushed.length, 1)
      assert.ok((await readView(repository.session())).index.find({ name: 'app', version: '2.0.0' }))
    })

    it('a push takes effect although the store clock is set back by an hour while it writes its delta', async () => {
      let isFirst = true
      const steps: Partial<ObjectStore> = {
        put: (key, ...rest) => {
          if (isFirst && key.includes('index.d/')) repository.pass(-60 * MINUTE)
          if (key.includes('index.d/')) isFirst = false
          return repository.bucket.put(key, ...rest)
        },
      }
      const { pushed } = await repository.push([upload('app', '1.0.0')], {}, repository.session(steps))
      assert.deepEqual([pushed.length, await entry()], [1, upload('app', '1.0.0').digest])
    })
  })
}
