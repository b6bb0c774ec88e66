import assert from 'node:assert/strict'
import fc from 'fast-check'
import { stringify } from 'yaml'
import type { Delta } from '../../../lib/core/log/delta.ts'
import { makeDeltaId } from '../../../lib/core/log/delta-id.ts'
import { encodeDelta } from '../../../lib/core/log/delta-text.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { appendDelta } from '../../../lib/protocol/write/append-delta.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { deleteSelected, deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { mint } from '../../../lib/protocol/write/mint.ts'
import { prune } from '../../../lib/protocol/remove/prune.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import { reindexRepository } from '../../../lib/protocol/reindex/reindex.ts'
import type { IndexText } from '../../../lib/core/index/index-text.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { digestOf, entry } from '../../support/builders.ts'
import { Repository, upload } from '../fixture.ts'
import { budget } from '../../support/budget.ts'

const WRITE = { force: false, ignoreIfExists: false, dryRun: false }
const ALL = { dryRun: false, ignoreMissing: false }

/** A repository with an index as another program may have left it. */
async function repositoryWith(entries: object, form: 'json' | 'yaml' = 'json'): Promise<Repository> {
  const repository = new Repository()
  const text = (form === 'json' ? JSON.stringify : stringify)({ apiVersion: 'v1', entries })
  await repository.bucket.put(repository.location.indexKey, Buffer.from(text), { when: 'always' })
  return repository
}

async function indexOf(repository: Repository): Promise<IndexText> {
  const { index, skipped } = await readView(repository.session())
  assert.deepEqual(skipped, [])
  return index
}

const versionsOf = async (repository: Repository, name: string): Promise<string[]> =>
  (await indexOf(repository)).items(name).map(({ version }) => version)

const ANY_TEXT = fc.oneof(
  fc.constantFrom('app', '../x', '', '__proto__', '1.0.0', '1.0.0.0', '1.0', 'v1', 'latest', 'a,b'),
  fc.string({ unit: anyCharacter, maxLength: 5 }),
)
const ANY_FIELDS = fc.record(
  {
    name: fc.option(ANY_TEXT, { nil: null }),
    version: fc.option(ANY_TEXT, { nil: null }),
    digest: fc.oneof(ANY_TEXT, fc.constantFrom(digestOf('a'), `sha256:${digestOf('a')}`)),
    created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-01T02:00:00.123+02:00'),
    urls: fc.array(ANY_TEXT, { maxLength: 2 }),
  },
  { requiredKeys: [] },
)
/** Entries of indexes that Helm accepts. */
const ANY_ENTRIES = fc.dictionary(ANY_TEXT, fc.array(ANY_FIELDS, { maxLength: 5 }), {
  maxKeys: 3,
  noNullPrototype: false,
})

describe('a deletion', () => {
  it('removes entries by their exact text, including versions that Helm skips', async () => {
    const versions = ['1.2.0', '1.0.0.0', '1.0.0-03173138', 'v1', 'latest', '']
    const repository = await repositoryWith({
      hub: versions.map((version) => ({ name: 'hub', version, urls: ['x.tgz'] })),
    })
    await deleteSelected(repository.session(), 'hub', ['1.0.0.0', '1.2.0'], ALL)
    assert.deepEqual((await versionsOf(repository, 'hub')).sort(), ['', '1.0.0-03173138', 'latest', 'v1'])
    await deleteSelected(repository.session(), 'hub', 'all', ALL)
    assert.deepEqual((await indexOf(repository)).chartNames(), [])
  })

  it('removes every entry of a version that is listed twice, and their archives', async () => {
    const repository = await repositoryWith({
      app: [
        { ...entry('app', '1.0.0', 'a'), urls: ['app-1.0.0.tgz'] },
        { ...entry('app', '1.0.0', 'b'), urls: ['app-v1.0.0.tgz'] },
        { ...entry('app', '1.0.0', 'b'), urls: ['app-v1.0.0.tgz'] },
        { ...entry('app', '2.0.0') },
      ],
    })
    const put = (name: string, content: string): Promise<unknown> =>
      repository.bucket.put(asKey(`charts/${name}`), Buffer.from(content), {
        when: 'always',
        metadata: { 'chart-digest': digestOf(content) },
      })
    await put('app-1.0.0.tgz', 'a')
    await put('app-v1.0.0.tgz', 'b')
    await deleteVersions(repository.session(), [{ name: 'app', version: '1.0.0' }])
    assert.deepEqual(await versionsOf(repository, 'app'), ['2.0.0'])
    assert.deepEqual((await repository.bucket.list('charts/app')).objects, [])
  })

  it('removes an entry without a name or with another name by the chart that lists it', async () => {
    const repository = await repositoryWith({
      pgb: [
        { version: '1.0.11', urls: ['pgb-1.0.11.tgz'] },
        { name: '../pgb', version: '1.0.10', urls: ['pgb-1.0.10.tgz'] },
      ],
      '../x': [{ name: 'x', version: '1.0.0' }],
    })
    for (const version of ['1.0.11', '1.0.10']) {
      await repository.bucket.put(asKey(`charts/pgb-${version}.tgz`), Buffer.from(version), { when: 'always' })
      await deleteVersions(repository.session(), [{ name: 'pgb', version }])
      assert.equal(await repository.bucket.head(asKey(`charts/pgb-${version}.tgz`)), undefined)
    }
    await deleteVersions(repository.session(), [{ name: '../x', version: '1.0.0' }])
    assert.deepEqual((await indexOf(repository)).chartNames(), [])
  })

  it('removes the archive of an entry whose digest has a prefix or capitals', async () => {
    const { digest } = upload('app', '1.0.0')
    for (const written of [`sha256:${digest}`, digest.toUpperCase()]) {
      const repository = await repositoryWith({ app: [{ ...entry('app', '1.0.0'), digest: written }] })
      await repository.bucket.put(asKey('charts/app-1.0.0.tgz'), upload('app', '1.0.0').bytes, { when: 'always' })
      await deleteVersions(repository.session(), [{ name: 'app', version: '1.0.0' }])
      assert.equal(await repository.bucket.head(asKey('charts/app-1.0.0.tgz')), undefined)
    }
  })

  it('keeps an archive that another entry names', async () => {
    const repository = await repositoryWith({})
    await repository.push([upload('app', '1.0.0')])
    const digest = upload('app', '1.0.0').digest
    const { base } = await readView(repository.session())
    const alias = { ...entry('old-app', '1.0.0'), digest, urls: ['s3://bucket/charts/app-1.0.0.tgz'] }
    await repository.bucket.put(
      repository.location.indexKey,
      base.index.withCharts(new Map([['old-app', [alias]]])).toBytes(),
      { when: 'always' },
    )
    await deleteVersions(repository.session(), [{ name: 'app', version: '1.0.0' }])
    assert.ok(await repository.bucket.head(asKey('charts/app-1.0.0.tgz')))
    assert.deepEqual(await versionsOf(repository, 'app'), [])
    await deleteVersions(repository.session(), [{ name: 'old-app', version: '1.0.0' }])
    assert.equal(await repository.bucket.head(asKey('charts/app-1.0.0.tgz')), undefined)
  })

  it('removes both entries of a version that is listed twice when a prune selects it, and counts it once', async () => {
    const twice = [entry('app', '1.0.0', 'a'), { ...entry('app', '1.0.0', 'b'), urls: ['app-1.tgz'] }]
    const repository = await repositoryWith({ app: [entry('app', '2.0.0'), ...twice] })
    const rules = {
      keepLast: 1,
      keepPrereleases: undefined,
      isPruned: () => true,
      isKept: () => false,
      isInUse: () => false,
    }
    const { removed } = await prune(repository.session(), {
      rules,
      olderThan: undefined,
      orphanAge: undefined,
      allowManyOrphans: false,
      dryRun: false,
    })
    assert.deepEqual(
      removed.map(({ entry: { version } }) => version),
      ['1.0.0'],
    )
    assert.deepEqual(await versionsOf(repository, 'app'), ['2.0.0'])
  })

  it('writes a delta that readers obey, for random indexes that Helm accepts', async () => {
    await fc.assert(
      fc.asyncProperty(
        ANY_ENTRIES,
        fc.nat(),
        fc.constantFrom('json', 'yaml'),
        fc.boolean(),
        async (charts, choice, form, isFolded) => {
          const repository = await repositoryWith(charts, form)
          const before = await indexOf(repository)
          const all = before
            .chartNames()
            .flatMap((name) => before.items(name).map(({ version }) => ({ name, version })))
          const chosen = all[choice % Math.max(all.length, 1)]
          if (chosen === undefined) return
          await deleteVersions(repository.session(), [chosen])
          if (isFolded)
            await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
          const after = await indexOf(repository)
          const left = after.chartNames().flatMap((name) => after.items(name).map(({ version }) => ({ name, version })))
          const others = all.filter((each) => each.name !== chosen.name || each.version !== chosen.version)
          assert.deepEqual(
            new Set(left.map((each) => JSON.stringify(each))),
            new Set(others.map((each) => JSON.stringify(each))),
          )
        },
      ),
      { seed: 8, numRuns: budget(150) },
    )
  })
})
describe('a delta that removes entries with invalid names or versions', () => {
  it('is obeyed by readers', async () => {
    const repository = await repositoryWith({
      hub: ['1.2.0', '1.0.0.0', ''].map((version) => ({ name: 'hub', version })),
      '../x': [{ version: '1.0.0' }],
    })
    const removed = [
      { name: 'hub', version: '1.0.0.0' },
      { name: 'hub', version: '' },
      { name: '../x', version: '1.0.0', digest: 'a' },
      { name: '../x', version: '1.0.0' },
    ]
    const key = asKey(`charts/index.d/${makeDeltaId(repository.now, new Uint8Array(10))}.yaml`)
    await repository.bucket.put(key, encodeDelta({ added: [], removed }), { when: 'always' })
    const index = await indexOf(repository)
    assert.deepEqual([index.chartNames(), index.versions('hub').map(({ version }) => version)], [['hub'], ['1.2.0']])
  })
})

describe('a reindex', () => {
  it('writes deltas that readers obey, for random indexes that Helm accepts, and changes nothing when it is run again', async () => {
    const options = { relative: undefined, full: false, strict: false, rebuild: false, dryRun: false, concurrency: 4 }
    await fc.assert(
      fc.asyncProperty(ANY_ENTRIES, fc.constantFrom('app-1.0.0.tgz', 'other.tgz', '1.0.0.0'), async (charts, url) => {
        const hub = [
          { name: 'hub', version: '1.0.0.0', urls: [url] },
          { version: 'latest', urls: ['app-1.0.0.tgz'] },
        ]
        const repository = await repositoryWith({
          ...charts,
          hub,
          app: [...(charts['app'] ?? []), { version: '1.0', urls: [url] }],
        })
        await repository.place(upload('app', '1.0.0'))
        await reindexRepository(repository.session(), options)
        assert.deepEqual((await indexOf(repository)).find({ name: 'app', version: '1.0.0' })?.name, 'app')
        repository.pass(120_000)
        assert.deepEqual((await reindexRepository(repository.session(), options)).changes, [])
      }),
      { seed: 11, numRuns: budget(100) },
    )
  })
})

describe('a push over an entry without a name or with another name', () => {
  for (const name of [undefined, '../pgb', '']) {
    it(`finds the version without force, and repairs the entry with force: ${JSON.stringify(name)}`, async () => {
      const known = upload('pgb', '1.0.11')
      const held = {
        ...(name === undefined ? {} : { name }),
        version: '1.0.11',
        urls: ['pgb-1.0.11.tgz'],
        digest: known.digest,
      }
      const repository = await repositoryWith({ pgb: [held] })
      await repository.place(known)
      assert.deepEqual(
        (await repository.push([known])).existing.map(({ version }) => version),
        ['1.0.11'],
      )
      const other = upload('pgb', '1.0.11', 'other')
      for (const chart of [known, other]) {
        await repository.push([chart], { ...WRITE, force: true })
        const entries = (await indexOf(repository)).versions('pgb')
        assert.deepEqual(
          entries.map((each) => [each.name, each.version, each.digest]),
          [['pgb', '1.0.11', chart.digest]],
        )
      }
    })
  }
})

describe('a delta that no reader would obey', () => {
  it('is not sent', async () => {
    const repository = await Repository.initialised()
    const session = repository.session()
    const delta: Delta = { added: [{ entry: entry('app', '1.0.0.0'), ifAbsent: false }], removed: [] }
    await assert.rejects(async () => appendDelta(session, await mint(session), delta), {
      code: 'invalid-chart',
      message:
        'this change cannot be written: its delta has addedEntries of which one has the invalid version "1.0.0.0"',
    })
    assert.ok(!repository.requests.some((request) => request.startsWith('PUT')))
  })

  it('is not written by a push, which is refused without changing the index', async () => {
    const repository = await Repository.initialised()
    await assert.rejects(repository.push([upload('app', '1.0.0.0')], WRITE), { code: 'invalid-chart' })
    assert.deepEqual((await indexOf(repository)).chartNames(), [])
  })
})
