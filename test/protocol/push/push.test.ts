import assert from 'node:assert/strict'
import type { Delta } from '../../../lib/core/log/delta.ts'
import { deltaKey, makeDeltaId } from '../../../lib/core/log/delta-id.ts'
import { encodeDelta } from '../../../lib/core/log/delta-text.ts'
import { archiveKey, asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { compactOnce, compactRepository } from '../../../lib/protocol/base/compact.ts'
import { initRepository } from '../../../lib/protocol/base/init.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import type { ObjectStore, PutOutcome } from '../../../lib/store/object-store.ts'
import { Repository, upload } from '../fixture.ts'

const PASS = { graceWindow: 300_000, dryRun: false, form: undefined }

describe('a push', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
  })

  const entry = async (version = '1.0.0'): Promise<string | undefined> =>
    (await readView(repository.session())).index.find({ name: 'app', version })?.digest
  const archive = async (): Promise<string | undefined> => {
    const object = await repository.bucket.get(archiveKey(repository.location, upload('app', '1.0.0')))
    return object && Buffer.from(object.body).toString()
  }

  it('costs seven requests', async () => {
    await repository.push([upload('app', '1.0.0')])
    assert.deepEqual(repository.requests, [
      'GET index.d/config.json',
      'HEAD index.yaml',
      'HEAD app-1.0.0.tgz',
      'LIST index.d/',
      'PUT app-1.0.0.tgz',
      'PUT index.d/ULID.yaml',
      'LIST index.d/',
    ])
  })

  it('writes one delta for many charts', async () => {
    const uploads = Array.from({ length: 5 }, (_, i) => upload('app', `1.0.${String(i)}`))
    const { pushed } = await repository.push(uploads)
    assert.equal(pushed.length, 5)
    const count = (start: string): number => repository.requests.filter((line) => line.startsWith(start)).length
    assert.deepEqual([count('HEAD app'), count('PUT app'), count('PUT index.d/')], [5, 5, 1])
  })

  it('writes nothing when one of several versions exists, or skips that version with ignoreIfExists', async () => {
    await repository.push([upload('app', '1.0.0')])
    repository.requests.length = 0
    const uploads = [upload('app', '1.0.0'), upload('app', '2.0.0')]
    const refused = await repository.push(uploads)
    assert.deepEqual([refused.pushed.length, refused.existing.length], [0, 1])
    assert.ok(!repository.requests.some((line) => line.startsWith('PUT')))
    const skipped = await repository.push(uploads, { ignoreIfExists: true })
    assert.deepEqual(
      [skipped.pushed.map(({ version }) => version), skipped.existing.map(({ version }) => version)],
      [['2.0.0'], ['1.0.0']],
    )
  })

  it('is refused before any request when it has the same version twice', async () => {
    await assert.rejects(repository.push([upload('app', '1.0.0'), upload('app', '1.0.0', 'b')]), { code: 'usage' })
    assert.deepEqual(repository.requests, [])
  })

  it('fails without a repository, with a hint about init or reindex', async () => {
    const nowhere = new Repository()
    await assert.rejects(nowhere.push([upload('app', '1.0.0')]), { code: 'missing-index', hint: /helm s3 init/ })
    await nowhere.bucket.put(asKey('charts/app-1.0.0.tgz'), Buffer.from('x'), { when: 'always' })
    await assert.rejects(nowhere.push([upload('app', '1.0.0')]), { code: 'missing-index', hint: /reindex/ })
  })

  it('replaces the provenance file when it is forced with the same bytes several times in the same second', async () => {
    await repository.push([upload('app', '1.0.0')])
    for (let i = 0; i < 10; i++) {
      const signature = `signed ${String(i)}`
      await repository.push([upload('app', '1.0.0', 'a', signature)], { force: true })
      assert.equal(
        Buffer.from((await repository.bucket.get(asKey('charts/app-1.0.0.tgz.prov')))?.body ?? []).toString(),
        signature,
      )
    }
  })

  it('takes over the archive of a push that was interrupted before its delta', async () => {
    const dying = repository.session({
      put: (key, ...rest) =>
        key.includes('index.d/') ? new Promise<PutOutcome>(() => undefined) : repository.bucket.put(key, ...rest),
    })
    void repository.push([upload('app', '1.0.0')], {}, dying)
    for (let i = 0; i < 50; i++) await Promise.resolve()
    assert.equal(await entry(), undefined)
    const { pushed } = await repository.push([upload('app', '1.0.0')])
    assert.equal(pushed.length, 1)
    assert.equal(await entry(), upload('app', '1.0.0').digest)
  })

  for (const ignoreIfExists of [false, true]) {
    it(
      `replaces an archive of other bytes that no entry ` + `names${ignoreIfExists ? ', with ignoreIfExists too' : ''}`,
      async () => {
        await repository.bucket.put(archiveKey(repository.location, upload('app', '1.0.0')), Buffer.from('others'), {
          when: 'always',
        })
        const { existing, pushed } = await repository.push([upload('app', '1.0.0')], { ignoreIfExists })
        assert.deepEqual([existing.length, pushed.length], [0, 1])
        assert.equal(await entry(), upload('app', '1.0.0').digest)
        assert.equal(await archive(), 'app 1.0.0 a')
      },
    )
  }

  it('waits for the push that wrote a young archive, and pushes nothing when the entry of that push appears', async () => {
    const other = upload('app', '1.0.0', 'b')
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const slow = repository.session({
      put: async (key, ...rest) => {
        if (key.includes('index.d/')) await held
        return repository.bucket.put(key, ...rest)
      },
    })
    const first = repository.push([other], {}, slow)
    for (let i = 0; i < 50; i++) await Promise.resolve()
    let looks = 0
    const patient = repository.session({
      list: async (prefix, options) => {
        if (++looks === 6) {
          release()
          await first
        }
        return repository.bucket.list(prefix, options)
      },
    })
    const { existing, pushed } = await repository.push([upload('app', '1.0.0')], { ignoreIfExists: true }, patient)
    assert.deepEqual(pushed, [])
    assert.deepEqual(existing, [{ name: 'app', version: '1.0.0', digest: other.digest, isOrphan: false }])
    assert.equal(await entry(), other.digest)
  })

  it('reports an orphan that it may not remove, and pushes nothing', async () => {
    await repository.bucket.put(archiveKey(repository.location, upload('app', '1.0.0')), Buffer.from('others'), {
      when: 'always',
    })
    repository.pass(3_600_000)
    const publisher = repository.session({
      delete: () => Promise.reject(new HelmS3Error('denied', 'not allowed')),
    })
    const batch = [upload('app', '1.0.0'), upload('web', '1.0.0')]
    const { existing, pushed } = await repository.push(batch, { ignoreIfExists: true }, publisher)
    assert.deepEqual(pushed, [])
    assert.deepEqual(
      existing.map(({ isOrphan, version }) => ({ isOrphan, version })),
      [{ isOrphan: true, version: '1.0.0' }],
    )
    assert.deepEqual([await entry(), (await readView(repository.session())).index.chartNames()], [undefined, []])
  })

  it('pushes none of several charts, and leaves no archive, when one of them appears before its PUT', async () => {
    let isFirst = true
    const overtaken = repository.session({
      put: async (key, ...rest) => {
        if (isFirst && key.endsWith('.tgz')) {
          isFirst = false
          await repository.push([upload('app', '1.1.0', 'b')])
        }
        return repository.bucket.put(key, ...rest)
      },
    })
    const batch = ['1.0.0', '1.1.0', '1.2.0'].map((version) => upload('app', version))
    const { existing, pushed } = await repository.push(batch, {}, overtaken)
    assert.deepEqual([pushed, existing.map(({ version }) => version)], [[], ['1.1.0']])
    const { index } = await readView(repository.session())
    assert.deepEqual(
      index.versions('app').map(({ version }) => version),
      ['1.1.0'],
    )
    const { objects } = await repository.bucket.list('charts/app')
    assert.deepEqual(
      objects.map(({ key }) => key),
      ['charts/app-1.1.0.tgz'],
    )
  })

  it('replaces the archive and the entry when it is forced', async () => {
    await repository.push([upload('app', '1.0.0', 'a')])
    await repository.push([upload('app', '1.0.0', 'b')], { force: true })
    assert.equal(await archive(), 'app 1.0.0 b')
    assert.equal(await entry(), upload('app', '1.0.0', 'b').digest)
  })

  it('renews the date of the archive and writes no delta when it is forced with the same bytes', async () => {
    await repository.push([upload('app', '1.0.0')])
    const key = archiveKey(repository.location, upload('app', '1.0.0'))
    const before = await repository.bucket.head(key)
    repository.pass(5000)
    const { committed } = await repository.push([upload('app', '1.0.0')], { force: true })
    const after = await repository.bucket.head(key)
    assert.equal(committed, undefined)
    assert.ok((after?.lastModified ?? 0) > (before?.lastModified ?? 0))
    assert.equal(after?.metadata.delta, before?.metadata.delta)
  })

  it('stays in effect, when it is forced with known bytes, although a pending deletion is about to be folded', async () => {
    const [a, b] = [upload('app', '1.0.0', 'a'), upload('app', '1.0.0', 'b')]
    await repository.push([a])
    await compactRepository(repository.session(), PASS)
    const deltaAt = async (time: number, delta: Delta): Promise<void> => {
      const id = makeDeltaId(1_700_000_000_000 + time, new Uint8Array(10))
      await repository.bucket.put(deltaKey(repository.location.deltaFolder, id), encodeDelta(delta), { when: 'absent' })
    }
    // A deletion of the old bytes has landed above a forced push of the new bytes, whose client has not finished yet.
    await deltaAt(9000, { added: [], removed: [{ name: 'app', version: '1.0.0', digest: a.digest }] })
    const early = await readView(repository.session())
    const added = { ...a.metadata, digest: b.digest, urls: ['app-1.0.0.tgz'], created: '2023-11-14T22:13:25Z' }
    await deltaAt(5000, { added: [{ entry: added, ifAbsent: false }], removed: [] })
    await repository.bucket.put(archiveKey(repository.location, b), b.bytes, { when: 'always', sha256: b.digest })

    await repository.push([b], { force: true })
    assert.equal((await compactOnce(repository.session(), early, PASS)) === 'lost', false)
    assert.equal(await entry(), b.digest)
  })

  it('writes its provenance file, which a forced push without one removes', async () => {
    const key = asKey('charts/app-1.0.0.tgz.prov')
    await repository.push([upload('app', '1.0.0', 'a', 'signed')])
    assert.equal(Buffer.from((await repository.bucket.get(key))?.body ?? []).toString(), 'signed')
    await repository.push([upload('app', '1.0.0', 'b')], { force: true })
    assert.equal(await repository.bucket.head(key), undefined)
  })

  it('detects that its delta was written although the answer was lost', async () => {
    const losing = repository.session({
      put: async (key, ...rest) => {
        const outcome = await repository.bucket.put(key, ...rest)
        return key.includes('index.d/') ? { outcome: 'unknown', cause: 'lost' } : outcome
      },
    })
    assert.equal((await repository.push([upload('app', '1.0.0')], {}, losing)).pushed.length, 1)
    assert.equal(repository.requests.filter((line) => line.startsWith('PUT index.d/')).length, 1)
  })

  for (const force of [false, true]) {
    it(`sends an archive only once when that takes longer than an id is valid${force ? ', by force' : ''}`, async () => {
      await repository.push([upload('app', '1.0.0', 'old')].slice(force ? 0 : 1))
      repository.requests.length = 0
      const slow = repository.session({
        put: (key, ...rest) => {
          if (key.endsWith('.tgz')) repository.pass(100_000)
          return repository.bucket.put(key, ...rest)
        },
      })
      const { pushed } = await repository.push([upload('app', '1.0.0')], { force }, slow)
      assert.equal(pushed.length, 1)
      assert.equal(await entry(), upload('app', '1.0.0').digest)
      assert.equal(repository.requests.filter((line) => line === 'PUT app-1.0.0.tgz').length, 1)
    })
  }

  it('reports an unknown outcome when it cannot find out whether its delta was written', async () => {
    const losing = repository.session({
      put: (key, ...rest) =>
        key.includes('index.d/')
          ? Promise.resolve({ outcome: 'unknown', cause: 'lost' })
          : repository.bucket.put(key, ...rest),
      head: (key) => (key.includes('index.d/') ? Promise.reject(new Error('no answer')) : repository.bucket.head(key)),
    })
    await assert.rejects(repository.push([upload('app', '1.0.0')], {}, losing), { code: 'outcome-unknown' })
  })

  it('starts again with a new id when the store was unreachable until the first id had expired', async () => {
    let isBack = false
    const waiting = repository.session({
      put: (key, body, options) => {
        if (!key.includes('index.d/') || isBack) return repository.bucket.put(key, body, options)
        isBack = true
        assert.equal(options.inTime?.(), true)
        repository.pass(61_000)
        assert.equal(options.inTime?.(), false)
        return Promise.reject(new HelmS3Error('unreachable', 'nobody answers'))
      },
    })
    const { committed, pushed } = await repository.push([upload('app', '1.0.0')], {}, waiting)
    assert.equal(pushed.length, 1)
    const deltas = repository.requests.filter((line) => line.startsWith('PUT index.d/'))
    assert.deepEqual([deltas.length, committed?.delta.added.length], [2, 1])
    assert.equal(await entry(), upload('app', '1.0.0').digest)
  })

  it('takes over the archive of its version after a deletion that could not remove it', async () => {
    await repository.push([upload('app', '1.0.0')])
    const keeping = repository.session({ delete: () => Promise.resolve({ outcome: 'unknown', cause: 'lost' }) })
    await deleteVersions(keeping, [{ name: 'app', version: '1.0.0' }])
    assert.equal(await archive(), 'app 1.0.0 a')
    assert.equal((await repository.push([upload('app', '1.0.0')])).pushed.length, 1)
    assert.equal(await entry(), upload('app', '1.0.0').digest)
  })
})

describe('a deletion', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
    await repository.push([upload('app', '1.0.0'), upload('app', '2.0.0')])
  })

  it('changes nothing when one of several versions is missing, and names that version', async () => {
    const before = (await repository.bucket.list('')).objects
    const versions = ['1.0.0', '9.0.0'].map((version) => ({ name: 'app', version }))
    await assert.rejects(deleteVersions(repository.session(), versions), {
      code: 'not-found',
      message: 'chart app version 9.0.0 not found in index',
    })
    assert.deepEqual((await repository.bucket.list('')).objects, before)
  })

  it('removes an archive only when it has not been replaced in the meantime', async () => {
    const replacing = repository.session({
      head: async (key) => {
        const head = await repository.bucket.head(key)
        if (head !== undefined && key.endsWith('2.0.0.tgz'))
          await repository.bucket.put(key, Buffer.from('newer'), { when: 'always' })
        return head
      },
    })
    const { keptArchives } = await deleteVersions(
      replacing,
      ['1.0.0', '2.0.0'].map((version) => ({ name: 'app', version })),
    )
    assert.deepEqual(keptArchives, ['charts/app-2.0.0.tgz'])
    assert.equal(await repository.bucket.head(asKey('charts/app-1.0.0.tgz')), undefined)
  })

  it('keeps the archive when writing the delta took longer than half a minute', async () => {
    const slow = repository.session({
      put: (key, ...rest) => {
        repository.pass(31_000)
        return repository.bucket.put(key, ...rest)
      },
    })
    const { keptArchives } = await deleteVersions(slow, [{ name: 'app', version: '1.0.0' }])
    assert.deepEqual(keptArchives, ['charts/app-1.0.0.tgz'])
    assert.equal((await readView(repository.session())).index.find({ name: 'app', version: '1.0.0' }), undefined)
  })
})

describe('on a store that ignores every condition', () => {
  const OPTIONS = { conditionalPut: false, conditionalDelete: false }
  const bytesOf = async (repository: Repository): Promise<string> =>
    Buffer.from(
      (await repository.bucket.get(archiveKey(repository.location, upload('app', '1.0.0'))))?.body ?? [],
    ).toString()

  for (const [what, options] of [
    ['plainly', {}],
    ['with --ignore-if-exists', { ignoreIfExists: true }],
  ] as const) {
    it(`an existing version keeps its archive when it is pushed again ${what}`, async () => {
      const repository = await Repository.initialised(OPTIONS)
      await repository.push([upload('app', '1.0.0', 'first')])
      const { existing, pushed } = await repository.push([upload('app', '1.0.0', 'second')], options)
      assert.deepEqual([existing.map(({ version }) => version), pushed], [['1.0.0'], []])
      assert.equal(await bytesOf(repository), 'app 1.0.0 first')
    })
  }

  it('a push with ignoreIfExists pushes new versions and keeps existing ones', async () => {
    const repository = await Repository.initialised(OPTIONS)
    await repository.push([upload('app', '1.0.0', 'first')])
    const { existing, pushed } = await repository.push([upload('app', '1.0.0', 'second'), upload('app', '2.0.0')], {
      ignoreIfExists: true,
    })
    assert.deepEqual([existing.length, pushed.map(({ version }) => version)], [1, ['2.0.0']])
    assert.equal(await bytesOf(repository), 'app 1.0.0 first')
  })

  it('init does not empty an existing repository without force', async () => {
    const repository = await Repository.initialised(OPTIONS)
    await repository.push([upload('app', '1.0.0')])
    await assert.rejects(initRepository(repository.session(), { form: 'json', force: false }), {
      code: 'already-exists',
    })
    assert.deepEqual(
      (await readView(repository.session())).index.versions('app').map(({ version }) => version),
      ['1.0.0'],
    )
  })

  it('a client that may not read archives can push a chart', async () => {
    const repository = await Repository.initialised()
    const head: ObjectStore['head'] = async (key) => {
      if (key.endsWith('.tgz')) throw new HelmS3Error('denied', 'no')
      return repository.bucket.head(key)
    }
    assert.equal((await repository.push([upload('app', '1.0.0')], {}, repository.session({ head }))).pushed.length, 1)
  })
})
