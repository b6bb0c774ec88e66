import assert from 'node:assert/strict'
import { archiveKey } from '../../../lib/core/keys.ts'
import { archiveMetadata } from '../../../lib/core/object-metadata.ts'
import type { ChartUpload } from '../../../lib/protocol/archives/chart-upload.ts'
import { checkRepository } from '../../../lib/protocol/check/check.ts'
import { compactRepository } from '../../../lib/protocol/base/compact.ts'
import { deleteVersions } from '../../../lib/protocol/remove/delete.ts'
import { readView } from '../../../lib/protocol/read/read-view.ts'
import { reindexRepository } from '../../../lib/protocol/reindex/reindex.ts'
import { Repository, upload } from '../fixture.ts'

/** The archive of each of the two would be `svc-01-0.1.0.tgz`. */
const ONE = upload('svc-01', '0.1.0')
const OTHER = upload('svc', '01-0.1.0')

const REFUSED = {
  code: 'usage',
  message: 'svc 01-0.1.0 and svc-01 0.1.0 would both be svc-01-0.1.0.tgz',
  hint: /^one would replace the other: delete svc-01 0\.1\.0 first, or give svc 01-0\.1\.0 another name or version$/,
}

describe('two charts whose archives would have the same key', () => {
  let repository: Repository
  beforeEach(async () => {
    repository = await Repository.initialised()
  })

  const writes = (): readonly string[] => repository.requests.filter((line) => /^(?:PUT|DELETE)/.test(line))
  const digests = async (): Promise<readonly (string | undefined)[]> => {
    const { index } = await readView(repository.session())
    return [ONE, OTHER].map((each) => index.find(each)?.digest)
  }
  const stored = async (): Promise<string> =>
    String(Buffer.from((await repository.bucket.get(archiveKey(repository.location, ONE)))?.body ?? []))
  /** Puts the archive of a chart without the metadata that tell which chart it is. */
  const placeBare = async (chart: ChartUpload, delta = false): Promise<void> => {
    const key = archiveKey(repository.location, chart)
    const seen = await repository.bucket.head(key)
    await repository.bucket.put(key, chart.bytes, {
      when: 'always',
      metadata: delta && seen?.metadata['delta'] !== undefined ? { delta: seen.metadata['delta'] } : {},
    })
  }

  it('are refused in one push, before any request', async () => {
    for (const force of [false, true]) {
      await assert.rejects(repository.push([ONE, upload('web', '1.0.0'), OTHER], { force }), {
        ...REFUSED,
        hint: /^one would replace the other: push one of them only, or give/,
      })
    }
    assert.deepEqual(repository.requests, [])
  })

  for (const [how, options] of Object.entries({
    'without options': {},
    'with ignoreIfExists': { ignoreIfExists: true },
    'by force': { force: true },
    'in a dry run': { dryRun: true },
    'in a dry run by force': { dryRun: true, force: true },
  })) {
    it(`are refused when one is pushed after the other ${how}, before anything is written`, async () => {
      await repository.push([ONE])
      repository.requests.length = 0
      await assert.rejects(repository.push([upload('web', '1.0.0'), OTHER], options), REFUSED)
      assert.deepEqual(writes(), [])
      assert.deepEqual([await digests(), await stored()], [[ONE.digest, undefined], 'svc-01 0.1.0 a'])
    })

    it(`are refused ${how} when the archive does not say which chart it is`, async () => {
      await repository.push([ONE])
      await placeBare(ONE)
      await assert.rejects(repository.push([OTHER], options), REFUSED)
      assert.equal(await stored(), 'svc-01 0.1.0 a')
    })
  }

  it('are distinguished by the url of the entry, whatever the name and version of its chart are', async () => {
    const named = upload('legacy', '9.9.9')
    await repository.push([named])
    const view = await readView(repository.session())
    const entry = view.index.find(named)
    assert.ok(entry)
    await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
    const text = Buffer.from((await repository.bucket.get(repository.location.indexKey))?.body ?? []).toString()
    await repository.bucket.put(
      repository.location.indexKey,
      Buffer.from(text.replace('legacy-9.9.9.tgz', 's3://bucket/charts/svc%2D01-0.1.0.tgz')),
      { when: 'always' },
    )
    await repository.bucket.put(archiveKey(repository.location, ONE), named.bytes, { when: 'always' })
    for (const force of [false, true]) {
      await assert.rejects(repository.push([OTHER], { force }), {
        code: 'usage',
        message: /^svc 01-0\.1\.0 and legacy 9\.9\.9 would both be/,
      })
    }
  })

  it('can be pushed one after the other once the first is deleted', async () => {
    await repository.push([ONE])
    await deleteVersions(repository.session(), [{ name: ONE.name, version: ONE.version }])
    repository.pass(120_000)
    await repository.push([OTHER])
    assert.deepEqual([await digests(), await stored()], [[undefined, OTHER.digest], 'svc 01-0.1.0 a'])
  })

  it('do not exclude each other when only an entry of the first is left and the archive belongs to the second', async () => {
    await repository.push([ONE])
    await repository.place(OTHER)
    await repository.push([OTHER], { force: true })
    assert.equal(await stored(), 'svc 01-0.1.0 a')
    assert.deepEqual(await digests(), [ONE.digest, OTHER.digest])
    const archives = { full: false, relative: undefined, strict: false, rebuild: false, dryRun: false, concurrency: 4 }
    await reindexRepository(repository.session(), archives)
    assert.deepEqual(await digests(), [undefined, OTHER.digest])
  })

  it('are reported by a check when both have an entry, and a reindex removes the entry that has no archive', async () => {
    await repository.push([OTHER])
    await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
    const key = archiveKey(repository.location, ONE)
    const index = Buffer.from((await repository.bucket.get(repository.location.indexKey))?.body ?? []).toString()
    const [archive] = [await repository.bucket.get(key)]
    await repository.bucket.delete(key)
    await repository.bucket.put(
      repository.location.indexKey,
      Buffer.from(index.replace(/"svc":\[[^]*\n\]/, '').replace(/"entries":\{\s*\}/, '"entries":{}')),
      { when: 'always' },
    )
    await repository.push([ONE])
    await compactRepository(repository.session(), { graceWindow: 300_000, dryRun: false, form: undefined })
    const both = Buffer.from((await repository.bucket.get(repository.location.indexKey))?.body ?? []).toString()
    const chart = /"svc":\[[^]*\n\]/.exec(index)?.[0]
    assert.ok(archive !== undefined && chart !== undefined)
    await repository.bucket.put(
      repository.location.indexKey,
      Buffer.from(both.replace('"svc-01":[', `${chart.replaceAll('2023', '2024')},\n"svc-01":[`)),
      { when: 'always' },
    )
    assert.deepEqual(await digests(), [ONE.digest, OTHER.digest])
    const { findings } = await checkRepository(repository.session(), { deep: false, probe: false, concurrency: 4 })
    assert.deepEqual(
      findings.filter(({ code }) => code === 'archive-digest-mismatch').map(({ name }) => name),
      ['svc'],
    )
    await reindexRepository(repository.session(), {
      full: false,
      relative: undefined,
      strict: false,
      rebuild: false,
      dryRun: false,
      concurrency: 4,
    })
    assert.deepEqual(await digests(), [ONE.digest, undefined])
  })

  for (const force of [false, true]) {
    it(`wait for one another when they are pushed at the same moment${force ? ' by force' : ''}, and the second is refused`, async () => {
      let release = (): void => undefined
      const held = new Promise<void>((resolve) => (release = resolve))
      const slow = repository.session({
        put: async (key, ...rest) => {
          if (key.includes('index.d/')) await held
          return repository.bucket.put(key, ...rest)
        },
      })
      const first = repository.push([ONE], {}, slow)
      while ((await stored()) === '') await new Promise((resolve) => setImmediate(resolve))
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
      await assert.rejects(repository.push([OTHER], { force }, patient), REFUSED)
      assert.deepEqual([await digests(), await stored()], [[ONE.digest, undefined], 'svc-01 0.1.0 a'])
    })
  }

  it('can be pushed over the archive of an interrupted push of the other after a wait, with and without force', async () => {
    for (const force of [false, true]) {
      const dead = archiveMetadata({ metadata: ONE.metadata, digest: ONE.digest, delta: undefined })
      await repository.bucket.put(archiveKey(repository.location, ONE), ONE.bytes, { when: 'always', metadata: dead })
      const at = repository.now
      await repository.push([OTHER], { force })
      assert.ok(repository.now - at >= 89_000)
      assert.deepEqual([await digests(), await stored()], [[undefined, OTHER.digest], 'svc 01-0.1.0 a'])
      await deleteVersions(repository.session(), [{ name: OTHER.name, version: OTHER.version }])
      repository.pass(120_000)
    }
  })

  it(
    'cost a forced push no additional request when the archive belongs to its chart, and a view when the archive does not ' +
      'say what it is',
    async () => {
      await repository.push([ONE])
      const newer = upload('svc-01', '0.1.0', 'b')
      repository.requests.length = 0
      await repository.push([newer], { force: true })
      const usual = [...repository.requests]
      assert.deepEqual(usual.slice(0, 5), [
        'GET index.d/config.json',
        'HEAD index.yaml',
        'HEAD svc-01-0.1.0.tgz',
        'LIST index.d/',
        'GET index.d/ULID.yaml',
      ])
      await placeBare(newer, true)
      repository.pass(120_000)
      repository.requests.length = 0
      await repository.push([upload('svc-01', '0.1.0', 'c')], { force: true })
      const lists = (requests: readonly string[]): number => requests.filter((line) => line.startsWith('LIST')).length
      assert.equal(lists(repository.requests), lists(usual) + 1)
    },
  )
})
