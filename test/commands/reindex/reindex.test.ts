import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { type TestProgram, useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const DONE = `Repository ${URI} was successfully reindexed.\n`

interface HelmIndex {
  readonly entries: Readonly<
    Record<
      string,
      readonly {
        readonly version: string
        readonly urls: readonly string[]
        readonly digest: string
        readonly created: string
      }[]
    >
  >
}

/** What the getter gives Helm. */
async function merged(program: TestProgram): Promise<HelmIndex['entries']> {
  return (JSON.parse(await program.ok('download', '', '', '', `${URI}/index.yaml`)) as HelmIndex).entries
}

/** `name version` of each entry. */
async function versions(program: TestProgram): Promise<string[]> {
  return Object.entries(await merged(program)).flatMap(([name, list]) =>
    list.map(({ version }) => `${name} ${version}`),
  )
}

function put(
  program: TestProgram,
  key: string,
  body: Uint8Array | string,
  metadata: Record<string, string> = {},
): Promise<unknown> {
  return program.bucket.put(asKey(`charts/${key}`), Buffer.from(body), { when: 'always', metadata })
}

describe('reindex', () => {
  const program = useProgram()
  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('adds archives without an entry, whatever their file name, and lists them', async () => {
    await put(program, 'app-1.0.0.tgz', await chartArchive('app', '1.0.0'))
    await put(program, 'whatever.tgz', await chartArchive('web', '2.0.0'))
    assert.equal(
      await program.ok('reindex', URI),
      `Added app 1.0.0 (app-1.0.0.tgz)\nAdded web 2.0.0 (whatever.tgz)\n${DONE}`,
    )
    assert.deepEqual(await versions(program), ['app 1.0.0', 'web 2.0.0'])
    assert.deepEqual((await merged(program))['web']?.[0]?.urls, [`${URI}/whatever.tgz`])
    assert.match(await program.text('charts/index.yaml'), /whatever\.tgz/)
  })

  it('adds archives directly below the prefix only', async () => {
    for (const key of [
      'charts/sub/app-1.0.0.tgz',
      'charts-app-1.0.0.tgz',
      'charts/app-1.0.0.tar.gz',
      'charts/.tgz',
      'other/app-1.0.0.tgz',
    ]) {
      await program.bucket.put(asKey(key), await chartArchive('app', '1.0.0'), { when: 'always' })
    }
    assert.equal(await program.ok('reindex', URI), DONE)
    assert.deepEqual(await versions(program), [])
  })

  it('prints one line, opens no archive and writes nothing when index and archives agree', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), await program.chart('app', '1.1.0'), URI)
    const before = (await program.bucket.list('')).objects
    program.fail({ put: neverAsked, head: neverAsked })
    assert.equal(await program.ok('reindex', URI), DONE)
    assert.deepEqual((await program.bucket.list('')).objects, before)
  })

  it('removes entries whose archive is missing', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), await program.chart('app', '1.1.0'), URI)
    await program.bucket.delete(asKey('charts/app-1.0.0.tgz'))
    assert.equal(await program.ok('reindex', URI), `Removed app 1.0.0 (app-1.0.0.tgz)\n${DONE}`)
    assert.deepEqual(await versions(program), ['app 1.1.0'])
  })

  it('replaces an entry that has another digest than its archive', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    const other = await chartArchive('app', '1.0.0', { 'values.yaml': 'other: true\n' })
    await put(program, 'app-1.0.0.tgz', other)
    assert.equal(await program.ok('reindex', URI, '--full'), `Replaced app 1.0.0 (app-1.0.0.tgz)\n${DONE}`)
    assert.equal((await merged(program))['app']?.[0]?.digest, sha256(other))
  })

  it('keeps the date of an entry, and gives a new entry the date of its archive', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    const before = (await merged(program))['app']?.[0]?.created
    await put(program, 'web-1.0.0.tgz', await chartArchive('web', '1.0.0'))
    await program.ok('reindex', URI, '--full')
    const { app, web } = await merged(program)
    assert.equal(app?.[0]?.created, before)
    assert.equal(Date.parse(web?.[0]?.created ?? ''), (await program.object('charts/web-1.0.0.tgz'))?.lastModified)
  })

  it('leaves an entry alone whose https url leads outside the bucket', async () => {
    const elsewhere = 'https://example.org/app-1.0.0.tgz'
    const entry = {
      name: 'app',
      version: '1.0.0',
      apiVersion: 'v2',
      urls: [elsewhere],
      created: '2026-01-01T00:00:00Z',
      digest: 'a'.repeat(64),
    }
    await put(program, 'index.yaml', JSON.stringify({ apiVersion: 'v1', entries: { app: [entry] } }))
    assert.equal(await program.ok('reindex', URI), DONE)
    await put(program, 'app-1.0.0.tgz', await chartArchive('app', '1.0.0'))
    assert.equal(await program.ok('reindex', URI, '--full'), DONE)
    assert.deepEqual((await merged(program))['app']?.[0]?.urls, [elsewhere])
  })

  it('changes the url of an entry that still names the bucket from which the repository was copied', async () => {
    const archive = await chartArchive('app', '1.0.0')
    const entry = {
      name: 'app',
      version: '1.0.0',
      apiVersion: 'v2',
      urls: ['s3://old/charts/app-1.0.0.tgz'],
      created: '2026-01-01T00:00:00Z',
      digest: sha256(archive),
    }
    await put(program, 'index.yaml', JSON.stringify({ apiVersion: 'v1', entries: { app: [entry] } }))
    await put(program, 'app-1.0.0.tgz', archive)
    assert.equal(await program.ok('reindex', URI), `Replaced app 1.0.0 (app-1.0.0.tgz)\n${DONE}`)
    const [taken] = (await merged(program))['app'] ?? []
    assert.deepEqual([taken?.urls, taken?.created], [[`${URI}/app-1.0.0.tgz`], entry.created])
  })

  it('writes relative urls with --relative, also for existing entries', async () => {
    await program.ok('push', await program.chart('app', '1.0.0+b'), URI)
    await put(program, 'web-1.0.0.tgz', await chartArchive('web', '1.0.0'))
    await program.ok('reindex', URI, '--relative')
    const { app, web } = await merged(program)
    assert.deepEqual([app?.[0]?.urls, web?.[0]?.urls], [['app-1.0.0%2Bb.tgz'], ['web-1.0.0.tgz']])
    assert.equal(await program.ok('reindex', URI, '--relative'), DONE)
    assert.equal(await program.ok('reindex', URI), DONE)
  })

  it('names every archive that cannot be indexed, leaves it out, and succeeds', async () => {
    await put(program, 'app-1.0.0.tgz', await chartArchive('app', '1.0.0'))
    await put(program, 'empty.tgz', '')
    await put(program, 'text.tgz', 'hello')
    const { status, stdout, stderr } = await program.run('reindex', URI)
    assert.deepEqual([status, stdout], [0, `Added app 1.0.0 (app-1.0.0.tgz)\n${DONE}`])
    assert.match(
      stderr,
      /^\[ERROR\] failed to add chart to the index: charts\/empty\.tgz: .+\n\[ERROR\] failed to add chart to the index: charts\/text\.tgz: .+\n$/,
    )
  })

  it('fails and writes nothing with --strict when an archive cannot be indexed', async () => {
    await put(program, 'app-1.0.0.tgz', await chartArchive('app', '1.0.0'))
    await put(program, 'text.tgz', 'hello')
    program.fail({ put: neverAsked })
    assert.match(
      await program.fails('reindex', URI, '--strict'),
      /^Error: 1 archive cannot be indexed:\n {2}charts\/text\.tgz: .+\nHint: nothing was written/,
    )
    program.fail({})
    await program.bucket.delete(asKey('charts/text.tgz'))
    assert.equal(await program.ok('reindex', URI, '--strict'), `Added app 1.0.0 (app-1.0.0.tgz)\n${DONE}`)
  })

  it('takes the archive called NAME-VERSION.tgz of two archives of one version, and names the other', async () => {
    await put(program, 'aaa.tgz', await chartArchive('app', '1.0.0', { 'values.yaml': 'a: 1\n' }))
    await put(program, 'app-1.0.0.tgz', await chartArchive('app', '1.0.0'))
    const { stdout, stderr } = await program.run('reindex', URI)
    assert.equal(stdout, `Added app 1.0.0 (app-1.0.0.tgz)\n${DONE}`)
    assert.equal(
      stderr,
      '[ERROR] failed to add chart to the index: charts/aaa.tgz: it is app 1.0.0, which charts/app-1.0.0.tgz is ' +
        'already\n',
    )
  })

  it('replaces the entry of a key that now holds another version, as old clients leave it', async () => {
    await put(program, 'app.tgz', await chartArchive('app', '1.0.0'))
    await program.ok('reindex', URI)
    await put(program, 'app.tgz', await chartArchive('app', '1.1.0'))
    assert.equal(
      await program.ok('reindex', URI, '--full'),
      `Added app 1.1.0 (app.tgz)\nRemoved app 1.0.0 (app.tgz)\n${DONE}`,
    )
    assert.deepEqual(await versions(program), ['app 1.1.0'])
  })

  it('does not add a version again that was just deleted', async () => {
    const path = await program.chart('app', '1.0.0')
    await program.ok('push', path, URI)
    await program.ok('delete', 'app', URI, '--version=1.0.0')
    await put(program, 'app-1.0.0.tgz', readFileSync(path))
    assert.equal(
      await program.ok('reindex', URI),
      `Skipped (it is being changed, or was just deleted): charts/app-1.0.0.tgz; run again in a few minutes\n${DONE}`,
    )
    assert.deepEqual(await versions(program), [])
  })

  it('only says what it would do in a dry run', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    await program.bucket.delete(asKey('charts/app-1.0.0.tgz'))
    await put(program, 'web-1.0.0.tgz', await chartArchive('web', '1.0.0'))
    program.fail({ put: neverAsked, delete: neverAsked })
    assert.equal(
      await program.ok('reindex', URI, '--dry-run'),
      `Would add web 1.0.0 (web-1.0.0.tgz)\nWould remove app 1.0.0 (app-1.0.0.tgz)\nRepository ${URI} was not ` +
        `changed: this was a dry run.\n`,
    )
  })

  it('names each file that it adds with --verbose, as the Go plugin does', async () => {
    await put(program, 'app-1.0.0.tgz', await chartArchive('app', '1.0.0'))
    const { stdout } = await program.run('reindex', URI, '--verbose')
    assert.equal(stdout, `[DEBUG] Adding app-1.0.0.tgz to index.\nAdded app 1.0.0 (app-1.0.0.tgz)\n${DONE}`)
  })

  it('cuts a list of more than 20 changes short', async () => {
    for (let i = 0; i < 25; i++)
      await put(program, `app-1.0.${String(i)}.tgz`, await chartArchive('app', `1.0.${String(i)}`))
    assert.match(
      await program.ok('reindex', URI, '--concurrency=1'),
      /\nAdded 5 more; --verbose names them\.\nRepository/,
    )
  })

  it('does not write index.yaml with --no-compact', async () => {
    await put(program, 'app-1.0.0.tgz', await chartArchive('app', '1.0.0'))
    await program.ok('reindex', URI, '--no-compact')
    assert.doesNotMatch(await program.text('charts/index.yaml'), /app/)
    assert.deepEqual(await versions(program), ['app 1.0.0'])
  })

  it("changes Helm's local copy of the index, too", async () => {
    program.addRepository('stable', URI)
    await put(program, 'app-1.0.0.tgz', await chartArchive('app', '1.0.0'))
    assert.match(await program.ok('reindex', 'stable'), /Repository stable was successfully reindexed\.\n$/)
    assert.match(readFileSync(program.path('cache', 'stable-index.yaml'), 'utf8'), /app-1\.0\.0\.tgz/)
  })

  it('prints JSON when asked to', async () => {
    await program.ok('push', await program.chart('old', '1.0.0'), URI)
    await program.bucket.delete(asKey('charts/old-1.0.0.tgz'))
    const archive = await chartArchive('app', '1.0.0')
    await put(program, 'app-1.0.0.tgz', archive)
    const oldDigest = (await merged(program))['old']?.[0]?.digest
    const result = resultOf('reindex', await program.ok('reindex', URI, '-o', 'json')) as Record<string, unknown>
    assert.deepEqual(result, {
      repository: URI,
      dryRun: false,
      broken: null,
      rebuilt: false,
      archives: 1,
      opened: 1,
      added: [{ name: 'app', version: '1.0.0', digest: sha256(archive), key: 'charts/app-1.0.0.tgz' }],
      replaced: [],
      removed: [{ name: 'old', version: '1.0.0', digest: oldDigest, key: 'charts/old-1.0.0.tgz' }],
      skipped: [],
      left: [],
      deltas: result['deltas'],
    })
    assert.equal((result['deltas'] as string[]).length, 1)
  })

  for (const [flag, message] of [
    ['--concurrency=0', /^Error: invalid argument "0" for "--concurrency" flag/],
    ['--concurrency=257', /^Error: invalid argument "257" for "--concurrency" flag/],
    ['--concurrency=many', /^Error: invalid argument "many" for "--concurrency" flag/],
    ['--force', /^Error: unknown flag: --force\n/],
  ] as const) {
    it(`refuses ${flag} before it sends a request`, async () => {
      program.fail({ list: neverAsked, get: neverAsked, head: neverAsked, put: neverAsked })
      assert.match(await program.fails('reindex', URI, flag), message)
    })
  }
})

describe('reindex by the metadata of an archive', () => {
  const program = useProgram()
  const body = 'not a chart at all'
  const digest = sha256(Buffer.from(body))
  const json = (fields: object = {}): string =>
    JSON.stringify({ name: 'app', version: '1.0.0', apiVersion: 'v2', ...fields })
  const described = (description: string): string => json({ description })
  const encoded = (text: string): string => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`
  const quoted = (text: string): string =>
    `=?UTF-8?Q?${[...Buffer.from(text)].map((byte) => (byte === 0x20 ? '_' : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)).join('')}?=`
  beforeEach(async () => {
    await program.ok('init', URI)
  })

  for (const [what, header, description] of [
    ['plain JSON', described('plain'), 'plain'],
    ['base64 words', encoded(described('Jan-Otto Kröpke')), 'Jan-Otto Kröpke'],
    ['quoted words', quoted(described('Crème >= 1')), 'Crème >= 1'],
    ['several words', `${encoded(described('zwei').slice(0, 20))} ${encoded(described('zwei').slice(20))}`, 'zwei'],
    ['raw bytes of UTF-8', Buffer.from(described('Ünïcode')).toString('latin1'), 'Ünïcode'],
  ] as const) {
    it(`reads ${what}, and does not read the archive`, async () => {
      await put(program, 'app-1.0.0.tgz', body, { 'chart-metadata': header, 'chart-digest': digest })
      assert.equal(await program.ok('reindex', URI), `Added app 1.0.0 (app-1.0.0.tgz)\n${DONE}`)
      const [entry] = (await merged(program))['app'] ?? []
      assert.deepEqual([entry?.digest, (entry as { description?: string }).description], [digest, description])
    })
  }

  for (const [what, metadata] of [
    ['no metadata', {}],
    ['no digest', { 'chart-metadata': json() }],
    ['an invalid digest', { 'chart-metadata': json(), 'chart-digest': 'sha256:abc' }],
    ['metadata that is no JSON', { 'chart-metadata': '{"name":', 'chart-digest': digest }],
    ['words of an unknown charset', { 'chart-metadata': '=?nonsense?B?e30=?=', 'chart-digest': digest }],
    ['bytes that are not UTF-8', { 'chart-metadata': json({ description: '\xff' }), 'chart-digest': digest }],
    ['a list in place of an object', { 'chart-metadata': '[]', 'chart-digest': digest }],
    ['a field of a wrong type', { 'chart-metadata': json({ description: 5 }), 'chart-digest': digest }],
    ['a field that Helm does not know', { 'chart-metadata': json({ surprise: '' }), 'chart-digest': digest }],
    ['a name that leads out of the repository', { 'chart-metadata': json({ name: '../app' }), 'chart-digest': digest }],
    ['an invalid version', { 'chart-metadata': json({ version: 'latest' }), 'chart-digest': digest }],
    ['a chart type that Helm refuses', { 'chart-metadata': json({ type: 'plugin' }), 'chart-digest': digest }],
  ] as const) {
    it(`reads an archive that has ${what}`, async () => {
      await put(program, 'app-1.0.0.tgz', body, metadata)
      assert.match(
        (await program.run('reindex', URI)).stderr,
        /^\[ERROR\] failed to add chart to the index: charts\/app-1\.0\.0\.tgz: /,
      )
      const archive = await chartArchive('app', '1.0.0')
      await put(program, 'app-1.0.0.tgz', archive, metadata)
      await program.ok('reindex', URI)
      assert.equal((await merged(program))['app']?.[0]?.digest, sha256(archive))
    })
  }
})

describe('reindex of a repository without a readable index', () => {
  const program = useProgram()

  it('rebuilds a missing index.yaml from archives and deltas', async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--no-compact')
    await put(program, 'web-1.0.0.tgz', await chartArchive('web', '1.0.0'))
    await program.bucket.delete(asKey('charts/index.yaml'))
    assert.match(
      await program.fails('download', '', '', '', `${URI}/index.yaml`),
      /\nHint: .*`helm s3 reindex s3:\/\/acme\/charts`/,
    )
    assert.equal(
      await program.ok('reindex', URI),
      `There was no index.yaml: created one.\nAdded web 1.0.0 (web-1.0.0.tgz)\n${DONE}`,
    )
    assert.deepEqual(await versions(program), ['app 1.0.0', 'web 1.0.0'])
  })

  it('keeps the date of an entry whose digest begins with sha256:', async () => {
    const archive = await chartArchive('app', '1.0.0')
    await put(program, 'app-1.0.0.tgz', archive)
    const entry = {
      name: 'app',
      version: '1.0.0',
      apiVersion: 'v2',
      created: '2020-01-01T00:00:00Z',
      digest: `sha256:${sha256(archive)}`,
      urls: ['app-1.0.0.tgz'],
    }
    await put(program, 'index.yaml', JSON.stringify({ apiVersion: 'v1', entries: { app: [entry] } }))
    await program.ok('reindex', URI)
    const [now] = (await merged(program))['app'] ?? []
    assert.deepEqual(
      [now?.digest, (now as { created?: string } | undefined)?.created],
      [sha256(archive), '2020-01-01T00:00:00Z'],
    )
  })

  it('makes an index.yaml in an empty folder only with --rebuild', async () => {
    assert.match(
      await program.fails('reindex', URI),
      /^Error: there is no index\.yaml at s3:\/\/acme\/charts\nHint: .*helm s3 init/,
    )
    assert.deepEqual(await program.keys(), [])
    await program.ok('reindex', URI, '--rebuild')
    assert.deepEqual(await program.keys(), ['charts/index.yaml'])
  })

  for (const [what, text] of [
    ['no YAML', 'apiVersion: [\n'],
    ['nothing', ''],
    [
      'an entry that Helm refuses',
      '{"apiVersion":"v1","entries":{\n"app":[\n{"name":"app","version":"1.0.0","urls":5}\n]\n}}\n',
    ],
  ] as const) {
    it(`replaces an index.yaml that holds ${what} only with --rebuild`, async () => {
      await program.ok('init', URI)
      await program.ok('push', await program.chart('app', '1.0.0'), URI)
      await put(program, 'index.yaml', text)
      assert.match(
        await program.fails('reindex', URI),
        /\nHint: `helm s3 check s3:\/\/acme\/charts --fix` .*`helm s3 reindex s3:\/\/acme\/charts --rebuild`, .*\n$/,
      )
      assert.equal(await program.text('charts/index.yaml'), text)
      assert.match(
        await program.ok('reindex', URI, '--rebuild', '--dry-run'),
        /^Would replace index\.yaml by a new one\./,
      )
      assert.equal(await program.text('charts/index.yaml'), text)
      const stdout = await program.ok('reindex', URI, '--rebuild')
      const [kept] = (await program.keys()).filter((key) => key.includes('.broken-'))
      assert.equal(kept === undefined ? '' : await program.text(kept), text)
      assert.match(stdout, /^Replaced index\.yaml by a new one\.\nSaved \d entr(?:y|ies) of the old index\.yaml\.\n/)
      assert.ok(kept === undefined || stdout.includes(`\nThe old text is kept: s3://acme/${kept}\n`))
      assert.deepEqual(await versions(program), ['app 1.0.0'])
    })
  }

  const damaged = (extra = ''): string =>
    `apiVersion: v1\nentries:\n  app:\n  - name: app\n    version: 1.0.0\n    appVersion: 392065e2\n    urls: ` +
    `[https://elsewhere.example/app-1.0.0.tgz]\n` +
    `  db:\n  - name: db # as it was\n    version: 1.0.0\n    urls:\n    - 'gone-1.0.0.tgz'\n${extra}`

  it('keeps every entry that can be saved, even when its archive is missing or elsewhere, as it was written', async () => {
    await put(program, 'index.yaml', damaged('  }{\n'))
    await put(program, 'web-1.0.0.tgz', await chartArchive('web', '1.0.0'))
    assert.match(await program.ok('reindex', URI, '--rebuild'), /\nAdded web 1\.0\.0 .*\nSaved 2 entries of the old/)
    const text = await program.text('charts/index.yaml')
    assert.ok(text.includes("  - name: db # as it was\n    version: 1.0.0\n    urls:\n    - 'gone-1.0.0.tgz'\n"), text)
    assert.ok(text.includes('"392065e2"') && text.includes('https://elsewhere.example/app-1.0.0.tgz'), text)
    assert.match(text, /\n {2}web:\n/)
  })

  it('fails and names entries that cannot be saved, and drops them only with --allow-lost-entries', async () => {
    const text = damaged('  web:\n  - name: web\n    version: [\n')
    await put(program, 'index.yaml', text)
    for (const command of [
      ['reindex', URI, '--rebuild'],
      ['check', URI, '--fix'],
    ]) {
      const stderr = await program.fails(...command)
      assert.match(
        stderr,
        /^Error: 1 entry of index\.yaml cannot be saved, nor found among the archives:\n  web of a version that cannot be read \(line 14\)\nHint: .*--allow-lost-entries/,
      )
      assert.equal(await program.text('charts/index.yaml'), text)
    }
    const stdout = await program.ok('reindex', URI, '--rebuild', '--allow-lost-entries', '-ojson')
    const { broken } = resultOf('reindex', stdout) as { broken: { key: string; kept: number; lost: object[] } }
    const mended = [{ name: 'app', version: '1.0.0', line: 4 }]
    assert.deepEqual(broken, {
      key: broken.key,
      kept: 2,
      mended,
      lost: [{ name: 'web', version: null, line: 14 }],
      skipped: [],
    })
    assert.equal(await program.text(broken.key), text)
  })

  it('leaves out items that are no entries for Helm, in the words of check, and does not count them as lost', async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    const good = (await program.text('charts/index.yaml')).replace('"app":[\n', '"app":[\nnull,\n{"name":"app"},\n')
    await put(program, 'index.yaml', good)
    const found = await program.run('check', URI)
    for (const command of [
      ['reindex', URI, '--rebuild'],
      ['check', URI, '--fix'],
    ]) {
      await put(program, 'index.yaml', good.replace('"version":"1.0.0"', '"version":"1.0.0","appVersion":5'))
      const { stderr, stdout } = await program.run(...command)
      assert.equal(stderr, '')
      const lines = [...stdout.matchAll(/^Left out an item of chart app \(line \d of the old text\): (.*)$/gm)].map(
        ([, title = '']) => title,
      )
      assert.equal(lines.length, 2)
      for (const title of lines) assert.ok(found.stdout.includes(`: ${title}\n`), title)
      assert.deepEqual(await versions(program), ['app 1.0.0'])
    }
    assert.equal((await program.run('check', URI)).status, 0)
  })

  it('adds no archive without an entry when every entry of a damaged index can be saved', async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    await put(program, 'old-1.0.0.tgz', await chartArchive('old', '1.0.0'))
    program.pass(3_600_000)
    await put(
      program,
      'index.yaml',
      (await program.text('charts/index.yaml')).replace('"version":"1.0.0"', '"version":"1.0.0","appVersion":5'),
    )
    const { stdout } = await program.run('check', URI, '--fix')
    assert.match(
      stdout,
      /^Saved 1 entry of the old index\.yaml\.\nMended app 1\.0\.0 \(line 3 of the old text\)\nThe old text is kept: /,
    )
    assert.deepEqual(await versions(program), ['app 1.0.0'])
    assert.equal((await program.run('check', URI)).stderr, '')
  })

  it('adds the versions that are missing because the text of the index was cut off', async () => {
    await program.ok('init', URI)
    for (const name of ['app', 'db', 'web']) await program.ok('push', await program.chart(name, '1.0.0'), URI)
    program.pass(3_600_000)
    await program.ok('compact', URI, '--grace-window=1m')
    for (const [form, end] of [
      ['json', '"db":['],
      ['yaml', '  db:\n  - api'],
    ] as const) {
      await program.ok('compact', URI, `--format=${form}`)
      const text = await program.text('charts/index.yaml')
      await put(program, 'index.yaml', text.slice(0, text.indexOf(end) + (form === 'json' ? 0 : end.length)))
      await program.run('check', URI, '--fix', '--allow-lost-entries')
      assert.match(await program.ok('list', URI), /\napp +1\.0\.0 .*\ndb +1\.0\.0 .*\nweb +1\.0\.0 /, form)
    }
  })

  it('takes the version from the archive when the one in the entry is damaged', async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    await program.ok('compact', URI, '--format=yaml')
    const text = await program.text('charts/index.yaml')
    await put(program, 'index.yaml', text.replace('    version: 1.0.0\n', '    version: 1.0.9\n    appVersion: 5\n'))
    await program.run('check', URI, '--fix')
    assert.match(await program.ok('list', URI, 'app', '--all-versions'), /^NAME.*\napp +1\.0\.0 .*\n$/)
  })

  it('keeps one copy of a damaged text, however often it is replaced', async () => {
    const text = damaged('  }{\n')
    for (let i = 0; i < 2; i++) {
      await put(program, 'index.yaml', text)
      await program.ok('reindex', URI, '--rebuild')
    }
    assert.equal((await program.keys()).filter((key) => key.includes('.broken-')).length, 1)
  })

  it('writes nothing with --strict when an archive cannot be indexed', async () => {
    await put(program, 'index.yaml', 'garbage: [')
    await put(program, 'bad.tgz', 'hello')
    await program.fails('reindex', URI, '--rebuild', '--strict')
    assert.equal(await program.text('charts/index.yaml'), 'garbage: [')
  })
})

const neverAsked = async (): Promise<never> => {
  throw new Error('the store was asked')
}
