import assert from 'node:assert/strict'
import { archiveKey } from '../../../lib/core/keys.ts'
import { compactOnce, compactRepository } from '../../../lib/protocol/base/compact.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { prune } from '../../../lib/protocol/remove/prune.ts'
import { type View, readView } from '../../../lib/protocol/read/read-view.ts'
import { reindexRepository } from '../../../lib/protocol/reindex/reindex.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { PLAIN_REINDEX, Repository, upload } from '../fixture.ts'
import { Gate } from '../gate.ts'

const APP = { name: 'app', version: '1.0.0' }
const SECOND = 1000
const MINUTE = 60 * SECOND
const PASS = { graceWindow: MINUTE, dryRun: false, form: undefined }
const [A, B, C] = ['a', 'b', 'c'].map((content) => upload('app', '1.0.0', content)) as [Upload, Upload, Upload]

type Upload = ReturnType<typeof upload>

describe('a push at the same time as other writers', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
  })

  const entry = async (): Promise<string | undefined> => (await readView(repository.session())).index.find(APP)?.digest
  const archiveId = async (): Promise<string | undefined> =>
    (await repository.bucket.head(archiveKey(repository.location, APP)))?.metadata.delta
  const archive = async (): Promise<string> =>
    Buffer.from((await repository.bucket.get(archiveKey(repository.location, APP)))?.body ?? []).toString()
  const isDelta = (key: string): boolean => key.startsWith(repository.location.deltaFolder) && key.endsWith('.yaml')

  /** A store that runs something just before the first delta is sent, or just after it has landed. */
  const aroundFirstDelta = (what: {
    readonly before?: () => Promise<unknown>
    readonly after?: () => Promise<unknown>
  }): Partial<ObjectStore> => {
    let isDone = false
    return {
      put: async (key, ...rest) => {
        const isIt = !isDone && isDelta(key)
        isDone ||= isIt
        if (isIt) await what.before?.()
        const outcome = await repository.bucket.put(key, ...rest)
        if (isIt) await what.after?.()
        return outcome
      },
    }
  }
  /** Runs a push that dies after it has put its archive. */
  const dies = async (chart: Upload, force = false): Promise<void> => {
    const session = repository.session({
      put: (key, ...rest) => (isDelta(key) ? Promise.reject(new Error('killed')) : repository.bucket.put(key, ...rest)),
    })
    await assert.rejects(repository.push([chart], { force }, session), /killed/)
    repository.pass(SECOND)
  }

  it('takes over the same bytes of an interrupted push at once, and writes them under its own id', async () => {
    await dies(A)
    const before = repository.now
    const { committed } = await repository.push([A])
    assert.ok(repository.now - before < 3 * SECOND, 'nothing else was there that could be on its way')
    assert.equal(await archiveId(), committed?.id)
    assert.equal(await entry(), A.digest)
  })

  it('takes over an archive that replaced another archive only when no delta of the replaced one can still arrive', async () => {
    await dies(B)
    const before = repository.now
    await dies(A, true)
    const { pushed } = await repository.push([A])
    const waited = repository.now - before
    assert.ok(waited > 90 * SECOND && waited < 100 * SECOND, String(waited))
    assert.deepEqual([pushed.length, await entry()], [1, A.digest])
    assert.match(
      repository.notices.join('\n'),
      /^helm-s3: another push of app 1\.0\.0 may still be under way: waiting, at most 1m\d+s$/,
    )
  })

  it('records in an archive which archive it replaced', async () => {
    const replaced = async (): Promise<string | undefined> =>
      (await repository.bucket.head(archiveKey(repository.location, APP)))?.metadata.replaced
    await repository.place(A)
    await repository.push([B], { force: true })
    assert.equal(await replaced(), 'none')
    const before = await archiveId()
    await repository.push([C], { force: true })
    assert.equal(await replaced(), before)
    await repository.push([C], { force: true })
    assert.equal(await replaced(), before, 'the same bytes, which the index names')
  })

  it('keeps the archive and entry of a takeover when a delta with a lower id arrives later', async () => {
    let taken: readonly unknown[] = []
    const others = async (): Promise<void> => {
      repository.pass(SECOND)
      await dies(A, true)
      taken = (await repository.push([A])).pushed
      await compactRepository(repository.session(), PASS)
    }
    const { existing, pushed } = await repository.push(
      [B],
      {},
      repository.session(aroundFirstDelta({ before: others })),
    )
    assert.deepEqual([taken.length, pushed.length, existing[0]?.digest], [1, 0, A.digest])
    assert.deepEqual([await entry(), await archive()], [A.digest, 'app 1.0.0 a'])
  })

  for (const force of [false, true]) {
    it(`is acknowledged only when its entry was in effect before another push replaced it as interrupted${force ? ', by force' : ''}`, async () => {
      await repository.push([C])
      await compactRepository(repository.session(), PASS)
      if (!force) await deleteVersions(repository.session(), [APP])
      repository.pass(2 * MINUTE)
      // Its delta lands below a removal of the version that is folded already, so it never counts.
      const remove = async (): Promise<void> => {
        repository.pass(SECOND)
        if (!force) await repository.push([C], { force: true })
        await deleteVersions(repository.session(), [APP])
        await compactRepository(repository.session(), PASS)
      }
      // Then the client pauses, and another push finds its archive without an entry.
      const push = async (): Promise<void> => {
        if (!force) await repository.push([B], { force: true })
        repository.pass(2 * MINUTE)
        await repository.push([A], { force: !force })
      }
      const delayed = repository.session(aroundFirstDelta({ before: remove, after: push }))
      const { existing, pushed } = await repository.push([B], { force }, delayed)
      assert.equal(await archive(), force ? 'app 1.0.0 b' : 'app 1.0.0 a')
      assert.equal(await entry(), (force ? B : A).digest)
      assert.deepEqual([pushed.length, existing.length], force ? [1, 0] : [0, 1])
    })
  }

  it('keeps an archive that it took over although a delta of an earlier reindex arrives later', async () => {
    await repository.push([B])
    const keeping = repository.session({ delete: async () => ({ outcome: 'refused' }) })
    await deleteVersions(keeping, [APP])
    for (let i = 0; i < 3; i++) {
      await compactRepository(repository.session(), PASS)
      repository.pass(2 * MINUTE)
    }
    const taken = async (): Promise<void> => {
      repository.pass(SECOND)
      await dies(A, true)
      assert.equal((await repository.push([A])).pushed.length, 1)
    }
    await reindexRepository(repository.session(aroundFirstDelta({ before: taken })), PLAIN_REINDEX)
    await compactRepository(repository.session(), PASS)
    assert.deepEqual([await entry(), await archive()], [A.digest, 'app 1.0.0 a'])
  })

  it('keeps an archive that it took over although a delta of an earlier deletion of the same bytes arrives later', async () => {
    await repository.push([A])
    await compactRepository(repository.session(), PASS)
    repository.pass(SECOND)
    const compactor = repository.session()
    let early: View | undefined
    let isFirst = true
    const acts = aroundFirstDelta({
      before: async () => {
        repository.pass(SECOND)
        assert.equal((await repository.push([A])).pushed.length, 1)
        repository.pass(SECOND)
        early = await readView(compactor)
      },
    })
    const deleting = repository.session({
      ...acts,
      head: async (key) => {
        if (isFirst && key.endsWith('.tgz')) {
          isFirst = false
          repository.pass(SECOND)
          const other = repository.session()
          await deleteVersions(other, [APP])
          await compactRepository(other, PASS)
          repository.pass(SECOND)
          await dies(A)
        }
        return repository.bucket.head(key)
      },
    })
    await deleteVersions(deleting, [APP])
    assert.ok(early)
    await compactOnce(compactor, early, PASS)
    await compactRepository(repository.session(), PASS)
    assert.deepEqual([await entry(), await archive()], [A.digest, 'app 1.0.0 a'])
  })

  it('leaves an entry and an archive that agree after a slow forced push whose archive was taken for an orphan', async () => {
    let state: 'sending' | 'sent' | 'cleared' = 'sending'
    const slow = repository.session({
      ...aroundFirstDelta({ before: async () => assert.equal((await repository.push([A])).pushed.length, 1) }),
      head: async (key) => {
        const head = await repository.bucket.head(key)
        if (state === 'sent' && head !== undefined && key.endsWith('.tgz')) {
          state = 'cleared'
          repository.pass(92 * SECOND)
          // The delta that announces the removal of the orphan comes here, too.
          const dying = repository.session({
            put: (each, body, options) =>
              isDelta(each) && !Buffer.from(body).toString().includes('"created":""')
                ? Promise.reject(new Error('killed'))
                : repository.bucket.put(each, body, options),
          })
          await assert.rejects(repository.push([A], {}, dying), /killed/)
          repository.pass(5 * SECOND)
        }
        return head
      },
      put: async (key, body, options) => {
        if (state === 'sending' && key.endsWith('.tgz')) {
          repository.pass(65 * SECOND)
          state = 'sent'
        }
        return repository.bucket.put(key, body, options)
      },
    })
    await repository.push([B], { force: true }, slow)
    await compactRepository(repository.session(), PASS)
    assert.deepEqual([await entry(), await archive()], [B.digest, 'app 1.0.0 b'])
  })

  it('waits for the announced removal of an orphan that it takes over, and keeps the archive', async () => {
    await dies(A)
    repository.pass(120 * MINUTE)
    let pushed: Promise<{ readonly pushed: readonly unknown[] }> | undefined
    const pruning = repository.session({
      delete: async (key, ...rest) => {
        if (key === archiveKey(repository.location, APP)) await (pushed ??= repository.push([A]))
        return repository.bucket.delete(key, ...rest)
      },
    })
    const options = { rules: undefined, olderThan: undefined, orphanAge: 60 * MINUTE, allowManyOrphans: true }
    await prune(pruning, { ...options, dryRun: false })
    assert.equal((await pushed)?.pushed.length, 1)
    assert.deepEqual([await entry(), await archive()], [A.digest, 'app 1.0.0 a'])
  })

  it('starts again after its archive was removed as an orphan before its delta landed', async () => {
    const key = archiveKey(repository.location, APP)
    let isCleared = false
    const clearing = repository.session({
      delete: async (each, ...rest) => {
        isCleared ||= each === key
        return repository.bucket.delete(each, ...rest)
      },
      put: (each, ...rest) =>
        isCleared && each === key ? Promise.reject(new Error('killed')) : repository.bucket.put(each, ...rest),
    })
    let state: 'sending' | 'sent' | 'minting' | 'over' = 'sending'
    const slow = repository.session({
      list: async (...args) => {
        if (state === 'sent') repository.pass(40 * SECOND)
        if (state === 'sent') state = 'minting'
        return repository.bucket.list(...args)
      },
      put: async (each, ...rest) => {
        if (each === key && state === 'sending') {
          // Longer than an id lives: the archive stays, and its delta gets another id.
          repository.pass(65 * SECOND)
          state = 'sent'
        } else if (isDelta(each) && state === 'minting') {
          state = 'over'
          repository.pass(52 * SECOND)
          await assert.rejects(repository.push([B], {}, clearing), /killed/)
          // The announcement has a higher id, and is folded first: what lands now counts no more.
          await compactRepository(repository.session(), PASS)
        }
        return repository.bucket.put(each, ...rest)
      },
    })
    assert.equal((await repository.push([A], {}, slow)).pushed.length, 1)
    assert.ok(isCleared)
    assert.deepEqual([await entry(), await archive()], [A.digest, 'app 1.0.0 a'])
  })

  /**
   * A push of A died, and a push of B takes its archive for an orphan. While the push of B is at step `at`, a push of A
   * by force, which has a lower id, writes the archive again. The delta of that push lands after the push of B has
   * looked at the archive for the last time.
   */
  const crossedByClearing = async (
    at: 'announcement' | 'DELETE',
  ): Promise<{ readonly forced: number; readonly existing: number }> => {
    await dies(A)
    repository.pass(2 * MINUTE)
    const key = archiveKey(repository.location, APP)
    const [reached, renewed, looked] = [new Gate(), new Gate(), new Gate()]
    const clearing = repository.session({
      put: async (each, ...rest) => {
        if (at === 'announcement' && isDelta(each)) await reached.openAndWaitFor(renewed)
        return repository.bucket.put(each, ...rest)
      },
      head: async (each) => {
        const head = await repository.bucket.head(each)
        if (renewed.isOpen) looked.open()
        return head
      },
      delete: async (each, ...rest) => {
        if (at === 'DELETE' && each === key) await reached.openAndWaitFor(renewed)
        return repository.bucket.delete(each, ...rest)
      },
    })
    let clears: ReturnType<Repository['push']> | undefined
    let isWritten = false
    const forcing = repository.session({
      head: async (each) => {
        const head = await repository.bucket.head(each)
        if (isWritten) renewed.open()
        return head
      },
      put: async (each, ...rest) => {
        if (each === key && clears === undefined) {
          repository.pass(SECOND)
          clears = repository.push([B], {}, clearing)
          await reached.isReached
        }
        if (isDelta(each)) await looked.isReached
        const outcome = await repository.bucket.put(each, ...rest)
        isWritten ||= each === key
        if (isDelta(each)) await clears
        return outcome
      },
    })
    const { pushed } = await repository.push([A], { force: true }, forcing)
    return { forced: pushed.length, existing: (await clears)?.existing.length ?? 0 }
  }

  it('does not remove an orphan that another push has written again in the meantime', async () => {
    const { existing, forced } = await crossedByClearing('announcement')
    assert.deepEqual([forced, existing], [1, 1], 'the version exists: the plain push has lost')
    assert.deepEqual([await entry(), await archive()], [A.digest, 'app 1.0.0 a'])
  })

  it('starts again, when forced, after another push has removed its archive as an orphan and pushed the version', async () => {
    const { existing, forced } = await crossedByClearing('DELETE')
    assert.deepEqual([forced, existing], [1, 0])
    assert.deepEqual([await entry(), await archive()], [A.digest, 'app 1.0.0 a'])
  })

  it('keeps its archive while its delta is not yet written when the same bytes of another push are deleted', async () => {
    const [written, deleted] = [new Gate(), new Gate()]
    const slow = repository.session({
      put: async (key, ...rest) => {
        if (!isDelta(key)) return repository.bucket.put(key, ...rest)
        await written.openAndWaitFor(deleted)
        await repository.bucket.put(key, ...rest)
        throw new Error('killed')
      },
    })
    let pushing: Promise<unknown> = Promise.resolve()
    const before = async (): Promise<void> => {
      repository.pass(SECOND)
      pushing = repository.push([B], { force: true }, slow)
      pushing.catch(() => undefined)
      await written.isReached
    }
    await repository.push([B], { force: true }, repository.session(aroundFirstDelta({ before })))
    repository.pass(SECOND)
    await deleteVersions(repository.session(), [APP])
    assert.equal(await entry(), undefined)
    deleted.open()
    await assert.rejects(pushing, /killed/)
    assert.deepEqual([await entry(), await archive()], [B.digest, 'app 1.0.0 b'])
  })

  it('does not send the archives of several charts again and again while it waits for one of them', async () => {
    const charts = Array.from({ length: 5 }, (_, i) => upload('app', `1.0.${String(i)}`))
    await dies(B)
    repository.requests.length = 0
    assert.equal((await repository.push(charts)).pushed.length, 5)
    const sent = repository.requests.filter((line) => /^PUT .*[1-4]\.tgz$/.test(line))
    assert.ok(sent.length <= 2 * 4, sent.join(', '))
  })

  it('sends no additional requests and gives its entry no future date when its archive takes long to send', async () => {
    const requestsOf = async (chart: Upload, seconds: number): Promise<number> => {
      repository.requests.length = 0
      const slow = repository.session({
        put: async (key, ...rest) => {
          if (key.endsWith('.tgz')) repository.pass(seconds * SECOND)
          return repository.bucket.put(key, ...rest)
        },
      })
      await repository.push([chart], {}, slow)
      return repository.requests.length
    }
    assert.equal(await requestsOf(upload('web', '1.0.0'), 40), await requestsOf(upload('web', '2.0.0'), 0))
    const found = (await readView(repository.session())).index.find({ name: 'web', version: '1.0.0' })
    assert.ok(Date.parse(found?.created ?? '') <= repository.now + 2 * SECOND, found?.created)
  })

  it('takes effect over deltas that it never saw when the store clock goes back after its first read', async () => {
    let isFirst = true
    const others = async (): Promise<void> => {
      repository.pass(SECOND)
      await repository.push([C])
      await deleteVersions(repository.session(), [APP])
      await compactRepository(repository.session(), PASS)
      repository.pass(2 * MINUTE)
      await compactRepository(repository.session(), PASS)
      repository.pass(-10 * MINUTE)
    }
    const clock = {
      now: () => started + passed(),
      monotonic: () => passed(),
      sleep: async (ms: number) => repository.pass(ms),
    }
    const started = repository.now
    let setBack = 0
    const passed = (): number => repository.now - started + setBack
    const looking = repository.session(
      {
        list: async (prefix, options) => {
          if (isFirst) {
            isFirst = false
            await others()
            setBack = 10 * MINUTE
          }
          return repository.bucket.list(prefix, options)
        },
      },
      clock,
    )
    const { pushed } = await repository.push([A], {}, looking)
    assert.deepEqual([pushed.length, await entry()], [1, A.digest])
  })
})

describe('a compaction', () => {
  it('does not overwrite the index when it pauses for half a minute after its last read', async () => {
    const repository = await Repository.initialised()
    await repository.push([A])
    const paused = repository.session({
      head: async (key) => {
        const head = await repository.bucket.head(key)
        repository.pass(31 * SECOND)
        return head
      },
    })
    const view = await readView(paused)
    repository.pass(31 * SECOND)
    assert.equal(await compactOnce(paused, view, PASS), 'lost')
    assert.deepEqual(
      repository.requests.filter((line) => line === 'PUT index.yaml'),
      [],
    )
  })
})
