import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { unpackChartArchive } from '../../../lib/chart/chart-archive.ts'
import { asPattern } from '../../../lib/commands/push/sources/source.ts'
import { asKey } from '../../../lib/core/keys.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { type TestProgram, useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const UPLOADED = 'Successfully uploaded the chart to the repository.\n'
const CHART = 'apiVersion: v2\nname: app\nversion: 1.0.0\n'

/** Writes a folder with these files and returns its path. */
function writeFolder(program: TestProgram, name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(program.path(name, path)), { recursive: true })
    writeFileSync(program.path(name, path), text)
  }
  return program.path(name)
}

async function pushed(program: TestProgram, file: string): Promise<Record<string, string>> {
  const object = await program.object(`charts/${file}`)
  assert.ok(object, file)
  const { files } = await unpackChartArchive(object.body)
  return Object.fromEntries(files.map(({ bytes, path }) => [path, Buffer.from(bytes).toString()]))
}

describe('push of folders', () => {
  const program = useProgram()
  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('leaves out of the package what .helmignore names', async () => {
    const folder = writeFolder(program, 'x', {
      'Chart.yaml': CHART,
      '.helmignore': '*.bak\nci/\n',
      'values.bak': '',
      'ci/t.yaml': '',
      'templates/a.yaml': 'a',
      'templates/.a.swp': '',
    })
    assert.equal(await program.ok('push', folder, URI), UPLOADED)
    assert.deepEqual(Object.keys(await pushed(program, 'app-1.0.0.tgz')), [
      'Chart.yaml',
      'templates/a.yaml',
      '.helmignore',
    ])
  })

  it('writes --version and --app-version into each of several folders, also with a trailing slash', async () => {
    const a = writeFolder(program, 'a', { 'Chart.yaml': CHART })
    const b = writeFolder(program, 'b', { 'Chart.yaml': CHART.replace('app', 'web') })
    assert.equal(
      await program.ok('push', `${a}/`, b, URI, '--version', '2.0.0', '--app-version=7'),
      'Successfully uploaded 2 charts to the repository.\n',
    )
    assert.match((await pushed(program, 'web-2.0.0.tgz'))['Chart.yaml'] ?? '', /^appVersion: "7"$/m)
    assert.match((await pushed(program, 'app-2.0.0.tgz'))['Chart.yaml'] ?? '', /^version: 2\.0\.0$/m)
  })

  it('follows symbolic links as Helm does, and refuses those that lead back to themselves', async () => {
    const folder = writeFolder(program, 'x', { 'Chart.yaml': CHART })
    writeFolder(program, 'shared', { 'tpl/a.yaml': 'shared' })
    symlinkSync('../shared/tpl', program.path('x', 'templates'))
    assert.equal(await program.ok('push', folder, URI), UPLOADED)
    assert.equal((await pushed(program, 'app-1.0.0.tgz'))['templates/a.yaml'], 'shared')
    symlinkSync('..', program.path('shared', 'tpl', 'up'))
    assert.match(
      await program.fails('push', folder, URI),
      /: the symbolic link .*\/templates\/up\/tpl leads back to itself\n/,
    )
  })

  it('makes the same bytes again when it is repeated', async () => {
    const folder = writeFolder(program, 'x', { 'Chart.yaml': CHART, 'values.yaml': 'a: 1\n' })
    await program.ok('push', folder, URI)
    const first = await program.object('charts/app-1.0.0.tgz')
    await program.ok('push', folder, URI, '--force')
    assert.equal((await program.object('charts/app-1.0.0.tgz'))?.etag, first?.etag)
  })
})

describe('push of a folder whose subcharts are missing', () => {
  const program = useProgram()
  const DEPENDENT = `${CHART}dependencies:\n- name: mast\n  version: 1.0.0\n  repository: https://charts.example\n`
  const BUILD = /in charts\/ directory: mast\nHint: [^\n]*`helm dependency build`/
  const IGNORED = /in charts\/ directory: mast\nHint: [^\n]*\.helmignore excludes charts\/ from the package/
  const MAST = CHART.replace('app', 'mast')
  const cases: Readonly<Record<string, readonly [Record<string, string>, RegExp]>> = {
    'no charts/': [{}, BUILD],
    'an empty charts/': [{ 'charts/': '' }, BUILD],
    'an empty charts/ that .helmignore excludes': [{ 'charts/': '', '.helmignore': 'charts/\n' }, BUILD],
    'a charts/ that holds no chart': [{ 'charts/.gitkeep': '', '.helmignore': '.git*\n' }, BUILD],
    'a subchart that .helmignore excludes': [
      { 'charts/mast/Chart.yaml': MAST, '.helmignore': 'charts/mast\n' },
      IGNORED,
    ],
    'a packed subchart that .helmignore excludes': [{ 'charts/mast-1.0.0.tgz': '', '.helmignore': '*.tgz\n' }, IGNORED],
  }
  for (const [what, [files, expected]] of Object.entries(cases)) {
    it(`fails with the right advice for ${what}`, async () => {
      await program.ok('init', URI)
      const { 'charts/': empty, ...written } = files
      const folder = writeFolder(program, 'x', { 'Chart.yaml': DEPENDENT, ...written })
      if (empty !== undefined) mkdirSync(program.path('x', 'charts'))
      assert.match(await program.fails('push', folder, URI, '--dry-run'), expected)
    })
  }
})

describe('push of patterns, of other buckets and of standard input', () => {
  const program = useProgram()
  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('pushes the archives that a pattern matches, and takes no provenance file for an archive', async () => {
    await program.chart('app', '1.0.0')
    await program.chart('app', '1.1.0')
    writeFileSync(program.path('app-1.0.0.tgz.prov'), 'signed')
    assert.equal(
      await program.ok('push', program.path('app-*'), URI),
      'Successfully uploaded 2 charts to the repository.\n',
    )
    assert.equal(await program.text('charts/app-1.0.0.tgz.prov'), 'signed')
  })

  it('pushes the folders that a pattern matches', async () => {
    writeFolder(program, 'all/a', { 'Chart.yaml': CHART })
    writeFolder(program, 'all/b', { 'Chart.yaml': CHART.replace('app', 'web') })
    assert.equal(
      await program.ok('push', program.path('all', '*'), URI, '--version=3.0.0'),
      'Successfully uploaded 2 charts to the repository.\n',
    )
    assert.deepEqual(await program.keys('charts/web'), ['charts/web-3.0.0.tgz'])
  })

  it('reads the separator of Windows in a pattern as one, and elsewhere as the escape that it is', () => {
    for (const [typed, onWindows] of [
      ['charts\\*.tgz', 'charts/*.tgz'],
      ['C:\\my charts\\a?', 'C:/my charts/a?'],
      ['\\\\host\\share\\*', '//host/share/*'],
      ['charts/*.tgz', 'charts/*.tgz'],
    ] as const)
      assert.deepEqual([asPattern(typed, '\\'), asPattern(typed, '/')], [onWindows, typed])
  })

  it('takes a file whose name looks like a pattern literally', async () => {
    writeFileSync(program.path('[ab].tgz'), await chartArchive('app', '1.0.0'))
    writeFileSync(program.path('a.tgz'), await chartArchive('app', '2.0.0'))
    await program.ok('push', program.path('[ab].tgz'), URI)
    assert.deepEqual(await program.keys('charts/app'), ['charts/app-1.0.0.tgz'])
  })

  it('prints the message for a single chart when a pattern matches one', async () => {
    await program.chart('app', '1.0.0')
    await program.ok('push', program.path('*.tgz'), URI)
    assert.match(
      await program.fails('push', program.path('*.tgz'), URI),
      /^The chart already exists in the repository /,
    )
  })

  it('reads an archive from a bucket, with its provenance file', async () => {
    const bytes = await chartArchive('app', '1.0.0')
    await program.bucket.put(asKey('old/x+y.tgz'), bytes, { when: 'always' })
    await program.bucket.put(asKey('old/x+y.tgz.prov'), Buffer.from('signed'), { when: 'always' })
    assert.equal(await program.ok('push', 's3://acme/old/x%2By.tgz?region=eu-west-1', URI), UPLOADED)
    assert.equal(await program.text('charts/app-1.0.0.tgz.prov'), 'signed')
    assert.equal(sha256((await program.object('charts/app-1.0.0.tgz'))?.body ?? new Uint8Array()), sha256(bytes))
    assert.ok(program.opened.some(({ connection }) => connection.region === 'eu-west-1'))
  })

  it('reads an archive from standard input, and its provenance file from --prov', async () => {
    program.stdin = await chartArchive('app', '1.0.0')
    writeFileSync(program.path('p'), 'signed')
    for (const argv of [
      ['push', '-', URI, '--prov', program.path('p')],
      ['--prov', program.path('p'), 'push', '--force', '-', URI],
    ]) {
      assert.equal(await program.ok(...argv), UPLOADED)
      assert.equal(await program.text('charts/app-1.0.0.tgz.prov'), 'signed')
    }
  })

  it('prefers the file of --prov to the one beside the archive; the --prov of fetch stays a switch', async () => {
    const path = await program.chart('app', '1.0.0')
    writeFileSync(`${path}.prov`, 'beside')
    writeFileSync(program.path('other'), 'other')
    await program.ok('push', path, URI, `--prov=${program.path('other')}`)
    assert.equal(await program.text('charts/app-1.0.0.tgz.prov'), 'other')
    for (const argv of [
      ['fetch', 'app', URI, '--prov', '-d', program.path('d')],
      ['--prov', 'pull', 'app', URI, '-d', program.path('e')],
    ]) {
      await program.ok(...argv)
      assert.equal(readFileSync(`${String(argv.at(-1))}/app-1.0.0.tgz.prov`, 'utf8'), 'other')
    }
  })
})

interface Refusal {
  readonly says: string
  readonly argv: readonly string[]
  readonly stderr: RegExp
}

describe('push of bad sources', () => {
  const program = useProgram()

  beforeEach(async () => {
    await program.ok('init', URI)
    await program.chart('app', '1.0.0')
    await program.chart('web', '1.0.0')
    writeFolder(program, 'good', { 'Chart.yaml': CHART })
    writeFolder(program, 'empty', { 'values.yaml': '' })
    writeFolder(program, 'outer/inner', { 'Chart.yaml': CHART })
    writeFolder(program, 'app-2.0.0.TGZ', { 'values.yaml': '' })
    writeFolder(program, 'hidden', { 'Chart.yaml': CHART, '.helmignore': '*.yaml' })
    writeFolder(program, 'bare', {
      'Chart.yaml': `${CHART}dependencies:\n- {name: lib, version: 1.x.x, repository: ""}\n`,
      '.helmignore': 'charts/',
    })
    writeFolder(program, 'bare/charts/lib', { 'Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n' })
    writeFolder(program, 'needy', {
      'Chart.yaml': `${CHART}dependencies:\n- {name: lib, version: 1.x.x, repository: "https://x"}\n`,
    })
    writeFolder(program, 'stars', { 'Chart.yaml': CHART, '.helmignore': '**/x' })
    writeFolder(program, 'large', { 'Chart.yaml': CHART, 'big.bin': 'x'.repeat(5 * 1024 * 1024 + 1) })
    writeFolder(program, 'broken', { 'Chart.yaml': CHART })
    symlinkSync('nowhere', program.path('broken', 'link'))
    writeFolder(program, 'device', { 'Chart.yaml': CHART })
    symlinkSync('/dev/null', program.path('device', 'null'))
    await program.bucket.put(asKey('text.tgz'), Buffer.from('hello'), { when: 'always' })
  })

  const cases: readonly Refusal[] = [
    {
      says: 'that a folder is no chart',
      argv: ['/empty'],
      stderr: /^Error: failed to load chart file: .*empty: Chart\.yaml file is missing\nHint: /,
    },
    {
      says: 'which charts are below a folder',
      argv: ['/outer'],
      stderr: /outer: Chart\.yaml file is missing\nHint: there are charts below it: .*outer\/inner\n$/,
    },
    {
      says: 'that a folder is no archive',
      argv: ['/app-2.0.0.TGZ'],
      stderr: /Chart\.yaml file is missing\nHint: .*app-2\.0\.0\.TGZ is a folder, in spite of its name/,
    },
    {
      says: 'that .helmignore excludes Chart.yaml',
      argv: ['/hidden'],
      stderr: /Chart\.yaml file is missing\nHint: .*hidden\/\.helmignore excludes Chart\.yaml from/,
    },
    {
      says: 'that .helmignore excludes the dependencies',
      argv: ['/bare'],
      stderr: /missing in charts\/ directory: lib\nHint: .*bare\/\.helmignore excludes charts\/ from/,
    },
    {
      says: 'that a dependency is missing',
      argv: ['/needy'],
      stderr: /needy: found in Chart\.yaml, but missing in charts\/ directory: lib\nHint: .*`helm dependency build`/,
    },
    { says: 'that Helm refuses a rule of .helmignore', argv: ['/stars'], stderr: /stars: \.helmignore: double-star/ },
    {
      says: 'that a file is larger than Helm loads',
      argv: ['/large'],
      stderr: /large: the file big\.bin is larger than 5 MiB.*\nHint: .*\.helmignore/,
    },
    {
      says: 'that a link leads to nothing',
      argv: ['/broken'],
      stderr: /^Error: read .*broken\/link: no such file or directory\n/,
    },
    { says: 'that a device is no regular file', argv: ['/device'], stderr: /device\/null is not a regular file\n/ },
    { says: 'that a folder is missing', argv: ['/none'], stderr: /none: no such file or directory\n$/ },
    {
      says: 'that a version is invalid',
      argv: ['/good', '--version=soon'],
      stderr: /^Error: invalid argument "soon" for "--version" flag: must be a semantic version\nHint: /,
    },
    {
      says: 'that a version is empty',
      argv: ['/good', '--version='],
      stderr: /^Error: invalid argument "" for "--version" flag/,
    },
    {
      says: 'that an appVersion is empty',
      argv: ['/good', '--app-version='],
      stderr: /^Error: invalid argument "" for "--app-version" flag/,
    },
    {
      says: 'that --version is not for an archive',
      argv: ['/good', '/app-1.0.0.tgz', '--version=2.0.0'],
      stderr:
        /^Error: --version can only be used with the folder of a chart, and .*app-1\.0\.0\.tgz is not one\nHint: /,
    },
    {
      says: 'that --app-version is not for an object',
      argv: ['s3://acme/x.tgz', '--app-version=2'],
      stderr: /^Error: --app-version can only be used with the folder of a chart, and s3:\/\/acme\/x\.tgz is not one\n/,
    },
    {
      says: 'that --prov is not for a folder',
      argv: ['/good', '--prov=/x'],
      stderr: /^Error: --prov is for an archive, and .*good is a folder\nHint: .*--sign/,
    },
    {
      says: 'that --prov is not for two archives',
      argv: ['/app-1.0.0.tgz', '/web-1.0.0.tgz', '--prov=/x'],
      stderr: /^Error: --prov is for one archive, and there are 2 charts\nHint: /,
    },
    {
      says: 'that --prov is not for a pattern that matches two archives',
      argv: ['/*.tgz', '--prov=/x'],
      stderr: /^Error: --prov is for one archive, and there are 2 charts\n/,
    },
    {
      says: 'that a provenance file is missing',
      argv: ['/app-1.0.0.tgz', '--prov=/nowhere/p'],
      stderr: /^Error: open prov file: \/nowhere\/p: no such file or directory\n/,
    },
    {
      says: 'that --prov is empty',
      argv: ['/app-1.0.0.tgz', '--prov='],
      stderr: /^Error: invalid argument "" for "--prov" flag/,
    },
    {
      says: 'that standard input is given twice',
      argv: ['-', '-'],
      stderr: /^Error: - is given 2 times, but standard input can be read only once\n/,
    },
    {
      says: 'that standard input is a terminal',
      argv: ['-'],
      stderr: /^Error: - reads a chart archive from standard input, which is a terminal\nHint: redirect or pipe/,
    },
    { says: 'that a pattern matches nothing', argv: ['/*.zip'], stderr: /^Error: no file matches .*\*\.zip\nHint: / },
    {
      says: 'that an object is missing',
      argv: ['s3://acme/none.tgz'],
      stderr: /^Error: failed to load chart file: s3:\/\/acme\/none\.tgz: object not found\nHint: /,
    },
    {
      says: 'that an object is no chart',
      argv: ['s3://acme/text.tgz'],
      stderr: /^Error: failed to load chart file: s3:\/\/acme\/text\.tgz: ./,
    },
    { says: 'that a bucket is missing', argv: ['s3://other/x.tgz'], stderr: /^Error: there is no bucket other\n/ },
    {
      says: 'that a bucket alone names no object',
      argv: ['s3://acme'],
      stderr: /^Error: failed to load chart file: s3:\/\/acme: does not name an object\nHint: /,
    },
    {
      says: 'of each of several sources what is wrong with it',
      argv: ['/empty', '/good', 's3://acme/none.tgz'],
      stderr:
        /^Error: 2 of 3 charts cannot be pushed:\n {2}.*empty: .*\n {2}.*object not found .*\nHint: nothing was pushed\n$/,
    },
  ]
  for (const { argv, says, stderr } of cases) {
    it(`says ${says}, and sends nothing to the repository: ${argv.join(' ')}`, async () => {
      program.fail({ list: neverAsked, put: neverAsked })
      const words = argv.map((word) => (/^\/[^/]+$/.test(word) ? program.path(word.slice(1)) : word))
      assert.match(await program.fails('push', ...words, URI), stderr)
    })
  }

  it('refuses an archive larger than Helm loads, from standard input or, without reading it, from a bucket', async () => {
    const bytes = new Uint8Array(100 * 1024 * 1024 + 1)
    program.stdin = bytes
    assert.match(
      await program.fails('push', '-', URI),
      /^Error: failed to load chart file: standard input: is larger than 100 MiB/,
    )
    await program.bucket.put(asKey('huge.tgz'), bytes, { when: 'always' })
    program.fail({ get: neverAsked, list: neverAsked, put: neverAsked })
    assert.match(
      await program.fails('push', 's3://acme/huge.tgz', URI),
      /^Error: failed to load chart file: s3:\/\/acme\/huge\.tgz: is larger than 100 MiB/,
    )
  })

  it('says that standard input is empty', async () => {
    program.stdin = new Uint8Array()
    assert.match(await program.fails('push', '-', URI), /^Error: failed to load chart file: standard input: ./)
  })
})

const neverAsked = async (): Promise<never> => {
  throw new Error('the store was asked')
}
