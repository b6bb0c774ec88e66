import assert from 'node:assert/strict'
import { archiveKey, asKey } from '../../../lib/core/keys.ts'
import { archiveMetadata } from '../../../lib/core/object-metadata.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import type { ChartUpload } from '../../../lib/protocol/archives/chart-upload.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { initRepository } from '../../../lib/protocol/base/init.ts'
import { prune } from '../../../lib/protocol/remove/prune.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import { type ReindexOptions, type ReindexResult, reindexRepository } from '../../../lib/protocol/reindex/reindex.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { PLAIN_REINDEX, Repository, upload } from '../fixture.ts'

const LOOK = ['LIST index.d/', 'GET unless index.yaml', 'LIST ']

describe('a reindex', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
  })

  const reindex = (options: Partial<ReindexOptions> = {}, change: Partial<ObjectStore> = {}): Promise<ReindexResult> =>
    reindexRepository(repository.session(change), { ...PLAIN_REINDEX, ...options })
  const digestOf = async (version = '1.0.0'): Promise<string | undefined> =>
    (await readView(repository.session())).index.find({ name: 'app', version })?.digest
  const place = (chart: ChartUpload): Promise<void> => repository.place(chart)
  const takeAway = (version: string): Promise<unknown> =>
    repository.bucket.delete(archiveKey(repository.location, upload('app', version)))
  /** Runs `act` just before the store receives the delta of the reindex. */
  const beforeDelta = (act: () => Promise<unknown>): Partial<ObjectStore> => {
    let isDone = false
    return {
      put: async (key, ...rest) => {
        if (key.includes('index.d/') && !isDone) {
          isDone = true
          await act()
        }
        return repository.bucket.put(key, ...rest)
      },
    }
  }
  const afterDelta = (act: () => Promise<unknown>): Partial<ObjectStore> => ({
    put: async (key, ...rest) => {
      const outcome = await repository.bucket.put(key, ...rest)
      if (key.includes('index.d/')) await act()
      return outcome
    },
  })
  /** Runs `act` between the first look at the store and the second. */
  const betweenLooks = (act: () => Promise<unknown>): Partial<ObjectStore> => {
    let looks = 0
    return {
      list: async (prefix, options) => {
        if (prefix.endsWith('index.d/') && ++looks === 2) await act()
        return repository.bucket.list(prefix, options)
      },
    }
  }

  it('costs one listing of the archives and one read of the view when nothing is new', async () => {
    await repository.push([upload('app', '1.0.0'), upload('app', '1.1.0')])
    await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
    repository.requests.length = 0
    const { archives, opened, changes } = await reindex()
    assert.deepEqual([archives, opened, changes.length], [2, 0, 0])
    assert.deepEqual(repository.requests.sort(), ['GET index.yaml', 'LIST ', 'LIST index.d/'])
  })

  it('sends a HEAD for each new archive, and reads the log and the archives again before and after its commit', async () => {
    await place(upload('app', '1.0.0'))
    await reindex()
    assert.equal(await digestOf(), upload('app', '1.0.0').digest)
    const expected = [
      'HEAD app-1.0.0.tgz',
      'LIST index.d/',
      ...LOOK,
      'PUT index.d/ULID.yaml',
      'LIST index.d/',
      'GET unless index.yaml',
      'LIST ',
    ]
    assert.deepEqual(repository.requests.slice(3, 3 + expected.length), expected)
  })

  it('costs only one HEAD more for each additional new archive', async () => {
    for (let i = 0; i < 30; i++) await place(upload('app', `1.0.${String(i)}`))
    repository.requests.length = 0
    const { deltas } = await reindex()
    assert.equal(deltas.length, 1)
    const others = repository.requests.filter((line) => !line.startsWith('HEAD app-'))
    assert.equal(repository.requests.length - others.length, 30)
    assert.equal(others.length, 11)
  })

  it('lists the pages of many new archives at the same time, without listing any more pages', async () => {
    const count = 2100
    for (let i = 0; i < count; i++) {
      const { bytes, digest, metadata, ...chart } = upload('app', `1.${String(i)}.0`)
      await repository.bucket.put(archiveKey(repository.location, chart), bytes, {
        when: 'always',
        metadata: archiveMetadata({ metadata, digest, delta: undefined }),
      })
    }
    let [now, most] = [0, 0]
    repository.requests.length = 0
    const list: ObjectStore['list'] = async (...args) => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      now--
      return repository.bucket.list(...args)
    }
    const { changes, deltas } = await reindex({}, { list })
    assert.deepEqual([changes.length, deltas.length], [count, 2])
    // The listing of all: 3 pages. Of the first 2,000 twice: 2. Of the last 100 twice: 1.
    assert.equal(repository.requests.filter((line) => line === 'LIST ').length, 3 + 2 * 2 + 2)
    assert.equal(most, 2)
  })

  for (const [what, act] of [
    ['an archive that is deleted before the second read of the store', () => takeAway('1.0.0')],
    ['an archive that is replaced before the second read of the store', () => place(upload('app', '1.0.0', 'b'))],
    [
      'a version that another client pushes before the second read of the store',
      () => repository.push([upload('app', '1.0.0')]),
    ],
  ] as const) {
    it(`leaves out ${what}`, async () => {
      await place(upload('app', '1.0.0'))
      await place(upload('app', '1.1.0'))
      const { changes, left } = await reindex({}, betweenLooks(act))
      assert.deepEqual(
        [changes.map(({ version }) => version), left.map(({ key }) => key)],
        [['1.1.0'], ['charts/app-1.0.0.tgz']],
      )
    })
  }

  it('keeps an entry whose archive is written again before the second read of the store', async () => {
    await repository.push([upload('app', '1.0.0')])
    await takeAway('1.0.0')
    const { changes, left } = await reindex(
      {},
      betweenLooks(() => place(upload('app', '1.0.0'))),
    )
    assert.deepEqual([changes.length, left.length], [0, 1])
    assert.equal(await digestOf(), upload('app', '1.0.0').digest)
  })

  for (const isFolded of [false, true]) {
    it(`does not bring back a version whose removal is ${isFolded ? 'folded' : 'pending'}`, async () => {
      await repository.push([upload('app', '1.0.0')])
      await deleteVersions(repository.session(), [{ name: 'app', version: '1.0.0' }])
      if (isFolded)
        await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
      await place(upload('app', '1.0.0'))
      const { changes, left } = await reindex()
      assert.deepEqual([changes.length, left.length], [0, 1])
      assert.equal(await digestOf(), undefined)
    })
  }

  it('does not overwrite the entry of a concurrent forced push of the same version', async () => {
    await repository.push([upload('app', '1.0.0')])
    repository.pass(5000)
    await place(upload('app', '1.0.0', 'b'))
    await reindex(
      {},
      beforeDelta(() => repository.push([upload('app', '1.0.0', 'c')], { force: true })),
    )
    assert.equal(await digestOf(), upload('app', '1.0.0', 'c').digest)
  })

  it('does not bring back a version that is concurrently pushed and deleted', async () => {
    await place(upload('app', '1.0.0'))
    const pushAndDelete = async (): Promise<void> => {
      await repository.push([upload('app', '1.0.0')])
      await deleteVersions(repository.session(), [{ name: 'app', version: '1.0.0' }])
    }
    await reindex({}, beforeDelta(pushAndDelete))
    assert.equal(await digestOf(), undefined)
  })

  it('removes a new entry again when its archive is deleted just after its delta is written', async () => {
    await place(upload('app', '1.0.0'))
    await reindex(
      {},
      afterDelta(() => takeAway('1.0.0')),
    )
    assert.equal(await digestOf(), undefined)
  })

  it('starts the commit again when the second read of the store takes longer than an id is valid', async () => {
    await place(upload('app', '1.0.0'))
    const { changes, deltas } = await reindex(
      {},
      betweenLooks(async () => undefined),
    )
    assert.deepEqual([changes.length, deltas.length], [1, 1])
    await place(upload('app', '1.1.0'))
    let listings = 0
    const slow: Partial<ObjectStore> = {
      list: async (prefix, options) => {
        const page = await repository.bucket.list(prefix, options)
        if (!prefix.endsWith('index.d/') && ++listings === 2) repository.pass(100_000)
        return page
      },
    }
    assert.equal((await reindex({}, slow)).changes.length, 1)
    assert.equal(await digestOf('1.1.0'), upload('app', '1.1.0').digest)
  })

  it('detects that its delta was written although the answer was lost', async () => {
    await place(upload('app', '1.0.0'))
    const losing: Partial<ObjectStore> = {
      put: async (key, ...rest) => {
        const outcome = await repository.bucket.put(key, ...rest)
        return key.includes('index.d/') ? { outcome: 'unknown', cause: 'lost' } : outcome
      },
    }
    assert.equal((await reindex({}, losing)).deltas.length, 1)
    assert.equal(repository.requests.filter((line) => line.startsWith('PUT index.d/')).length, 1)
  })

  it('continues after an interruption without opening committed archives again', async () => {
    const count = 2300
    for (let i = 0; i < count; i++) await place(upload('app', `1.0.${String(i)}`))
    const interrupted = reindex({ afterCommit: () => Promise.reject(new Error('interrupted')) })
    await assert.rejects(interrupted, /interrupted/)
    repository.requests.length = 0
    const { opened, changes } = await reindex()
    assert.deepEqual([opened, changes.length], [300, 300])
    assert.equal(repository.requests.filter((line) => line.startsWith('HEAD app-')).length, 300)
    assert.equal((await readView(repository.session())).index.countEntries(), count)
  })

  it('reports an archive that it may not read, and continues', async () => {
    await place(upload('app', '1.0.0'))
    await place(upload('app', '1.1.0'))
    const denying: Partial<ObjectStore> = {
      head: (key) =>
        key.includes('1.0.0')
          ? Promise.reject(new HelmS3Error('denied', 'read it: AccessDenied'))
          : repository.bucket.head(key),
    }
    const { changes, problems } = await reindex({}, denying)
    assert.deepEqual(
      [changes.length, problems],
      [1, [{ key: 'charts/app-1.0.0.tgz', reason: 'read it: AccessDenied' }]],
    )
  })

  it('fails without writing anything when the store does not answer', async () => {
    await place(upload('app', '1.0.0'))
    const failing: Partial<ObjectStore> = {
      head: () => Promise.reject(new HelmS3Error('unreachable', 'nobody is there')),
    }
    await assert.rejects(reindex({}, failing), { code: 'unreachable' })
    assert.ok(!repository.requests.some((line) => line.startsWith('PUT')))
  })

  it('reads an archive whose metadata contradict the checksum of the store', async () => {
    const chart = upload('app', '1.0.0')
    const metadata = archiveMetadata({ metadata: chart.metadata, digest: 'f'.repeat(64), delta: undefined })
    await repository.bucket.put(archiveKey(repository.location, chart), chart.bytes, {
      when: 'always',
      metadata,
      sha256: chart.digest,
    })
    await reindex()
    assert.ok(repository.requests.includes('GET app-1.0.0.tgz'))
  })

  it('does not open more archives at once than the concurrency option allows', async () => {
    for (let i = 0; i < 20; i++) await place(upload('app', `1.0.${String(i)}`))
    let [now, most] = [0, 0]
    const counting: Partial<ObjectStore> = {
      head: async (key) => {
        most = Math.max(most, ++now)
        await new Promise(setImmediate)
        now--
        return repository.bucket.head(key)
      },
    }
    await reindex({ concurrency: 3 }, counting)
    assert.equal(most, 3)
  })
})

describe('a rebuild', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
    await repository.push([upload('app', '1.0.0')])
  })
  const index = asKey('charts/index.yaml')
  const garble = (): Promise<unknown> => repository.bucket.put(index, Buffer.from('garbage: ['), { when: 'always' })
  const place = (chart: ChartUpload): Promise<void> => repository.place(chart)
  const rebuild = (change: Partial<ObjectStore> = {}): Promise<ReindexResult> =>
    reindexRepository(repository.session(change), { ...PLAIN_REINDEX, rebuild: true })

  it('folds every delta that is present', async () => {
    await garble()
    assert.deepEqual((await rebuild()).changes, [])
    const { index: merged, base } = await readView(repository.session())
    assert.deepEqual([merged.countEntries(), base.index.bookkeeping.folded.size], [1, 1])
  })

  it('does not change a readable index', async () => {
    const before = await repository.bucket.head(index)
    assert.equal((await rebuild()).rebuilt, false)
    assert.equal((await repository.bucket.head(index))?.etag, before?.etag)
  })

  it('does not overwrite an index that another client has repaired in the meantime', async () => {
    const good = await repository.bucket.get(index)
    await garble()
    const repaired: Partial<ObjectStore> = {
      put: async (key, body, options) => {
        if (key === index) await repository.bucket.put(index, good?.body ?? new Uint8Array(), { when: 'always' })
        return repository.bucket.put(key, body, options)
      },
    }
    await rebuild(repaired)
    assert.equal((await repository.bucket.head(index))?.etag, good?.etag)
  })

  it('loses no concurrent push', async () => {
    await garble()
    const pushing: Partial<ObjectStore> = {
      put: async (key, body, options) => {
        const outcome = await repository.bucket.put(key, body, options)
        if (key === index) await repository.push([upload('app', '2.0.0')])
        return outcome
      },
    }
    await rebuild(pushing)
    assert.equal((await readView(repository.session())).index.countEntries(), 2)
  })

  it('writes the index only once, after it has opened all archives', async () => {
    await repository.bucket.delete(index)
    for (const version of ['2.0.0', '2.1.0', '2.2.0']) await place(upload('app', version))
    const seen: string[] = []
    const watching: Partial<ObjectStore> = {
      head: async (key) => {
        seen.push(
          await readView(repository.session()).then(
            () => 'an index',
            (error: HelmS3Error) => error.code,
          ),
        )
        return repository.bucket.head(key)
      },
    }
    await rebuild(watching)
    assert.deepEqual(new Set(seen), new Set(['missing-index']))
    assert.equal((await readView(repository.session())).index.countEntries(), 4)
    assert.equal(repository.requests.filter((line) => line === 'PUT index.yaml').length, 1)
  })

  it('leaves only its mark when it is interrupted, which prevents a prune of orphans until it expires', async () => {
    await garble()
    await place(upload('app', '2.0.0'))
    const before = await repository.bucket.get(index)
    const dying: Partial<ObjectStore> = {
      head: () => Promise.reject(new HelmS3Error('unreachable', 'nobody is there')),
      delete: async () => ({ outcome: 'unknown', cause: 'no answer' }),
    }
    await assert.rejects(rebuild(dying), { code: 'unreachable' })
    assert.deepEqual((await repository.bucket.get(index))?.body, before?.body)
    // Another client makes a new repository while the mark is still there.
    await repository.bucket.delete(index)
    await initRepository(repository.session(), { form: 'json', force: false })
    repository.pass(10 * 60_000)
    const orphans = { rules: undefined, olderThan: undefined, orphanAge: 60_000, allowManyOrphans: true, dryRun: false }
    await assert.rejects(prune(repository.session(), orphans), { code: 'conflict', message: /is being rebuilt/ })
    repository.pass(20 * 60_000)
    await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
    const { objects } = await repository.bucket.list('charts/index.d/rebuild-')
    assert.deepEqual(objects, [])
  })

  it('removes its mark at the end', async () => {
    await garble()
    await rebuild()
    assert.ok(repository.requests.some((line) => /^PUT index\.d\/rebuild-/.test(line)))
    assert.deepEqual((await repository.bucket.list('charts/index.d/rebuild-')).objects, [])
  })

  it('adds all archives when another client has created an empty index in the meantime', async () => {
    await repository.bucket.delete(index)
    await place(upload('app', '2.0.0'))
    let isFirst = true
    const interfering: Partial<ObjectStore> = {
      head: async (key) => {
        if (isFirst && key.endsWith('app-2.0.0.tgz')) {
          isFirst = false
          await initRepository(repository.session(), { form: 'json', force: false })
        }
        return repository.bucket.head(key)
      },
    }
    assert.equal((await rebuild(interfering)).rebuilt, false)
    assert.equal((await readView(repository.session())).index.countEntries(), 2)
  })

  it('keeps a chart whose delta is collected by a compaction that began before index.yaml was overwritten', async () => {
    const pass = { graceWindow: 60_000, dryRun: false, form: undefined }
    await compactRepository(repository.session(), pass)
    repository.pass(70_000)
    let isFirst = true
    const slow: Partial<ObjectStore> = {
      delete: async (key, options) => {
        if (isFirst) {
          isFirst = false
          await garble()
          await rebuild()
        }
        return repository.bucket.delete(key, options)
      },
    }
    await compactRepository(repository.session(slow), pass)
    assert.deepEqual((await repository.bucket.list('charts/index.d/')).objects, [])
    assert.equal((await readView(repository.session())).index.countEntries(), 1)
  })

  it('does not add a version whose removal is in the log, because its archive may be about to be deleted', async () => {
    await deleteVersions(repository.session(), [{ name: 'app', version: '1.0.0' }])
    await place(upload('app', '1.0.0'))
    await garble()
    const { left } = await rebuild()
    assert.deepEqual(
      left.map(({ key }) => key),
      ['charts/app-1.0.0.tgz'],
    )
    assert.equal((await readView(repository.session())).index.countEntries(), 0)
  })
})
