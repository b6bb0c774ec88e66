import assert from 'node:assert/strict'
import { compactInline } from '../../../lib/protocol/base/compact-inline.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import type { Session } from '../../../lib/protocol/session/session.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { Repository, upload } from '../fixture.ts'

const APP = { name: 'app', version: '1.0.0' }

describe('a push after a deletion', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
    await push('a')
  })

  const push = async (content: string, force = false): Promise<void> => {
    const session = repository.session()
    const { committed, pushed } = await repository.push([upload('app', '1.0.0', content)], { force }, session)
    assert.equal(pushed.length, 1)
    if (committed !== undefined) await compactInline(session, committed)
  }
  const remove = async (change: Partial<ObjectStore> = {}, compacts = true): Promise<void> => {
    const session: Session = repository.session(change)
    const { committed } = await deleteVersions(session, [APP])
    if (compacts && committed[0] !== undefined) await compactInline(session, committed[0])
  }
  /** How long the work takes, by the store's clock, in milliseconds. */
  const timeOf = async (work: () => Promise<unknown>): Promise<number> => {
    const start = repository.now
    await work()
    return repository.now - start
  }
  const entry = async (): Promise<string | undefined> => (await readView(repository.session())).index.find(APP)?.digest

  it('does not wait when the deletion has ended, with and without force', async () => {
    await remove()
    assert.ok((await timeOf(() => push('a'))) < 3000)
    assert.ok((await timeOf(() => push('b', true))) < 3000)
    await remove()
    assert.ok((await timeOf(() => push('c', true))) < 3000)
    assert.ok((await timeOf(() => push('d', true))) < 3000)
    assert.deepEqual(repository.notices, [])
  })

  it('does not wait when the deletion has ended and kept the archive', async () => {
    await remove({ delete: async () => ({ outcome: 'refused' }) })
    assert.ok((await timeOf(() => push('a'))) < 3000)
    assert.equal(await entry(), upload('app', '1.0.0', 'a').digest)
  })

  for (const [what, change] of [
    ['whose DELETE got no answer', { delete: async () => ({ outcome: 'unknown', cause: 'no answer' }) }],
    ['that died before its DELETE', { delete: () => Promise.reject(new Error('killed')) }],
  ] as const) {
    it(`waits, when forced, for a deletion ${what} until it must have ended, with one notice`, async () => {
      await remove(change as Partial<ObjectStore>).catch(() => undefined)
      const waited = await timeOf(() => push('b', true))
      assert.ok(waited > 50_000 && waited < 70_000, String(waited))
      assert.equal(repository.notices.length, 1)
      const line = /^helm-s3: a deletion of app 1\.0\.0 may still be under way: waiting, at most (1m\d*s?|\d\ds)$/
      assert.match(repository.notices[0] ?? '', line)
      assert.equal(await entry(), upload('app', '1.0.0', 'b').digest)
    })
  }

  it('waits, when forced during the deletion, before it replaces the archive', async () => {
    const puts: string[] = []
    await remove({
      delete: async (key, options) => {
        const before = repository.now
        const forced = repository.push([upload('app', '1.0.0', 'b')], { force: true })
        for (let i = 0; i < 200; i++) await Promise.resolve()
        const head = await repository.bucket.head(key)
        if (head?.sha256 === upload('app', '1.0.0', 'b').digest && repository.now - before < 50_000)
          puts.push('too early')
        const outcome = await repository.bucket.delete(key, options)
        await forced
        return outcome
      },
    })
    assert.deepEqual(puts, [])
    assert.equal(await entry(), upload('app', '1.0.0', 'b').digest)
  })

  it('that took no effect, because a newer delta had touched the version, the command fails', async () => {
    // The entry is in the index as before, although the removal has landed.
    const deaf: Partial<ObjectStore> = {
      put: async (key, ...rest) =>
        key.includes('index.d/')
          ? { outcome: 'written', etag: '"x"' as never, date: Math.floor(repository.now / 1000) * 1000 }
          : repository.bucket.put(key, ...rest),
    }
    await assert.rejects(remove(deaf), { code: 'conflict', message: /^app 1\.0\.0 is still in the index/ })
    assert.ok(await entry())
  })
})
