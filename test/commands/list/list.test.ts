import assert from 'node:assert/strict'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'

describe('list', () => {
  const program = useProgram()
  const names = async (...argv: string[]): Promise<string[]> => {
    const { versions } = resultOf('list', await program.ok('list', URI, '-ojson', ...argv)) as {
      versions: { name: string; version: string }[]
    }
    return versions.map(({ name, version }) => `${name} ${version}`)
  }

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  describe('with charts', () => {
    beforeEach(async () => {
      const archives = [
        ['web', '1.2.0'],
        ['web', '1.10.0'],
        ['web', '2.0.0-rc.1'],
        ['app', '0.1.0'],
        ['beta', '1.0.0-b'],
      ] as const
      const paths = []
      for (const [name, version] of archives) paths.push(await program.chart(name, version))
      await program.ok('push', ...paths, URI, '--no-compact')
    })

    it('shows the newest stable version of each chart, also of pending deltas', async () => {
      const lines = (await program.ok('list', URI)).split('\n')
      assert.match(lines[0] ?? '', /^NAME  VERSION  APP VERSION  CREATED {15}DESCRIPTION$/)
      assert.match(lines[1] ?? '', /^app   0\.1\.0 +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/)
      assert.match(lines[2] ?? '', /^web   1\.10\.0 /)
      assert.deepEqual(lines.slice(3), [''])
    })

    it('finds exactly one build for a full version with build metadata', async () => {
      await program.ok('push', await program.chart('web', '1.10.0+b'), URI, '--no-compact')
      for (const flags of [[], ['--all-versions']]) {
        assert.deepEqual(await names('web', '--version=1.10.0+b', ...flags), ['web 1.10.0+b'])
        assert.deepEqual(await names('web', '--version=v1.10.0+b', ...flags), ['web 1.10.0+b'])
        assert.deepEqual(await names('web', '--version=1.10.0+missing', ...flags), [])
      }
      assert.deepEqual((await names('web', '--version=1.10.0', '--all-versions')).sort(), [
        'web 1.10.0',
        'web 1.10.0+b',
      ])
      assert.deepEqual((await names('web', '--version=>=1.10.0+x', '--all-versions')).sort(), [
        'web 1.10.0',
        'web 1.10.0+b',
      ])
      assert.equal(
        await program.ok('list', URI, 'web', '--version=1.10.0+missing'),
        'No charts found: no version satisfies 1.10.0+missing.\n',
      )
    })

    it('is also called ls, and accepts the name of a repository', async () => {
      program.addRepository('stable', URI)
      assert.equal(await program.ok('ls', 'stable'), await program.ok('list', URI))
    })

    it('filters by name and constraint, and shows prereleases with --devel', async () => {
      assert.deepEqual(await names('web', '--all-versions'), ['web 1.10.0', 'web 1.2.0'])
      assert.deepEqual(await names('web', '--all-versions', '--devel'), ['web 2.0.0-rc.1', 'web 1.10.0', 'web 1.2.0'])
      assert.deepEqual(await names('--version=~1.2'), ['web 1.2.0'])
      assert.deepEqual(await names('--devel'), ['app 0.1.0', 'beta 1.0.0-b', 'web 2.0.0-rc.1'])
    })

    it('says why there is nothing to show, and succeeds', async () => {
      for (const [argv, line] of [
        [['nothing'], 'No charts found: there is no chart nothing.'],
        [['beta'], 'No charts found: there are only pre-releases, which --devel shows.'],
        [['--version=>9'], 'No charts found: no version satisfies >9.'],
      ] as const) {
        assert.equal(await program.ok('list', URI, ...argv), `${line}\n`)
        assert.deepEqual(await names(...argv), [])
      }
    })

    it('refuses an invalid constraint', async () => {
      assert.match(await program.fails('list', URI, '--version=newest'), /^Error: improper constraint: newest\nHint: /)
    })
  })

  it('shows an empty repository', async () => {
    assert.equal(await program.ok('list', URI), 'No charts found.\n')
    assert.deepEqual(resultOf('list', await program.ok('list', URI, '-ojson')), { repository: URI, versions: [] })
  })

  it('cuts a long description of several lines to one line in the table, and keeps it whole in JSON', async () => {
    const description = `first\nline\u001b[31m ${'and more '.repeat(10)}`
    const files = {
      'Chart.yaml':
        `apiVersion: v2\nname: app\nversion: 1.0.0\nappVersion: "3.1"\ndeprecated: true\ndescription: ` +
        `${JSON.stringify(description)}\n`,
    }
    await program.ok('push', await program.chart('app', '1.0.0', files), URI)
    assert.match(
      await program.ok('list', URI),
      /\napp   1\.0\.0    3\.1 {10}\S+  first line ?\[31m and more and more and more and m\.\.\.\n$/,
    )
    const { versions } = resultOf('list', await program.ok('list', URI, '-ojson')) as {
      versions: Record<string, unknown>[]
    }
    assert.equal(versions[0]?.['deprecated'], true)
    assert.match(String(versions[0]?.['description']), /^first line.*(and more ?){10}$/)
  })

  it('falls back to index.yaml for a reader who may not list', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    program.fail({
      list: async () => {
        throw new HelmS3Error('denied', 'no s3:ListBucket')
      },
    })
    const { status, stderr, stdout } = await program.run('list', URI)
    assert.equal(status, 0)
    assert.match(stdout, /app +1\.0\.0/)
    assert.match(stderr, /^helm-s3: no permission to list .*the newest charts may be missing\n$/)
  })

  it('fails where there is no repository, and for too many arguments', async () => {
    assert.match(await program.fails('list', 's3://acme/other'), /^Error: there is no index\.yaml/)
    assert.match(
      await program.fails('list', URI, 'app', 'web'),
      /^Error: accepts between 1 and 2 arg\(s\), received 3\n/,
    )
  })
})

describe('entries that Helm skips or knows by another name', () => {
  const program = useProgram()

  it('are listed, fetched and copied as Helm reads them, or by the exact text of their version', async () => {
    await program.ok('init', 's3://acme/copy')
    await program.bucket.put(asKey('charts/app-1.0.0.tgz'), await chartArchive('app', '1.0.0'), { when: 'always' })
    const entry = (version: string, name?: string): object => ({
      ...(name && { name }),
      version,
      urls: ['app-1.0.0.tgz'],
    })
    const entries = { app: [entry('2.0.0'), entry('1.0.0.0', 'app'), entry('1.0.0')], other: [entry('1.0.0', 'app')] }
    await program.bucket.put(asKey('charts/index.yaml'), Buffer.from(JSON.stringify({ apiVersion: 'v1', entries })), {
      when: 'always',
    })
    assert.match(await program.ok('list', 's3://acme/charts'), /^NAME.*\nother +1\.0\.0\n$/)
    assert.match(await program.ok('list', 's3://acme/charts', 'app', '--version=1.0.0.0'), /\napp +1\.0\.0\.0\n/)
    await program.ok('fetch', 'app', 's3://acme/charts', '--version=1.0.0.0', '-d', program.path('out'))
    assert.match(await program.fails('fetch', 'app', 's3://acme/charts', '-d', program.path('out')), /chart app/)
    await program.ok('copy', 'app', 's3://acme/charts', 's3://acme/copy', '--version=1.0.0')
    assert.match(await program.ok('list', 's3://acme/copy'), /\napp +1\.0\.0 /)
  })

  it('are not counted as pre-releases that --devel would show', async () => {
    const entries = { hub: [{ name: 'hub', version: '1.0.0-01', apiVersion: 'v1', urls: ['hub-1.0.0-01.tgz'] }] }
    const put = (more: object): Promise<unknown> =>
      program.bucket.put(
        asKey('charts/index.yaml'),
        Buffer.from(JSON.stringify({ apiVersion: 'v1', entries: { ...entries, ...more } })),
        { when: 'always' },
      )
    await put({})
    for (const flags of [[], ['--all-versions'], ['--devel'], ['hub']])
      assert.equal(await program.ok('list', 's3://acme/charts', ...flags), 'No charts found.\n')
    await put({ app: [{ name: 'app', version: '1.0.0-rc.1', apiVersion: 'v1', urls: ['app-1.0.0-rc.1.tgz'] }] })
    assert.equal(
      await program.ok('list', 's3://acme/charts'),
      'No charts found: there are only pre-releases, which --devel shows.\n',
    )
  })
})
