import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'

describe('delete', () => {
  const program = useProgram()
  const archives = async (): Promise<string[]> =>
    (await program.keys('charts/app-')).map((key) => key.slice('charts/'.length))

  beforeEach(async () => {
    await program.ok('init', URI)
    const paths = [
      await program.chart('app', '1.0.0'),
      await program.chart('app', '1.1.0'),
      await program.chart('app', '2.0.0'),
    ]
    await program.ok('push', ...paths, URI)
  })

  it('removes a version from index and bucket', async () => {
    assert.equal(
      await program.ok('delete', 'app', '--version', '1.1.0', URI),
      'Successfully deleted the chart from the repository.\n',
    )
    assert.deepEqual(await archives(), ['app-1.0.0.tgz', 'app-2.0.0.tgz'])
    assert.ok(!(await program.text('charts/index.yaml')).includes('app-1.1.0.tgz'))
  })

  it('deletes several versions, given by repeated flags or in lists, each once', async () => {
    const stdout = await program.ok('del', 'app', URI, '--version= 1.0.0 ,,2.0.0', '--version=1.0.0')
    assert.equal(stdout, 'Successfully deleted 2 chart versions from the repository.\n')
    assert.deepEqual(await archives(), ['app-1.1.0.tgz'])
  })

  it('counts versions after removing duplicates', async () => {
    const stdout = await program.ok('delete', 'app', URI, '--version=1.0.0,1.0.0')
    assert.equal(stdout, 'Successfully deleted the chart from the repository.\n')
  })

  it('does nothing when one of the versions is missing', async () => {
    const stderr = await program.fails('delete', 'app', URI, '--version=1.0.0', '--version=9.9.9')
    assert.equal(stderr, 'Error: chart app version 9.9.9 not found in index\nHint: nothing was deleted\n')
    assert.equal((await archives()).length, 3)
  })

  it('requires a version that is not empty', async () => {
    assert.equal(await program.fails('delete', 'app', URI), 'Error: required flag(s) "version" not set\n')
    for (const empty of ['--version=', '--version= , ']) {
      assert.equal(
        await program.fails('delete', 'app', URI, empty),
        'Error: at least one non-empty --version is required\n',
      )
    }
  })

  it("removes the version from Helm's local index", async () => {
    const index = (await program.object('charts/index.yaml'))?.body
    program.addRepository('stable', URI, Buffer.from(index ?? []).toString())
    await program.ok('delete', 'app', 'stable', '--version=1.1.0')
    const cached = readFileSync(program.path('cache', 'stable-index.yaml'), 'utf8')
    assert.ok(cached.includes('2.0.0') && !cached.includes('app-1.1.0.tgz'))
  })

  it('deletes all versions of a chart with --all, and lists them in a dry run', async () => {
    const before = await program.keys()
    assert.equal(
      await program.ok('delete', 'app', URI, '--all', '--dry-run'),
      'Would delete:\n  app 2.0.0\n  app 1.1.0\n  app 1.0.0\n',
    )
    assert.deepEqual(await program.keys(), before)
    assert.equal(
      await program.ok('delete', 'app', URI, '--all'),
      'Successfully deleted 3 chart versions from the repository.\n',
    )
    assert.deepEqual(await archives(), [])
  })

  it('fails for an unknown chart, and ignores it with --ignore-missing', async () => {
    const before = await program.keys()
    for (const flags of [['--all'], ['--all', '--dry-run']]) {
      assert.equal(
        await program.fails('delete', 'nothing', URI, ...flags),
        'Error: chart nothing not found in index\nHint: nothing was deleted\n',
      )
    }
    assert.equal(await program.ok('delete', 'nothing', URI, '--all', '--ignore-missing'), 'Nothing to delete.\n')
    assert.deepEqual(await program.keys(), before)
    assert.equal((await program.run('delete', 'nothing', URI, '--all', '--exit-codes=fine')).status, 4)
    assert.match(
      await program.ok('delete', 'app', URI, '--all', '--ignore-missing'),
      /^Successfully deleted 3 chart versions/,
    )
  })

  it('skips missing versions with --ignore-missing', async () => {
    const stdout = await program.ok('delete', 'app', URI, '--version=1.0.0,9.9.9', '--ignore-missing')
    assert.equal(stdout, 'Successfully deleted the chart from the repository.\n')
    assert.deepEqual(await archives(), ['app-1.1.0.tgz', 'app-2.0.0.tgz'])
    assert.match(
      await program.fails('delete', 'app', URI, '--version=9.9.9', '--dry-run'),
      /9\.9\.9 not found in index/,
    )
  })

  it('refuses --all together with --version before it writes anything', async () => {
    const before = await program.keys()
    assert.match(
      await program.fails('delete', 'app', URI, '--all', '--version=1.0.0'),
      /^Error: --all and --version cannot be given together/,
    )
    assert.deepEqual(await program.keys(), before)
  })

  describe('of a version whose archive may stay in the bucket', () => {
    const KEY = 'charts/app-1.0.0.tgz'
    const LINE = (why: string): string =>
      `helm-s3: removed from the index, and still in the bucket: ${KEY} (${why}); if it is that chart, wait an ` +
      `hour: \`helm s3 compact ${URI}\` and then \`helm s3 reindex ${URI}\` add it, or \`helm s3 prune ${URI} ` +
      `--orphans\` removes it; otherwise delete the object\n`
    const remove = async (...flags: string[]): Promise<string> => {
      const { status, stderr, stdout } = await program.run('delete', 'app', URI, '--version=1.0.0', ...flags)
      assert.deepEqual(
        [status, stdout],
        [0, flags.length > 0 ? '' : 'Successfully deleted the chart from the repository.\n'],
      )
      return stderr
    }
    const edit = async (change: (line: string) => string): Promise<void> => {
      const lines = (await program.text('charts/index.yaml')).split('\n')
      const text = lines.map((line) => (line.includes('"version":"1.0.0"') ? change(line) : line)).join('\n')
      await program.bucket.put(asKey('charts/index.yaml'), Buffer.from(text), { when: 'always' })
    }
    const replace = async (text = 'other'): Promise<unknown> =>
      program.bucket.put(asKey(KEY), await chartArchive('app', '1.0.0', { 'NOTES.txt': text }), { when: 'always' })

    it('says that the bytes do not match the digest, and both remedies that it names work', async () => {
      for (const [way, left] of [
        ['reindex', true],
        ['prune', false],
      ] as const) {
        await replace(way)
        assert.equal(await remove(), LINE('the bytes do not match the digest in the index'))
        assert.ok((await archives()).includes('app-1.0.0.tgz'))
        program.pass(2 * 3_600_000)
        if (way === 'reindex') await program.ok('compact', URI)
        await program.ok(way, URI, ...(way === 'prune' ? ['--orphans', '--allow-many-orphans'] : []))
        await program.ok('compact', URI)
        assert.equal((await program.text('charts/index.yaml')).includes('app-1.0.0.tgz'), left)
        assert.equal((await archives()).includes('app-1.0.0.tgz'), left)
      }
    })

    it('says that the entry has an invalid digest; with an entry without any digest it deletes the archive', async () => {
      await edit((line) => line.replace(/"digest":"[0-9a-f]{64}"/, '"digest":"abc"'))
      assert.equal(await remove(), LINE('the index has no digest that proves what it is'))
      program.pass(2 * 3_600_000)
      await program.ok('compact', URI)
      await program.ok('reindex', URI)
      await program.ok('compact', URI)
      await edit((line) => line.replace(/,"digest":"[0-9a-f]{64}"/, ''))
      assert.equal(await remove(), '')
      assert.deepEqual(await archives(), ['app-1.1.0.tgz', 'app-2.0.0.tgz'])
    })

    it('says to delete the object by hand when the archive is not named after its chart', async () => {
      await edit((line) => line.replace(/app-1\.0\.0\.tgz/, 'mine.tgz'))
      await program.bucket.put(asKey('charts/mine.tgz'), Buffer.from('other'), { when: 'always' })
      assert.match(
        await remove(),
        /still in the bucket: charts\/mine\.tgz \(.*\); delete the object if nobody needs it\n$/,
      )
    })

    it('says nothing about an archive without metadata, because it deletes that', async () => {
      await program.bucket.put(asKey(KEY), (await program.object(KEY))?.body ?? Buffer.alloc(0), { when: 'always' })
      assert.equal(await remove(), '')
      assert.deepEqual(await archives(), ['app-1.1.0.tgz', 'app-2.0.0.tgz'])
    })

    it('says nothing when another entry has the right digest, or with --quiet', async () => {
      await edit(
        (line) =>
          `${line
            .replace('"version":"1.0.0"', '"version":"0.9.0"')
            .replace(/"digest":"[0-9a-f]{64}"/, `"digest":"${'0'.repeat(64)}"`)
            .replace(/,?$/, ',')}\n${line}`,
      )
      await program.ok('delete', 'app', URI, '--all')
      assert.deepEqual(await archives(), [])
      await program.ok('push', await program.chart('app', '1.0.0'), URI)
      await replace()
      assert.equal(await remove('--quiet'), '')
    })

    it('says nothing when a push --force has written the archive and not yet its delta', async () => {
      const path = program.path('other.tgz')
      writeFileSync(path, await chartArchive('app', '1.0.0', { 'NOTES.txt': 'other' }))
      let said: string | undefined
      program.fail({
        put: async (key, body, options) => {
          if (said === undefined && key.startsWith('charts/index.d/')) {
            program.fail({})
            said = await remove()
          }
          return program.bucket.put(key, body, options)
        },
      })
      await program.ok('push', path, URI, '--force')
      assert.equal(said, '')
      assert.ok((await program.text('charts/index.yaml')).includes('app-1.0.0.tgz'))
    })
  })

  it('prints JSON when asked to', async () => {
    const result = resultOf('delete', await program.ok('delete', 'app', URI, '--version=1.0.0', '-ojson')) as Record<
      string,
      unknown
    >
    assert.match(String(result['delta']), /^[0-9A-Z]{26}$/)
    const removed = [{ name: 'app', version: '1.0.0' }]
    assert.deepEqual(result, { repository: URI, dryRun: false, delta: result['delta'], removed, keptArchives: [] })
  })
})
