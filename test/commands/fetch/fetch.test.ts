import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { asKey } from '../../../lib/core/keys.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { resultOf } from '../../support/json-schema.ts'
import { leaveDraft, letAge } from '../../support/left-drafts.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'

describe('fetch', () => {
  const program = useProgram()
  const folder = (...parts: string[]): string => program.path('out', ...parts)
  const written = (): string[] => (existsSync(folder()) ? readdirSync(folder()).sort() : [])
  const sources = new Map<string, string>()

  beforeEach(async () => {
    await program.ok('init', URI)
    for (const version of ['1.0.0', '1.2.0', '1.10.0', '2.0.0-rc.1'])
      sources.set(version, await program.chart('app', version))
    writeFileSync(`${sources.get('1.2.0') ?? ''}.prov`, 'signed')
    await program.ok('push', ...sources.values(), URI, '--no-compact')
  })

  it('writes the newest stable version, also of pending deltas, and prints nothing', async () => {
    assert.equal(await program.ok('fetch', 'app', URI, '-d', folder()), '')
    assert.deepEqual(written(), ['app-1.10.0.tgz'])
    assert.ok(readFileSync(folder('app-1.10.0.tgz')).equals(readFileSync(sources.get('1.10.0') ?? '')))
  })

  for (const [flags, file] of [
    [['--version=1.2.0'], 'app-1.2.0.tgz'],
    [['--version', '~1.2'], 'app-1.2.0.tgz'],
    [['--version=<1.5'], 'app-1.2.0.tgz'],
    [['--devel'], 'app-2.0.0-rc.1.tgz'],
    [['--devel', '--version=1.0.0'], 'app-1.0.0.tgz'],
  ] as const) {
    it(`resolves ${flags.join(' ')}`, async () => {
      await program.ok('pull', 'app', URI, ...flags, `--destination=${folder()}`)
      assert.deepEqual(written(), [file])
    })
  }

  it('takes exactly the build that --version names, and says which build it took when the version has none', async () => {
    for (const version of ['3.0.0+b1', '3.0.0+b2'])
      await program.ok('push', await program.chart('app', version), URI, '--no-compact')
    await program.ok('fetch', 'app', URI, '--version=3.0.0+b1', '-d', folder())
    assert.deepEqual(written(), ['app-3.0.0+b1.tgz'])
    assert.match(
      await program.fails('fetch', 'app', URI, '--version=3.0.0+missing', '-d', folder()),
      /chart app version 3\.0\.0\+missing not found in index/,
    )
    const { status, stderr } = await program.run('fetch', 'app', URI, '--version=3.0.0', '-d', folder())
    assert.equal(status, 0)
    assert.match(stderr, /^helm-s3: app 3\.0\.0 does not exist; took 3\.0\.0\+b\d, as Helm does\n$/)
  })

  it('overwrites an existing file, as Helm does', async () => {
    mkdirSync(folder())
    writeFileSync(folder('app-1.0.0.tgz'), 'old')
    await program.ok('fetch', 'app', URI, '--version=1.0.0', '-d', folder())
    assert.ok(readFileSync(folder('app-1.0.0.tgz')).length > 100)
  })

  for (const [how, flags] of [
    ['whole', []],
    ['unpacked', ['--untar']],
  ] as const) {
    it(`removes old drafts of killed runs from the folder, and nothing else: ${how}`, async () => {
      mkdirSync(folder('.app-1.0.0.tgz.backup'), { recursive: true })
      const [left, fresh] = [leaveDraft(folder()), leaveDraft(folder())]
      letAge(left, folder('.app-1.0.0.tgz.backup'))
      await program.ok('fetch', 'app', URI, '--version=1.0.0', ...flags, '-d', folder())
      const fetched = how === 'whole' ? 'app-1.0.0.tgz' : 'app'
      assert.deepEqual(written(), ['.app-1.0.0.tgz.backup', basename(fresh), fetched])
    })
  }

  it('fetches the provenance file when asked to, and says when there is none', async () => {
    await program.ok('fetch', 'app', URI, '--version=1.2.0', '--prov', '-d', folder())
    assert.deepEqual(written(), ['app-1.2.0.tgz', 'app-1.2.0.tgz.prov'])
    const { status, stderr } = await program.run('fetch', 'app', URI, '--version=1.0.0', '--prov', '-d', folder())
    assert.deepEqual([status, stderr], [0, 'helm-s3: app 1.0.0 has no provenance file\n'])
  })

  it('unpacks when asked to, and refuses to unpack over something', async () => {
    await program.ok('fetch', 'app', URI, '--version=1.0.0', '--untar', '-d', folder())
    assert.deepEqual(written(), ['app'])
    assert.deepEqual(readdirSync(folder('app')).sort(), ['Chart.yaml', 'values.yaml'])
    assert.match(readFileSync(folder('app', 'Chart.yaml'), 'utf8'), /^version: 1\.0\.0$/m)
    assert.match(
      await program.fails('fetch', 'app', URI, '--untar', '-d', folder()),
      /^Error: failed to untar: a file or directory with the name .*app already exists\n/,
    )
    assert.match(readFileSync(folder('app', 'Chart.yaml'), 'utf8'), /^version: 1\.0\.0$/m)
  })

  it('fails for a missing chart, and for a missing version with the available ones', async () => {
    assert.equal(await program.fails('fetch', 'nope', URI), 'Error: chart nope not found in index\n')
    const stderr = await program.fails('fetch', 'app', URI, '--version=^9')
    assert.equal(
      stderr,
      'Error: chart app version ^9 not found in index\nHint: available: 2.0.0-rc.1, 1.10.0, 1.2.0, 1.0.0\n',
    )
  })

  it('writes nothing when the archive has another digest than the entry', async () => {
    await program.bucket.put(asKey('charts/app-1.0.0.tgz'), Buffer.from('other'), { when: 'always' })
    const stderr = await program.fails('fetch', 'app', URI, '--version=1.0.0', '-d', folder())
    assert.match(
      stderr,
      /^Error: the archive of app 1\.0\.0 is not what the index promises: SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}\n/,
    )
    assert.deepEqual(written(), [])
  })

  it('reads the archive again when it does not match the entry, as in the middle of a push --force', async () => {
    const other = await program.chart('app', '1.0.0', { 'values.yaml': 'replicas: 3\n' })
    let reads = 0
    const { bucket } = program
    program.fail({
      get: async (key, options) => {
        const object = await bucket.get(key, options)
        if (!key.endsWith('.tgz') || object === undefined || reads++ > 0) return object
        return { ...object, body: readFileSync(other) }
      },
    })
    await program.ok('fetch', 'app', URI, '--version=1.0.0', '-d', folder())
    assert.deepEqual(written(), ['app-1.0.0.tgz'])
  })

  it('names the missing archive of an entry', async () => {
    await program.bucket.delete(asKey('charts/app-1.0.0.tgz'))
    const stderr = await program.fails('fetch', 'app', URI, '--version=1.0.0', '-d', folder())
    assert.match(
      stderr,
      /^Error: the archive of app 1\.0\.0 is not there: s3:\/\/acme\/charts\/app-1\.0\.0\.tgz\nHint: /,
    )
  })

  it('connects to the endpoint of the repository, whatever query the url of an entry has', async () => {
    const archive = readFileSync(sources.get('1.0.0') ?? '')
    const evil = '?endpoint=http://evil.example&profile=admin'
    const entryAt = (url: string, version: string): object => ({
      apiVersion: 'v2',
      name: 'lib',
      version,
      urls: [url],
      created: '2026-01-01T00:00:00Z',
      digest: sha256(archive),
    })
    const entries = {
      lib: [
        entryAt(`s3://acme/charts/app-1.0.0.tgz${evil}`, '2.0.0'),
        entryAt(`s3://elsewhere/app-1.0.0.tgz${evil}`, '1.0.0'),
      ],
    }
    await program.bucket.put(asKey('lib/index.yaml'), Buffer.from(JSON.stringify({ apiVersion: 'v1', entries })), {
      when: 'always',
    })
    program.opened.length = 0
    await program.ok('fetch', 'lib', 's3://acme/lib?endpoint=http://lab.example', '-d', folder())
    // The url names another bucket, which is looked for at the same endpoint.
    assert.match(
      await program.fails(
        'fetch',
        'lib',
        's3://acme/lib?endpoint=http://lab.example',
        '--version=1.0.0',
        '-d',
        folder(),
      ),
      /there is no bucket elsewhere/,
    )
    const reached = program.opened.map(
      ({ bucket, connection }) => `${bucket} ${connection.endpoint ?? 'AWS'} ${connection.profile ?? '-'}`,
    )
    assert.deepEqual(reached, [
      'acme http://lab.example -',
      'acme http://lab.example -',
      'elsewhere http://lab.example -',
    ])
  })

  it('prints JSON when asked to', async () => {
    const result = resultOf(
      'fetch',
      await program.ok('fetch', 'app', URI, '--version=1.2.0', '--prov', '-d', folder(), '-ojson'),
    )
    const file = folder('app-1.2.0.tgz')
    const digest = sha256(readFileSync(sources.get('1.2.0') ?? ''))
    assert.deepEqual(result, {
      repository: URI,
      name: 'app',
      version: '1.2.0',
      digest,
      file,
      provenance: `${file}.prov`,
      directory: null,
    })
    assert.equal(basename(file), 'app-1.2.0.tgz')
  })
})
