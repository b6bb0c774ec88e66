import assert from 'node:assert/strict'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { compactInline } from '../../../lib/protocol/base/compact-inline.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { readRepositoryConfig } from '../../../lib/protocol/read/read-config.ts'
import type { MemoryStore } from '../../../lib/store/memory-store.ts'
import type { ObjectStore } from '../../../lib/store/object-store.ts'
import { tooLarge } from '../../../lib/store/too-large.ts'
import { Repository, upload } from '../fixture.ts'

describe('a view', () => {
  const id = '01HF7YATZ80000000000000000'

  for (const [what, change] of [
    [
      'is too large according to the listing',
      (store: MemoryStore): Partial<ObjectStore> => ({
        list: async (...args) => {
          const page = await store.list(...args)
          return {
            ...page,
            objects: page.objects.map((object) => (object.key.includes(id) ? { ...object, size: 2 ** 40 } : object)),
          }
        },
      }),
    ],
    [
      'is larger than its listing says',
      (store: MemoryStore): Partial<ObjectStore> => ({
        get: async (key, options) => {
          if (key.includes(id) && options?.most === 64 * 1024 * 1024) throw tooLarge(key, 2 ** 40, options.most)
          return store.get(key, options)
        },
      }),
    ],
  ] as const) {
    it(`ignores a delta that ${what}, and reports its key`, async () => {
      const repository = await Repository.initialised()
      await repository.push([upload('app', '1.0.0')])
      await repository.bucket.put(asKey(`charts/index.d/${id}.yaml`), Buffer.from('{"apiVersion":"v1"}'), {
        when: 'absent',
      })
      const { index, skipped } = await readView(repository.session(change(repository.bucket)))
      assert.deepEqual(
        index.versions('app').map(({ version }) => version),
        ['1.0.0'],
      )
      assert.deepEqual(skipped, [{ key: `charts/index.d/${id}.yaml`, reason: 'it is larger than 64 MiB' }])
    })
  }

  it('ignores a config.json that is too large, with a notice', async () => {
    const repository = await Repository.initialised()
    await repository.bucket.put(asKey('charts/index.d/config.json'), Buffer.alloc(100_000), { when: 'absent' })
    assert.deepEqual(await readRepositoryConfig(repository.session()), {})
    assert.deepEqual(repository.notices, ['helm-s3: ignored in charts/index.d/config.json: it is larger than 64 KiB'])
  })
})

describe('one session', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
    await repository.push([upload('app', '1.0.0')])
    await repository.push([upload('app', '2.0.0')])
    repository.requests.length = 0
  })
  const count = (line: string): number => repository.requests.filter((each) => each === line).length

  it('fetches the index once and each delta of others once for a deletion with its compaction', async () => {
    const session = repository.session()
    await session.clock.sleep(10_000)
    const { committed } = await deleteVersions(session, [{ name: 'app', version: '1.0.0' }])
    assert.equal(await compactInline(session, committed[0]!), true)
    assert.equal(count('HEAD index.yaml'), 1)
    assert.equal(count('GET index.yaml'), 1)
    assert.equal(count('GET unless index.yaml'), 2)
    assert.equal(count('GET index.d/ULID.yaml'), 2)
    assert.deepEqual(
      (await readView(repository.session())).index.versions('app').map(({ version }) => version),
      ['2.0.0'],
    )
  })

  it('sees what another client has written to the index since its first read', async () => {
    const session = repository.session()
    await readView(session)
    await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
    await repository.push([upload('app', '3.0.0')])
    const view = await readView(session)
    assert.equal(view.base.index.bookkeeping.folded.size, 2)
    assert.deepEqual(
      view.index.versions('app').map(({ version }) => version),
      ['3.0.0', '2.0.0', '1.0.0'],
    )
    assert.deepEqual(view.pending.length, 1)
  })

  it('reports how it has read the index when details are requested', async () => {
    const lines: string[] = []
    await readView({ ...repository.session(), detail: (line) => lines.push(line) })
    assert.match(
      lines.join('\n'),
      /^helm-s3: read charts\/index\.yaml, \d+ bytes of json, whose charts are copied as they stand$/,
    )
  })
})
