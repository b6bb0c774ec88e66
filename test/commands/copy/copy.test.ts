import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const SRC = 's3://acme/staging'
const DST = 's3://acme/stable'

interface Copied {
  readonly source: string
  readonly repository: string
  readonly dryRun: boolean
  readonly delta: string | null
  readonly copied: readonly { readonly version: string; readonly digest: string }[]
  readonly existing: readonly { readonly version: string }[]
}

describe('copy', () => {
  const program = useProgram()
  const copy = async (...flags: string[]): Promise<Copied> =>
    resultOf('copy', await program.ok('copy', 'app', SRC, DST, ...flags, '-ojson')) as Copied
  const versionsIn = async (repository: string): Promise<string[]> => {
    const { versions } = resultOf(
      'list',
      await program.ok('list', repository, '--all-versions', '--devel', '-ojson'),
    ) as { versions: { version: string }[] }
    return versions.map(({ version }) => version)
  }
  const deltas = async (): Promise<string[]> => program.keys('stable/index.d/')

  beforeEach(async () => {
    await program.ok('init', SRC)
    await program.ok('init', DST)
    const paths = await Promise.all(
      ['1.0.0', '1.2.0', '1.10.0', '2.0.0-rc.1'].map((version) => program.chart('app', version)),
    )
    await program.ok('push', ...paths, SRC, '--no-compact')
  })

  it('copies exactly the build that --version names', async () => {
    for (const version of ['3.0.0+b1', '3.0.0+b2'])
      await program.ok('push', await program.chart('app', version), SRC, '--no-compact')
    for (const flags of [[], ['--all-versions']]) {
      assert.match(
        await program.fails('copy', 'app', SRC, DST, '--version=3.0.0+missing', ...flags),
        /version 3\.0\.0\+missing not found/,
      )
    }
    assert.deepEqual(await versionsIn(DST), [])
    assert.deepEqual(
      (await copy('--version=3.0.0+b1')).copied.map(({ version }) => version),
      ['3.0.0+b1'],
    )
  })

  it('copies the newest stable version, also while its delta is pending in the source', async () => {
    assert.equal(await program.ok('copy', 'app', SRC, DST), 'Copied 1 version:\n  app 1.10.0\n')
    const archive = readFileSync(program.path('app-1.10.0.tgz'))
    const object = await program.object('stable/app-1.10.0.tgz')
    assert.deepEqual(Buffer.from(object?.body ?? []), archive)
    assert.equal(object?.metadata['chart-digest'], sha256(archive))
    const index = await program.text('stable/index.yaml')
    assert.ok(index.includes(`"urls":["${DST}/app-1.10.0.tgz"]`), 'folded at once, with the url of the destination')
    assert.ok(index.includes(`"digest":"${sha256(archive)}"`))
    assert.deepEqual(await versionsIn(SRC), ['2.0.0-rc.1', '1.10.0', '1.2.0', '1.0.0'], 'the source stays as it is')
  })

  for (const [flags, versions] of [
    [['--version=1.2.0'], ['1.2.0']],
    [['--version', '<1.5'], ['1.2.0']],
    [['--devel'], ['2.0.0-rc.1']],
    [['--devel', '--version=1.0.0'], ['1.0.0']],
    [['--all-versions'], ['1.10.0', '1.2.0', '1.0.0']],
    [
      ['--all-versions', '--devel'],
      ['2.0.0-rc.1', '1.10.0', '1.2.0', '1.0.0'],
    ],
    [
      ['--all-versions', '--version=<1.5'],
      ['1.2.0', '1.0.0'],
    ],
  ] as const) {
    it(`copies ${versions.join(', ')} with ${flags.join(' ')}`, async () => {
      const { copied } = await copy(...flags)
      assert.deepEqual(
        copied.map(({ version }) => version),
        versions,
      )
      assert.deepEqual(await versionsIn(DST), versions)
    })
  }

  it('writes one delta for several versions, with copy as its command', async () => {
    const { copied, delta } = await copy('--all-versions', '--no-compact')
    assert.equal(copied.length, 3)
    assert.deepEqual(await deltas(), [`stable/index.d/${String(delta)}.yaml`])
    assert.match(await program.text(`stable/index.d/${String(delta)}.yaml`), /"command":"copy"/)
  })

  it('is also called promote, and accepts names of repositories', async () => {
    program.addRepository('stable', DST)
    assert.equal(
      await program.ok('promote', 'app', SRC, 'stable', '--version=1.0.0'),
      'Copied 1 version:\n  app 1.0.0\n',
    )
    assert.match(
      readFileSync(program.path('cache', 'stable-index.yaml'), 'utf8'),
      /version: "?1\.0\.0/,
      "Helm's copy of the index knows it",
    )
  })

  it('says with --verbose that an archive is sent from this machine', async () => {
    const { status, stderr } = await program.run('copy', 'app', SRC, DST, '--verbose')
    assert.equal(status, 0)
    assert.match(stderr, /^helm-s3: s3:\/\/acme\/staging\/app-1\.10\.0\.tgz is sent from this machine$/m)
  })

  it('writes relative urls with --relative', async () => {
    await copy('--relative')
    assert.ok((await program.text('stable/index.yaml')).includes('"urls":["app-1.10.0.tgz"]'))
  })

  it('opens source and destination with the settings in the query of each', async () => {
    await program.ok('copy', 'app', `${SRC}?region=eu-west-1`, `${DST}?region=eu-central-1&endpoint=http://127.0.0.1:9`)
    assert.deepEqual(
      program.opened.slice(-2).map(({ connection: { endpoint, region } }) => [region, endpoint]),
      [
        ['eu-west-1', undefined],
        ['eu-central-1', 'http://127.0.0.1:9'],
      ],
    )
  })

  describe('of a signed chart', () => {
    const key = asKey('staging/app-1.10.0.tgz.prov')
    const provenance = (digest: string): Buffer => Buffer.from(`files:\n  app-1.10.0.tgz: sha256:${digest}\n`)

    it('copies the provenance file, too', async () => {
      const signed = provenance(sha256(readFileSync(program.path('app-1.10.0.tgz'))))
      await program.bucket.put(key, signed, { when: 'always' })
      await program.ok('copy', 'app', SRC, DST)
      assert.equal(await program.text('stable/app-1.10.0.tgz.prov'), signed.toString())
    })

    it('is refused when the provenance file belongs to another archive', async () => {
      await program.bucket.put(key, provenance('0'.repeat(64)), { when: 'always' })
      const before = await program.keys()
      assert.match(
        await program.fails('copy', 'app', SRC, DST),
        /^Error: the provenance file of app 1\.10\.0 belongs to another archive\nHint: /,
      )
      assert.deepEqual(await program.keys(), before)
    })
  })

  describe('of a version that the destination already has', () => {
    beforeEach(async () => {
      await copy('--version=1.2.0')
    })

    it('fails and copies nothing', async () => {
      const before = await program.keys()
      assert.equal(
        await program.fails('copy', 'app', SRC, DST, '--all-versions'),
        `Error: ${DST} has app 1.2.0 already\nHint: nothing was copied; replace what is there with --force, or keep ` +
          `it with --ignore-if-exists\n`,
      )
      assert.match(
        await program.fails('copy', 'app', SRC, DST, '--all-versions', '--dry-run'),
        /has app 1\.2\.0 already/,
      )
      assert.deepEqual(await program.keys(), before)
    })

    it('copies the other versions with --ignore-if-exists', async () => {
      assert.equal(
        await program.ok('copy', 'app', SRC, DST, '--all-versions', '--ignore-if-exists'),
        'Copied 2 versions:\n  app 1.10.0\n  app 1.0.0\nKept 1 version that is in the destination already:\n  app ' +
          '1.2.0\n',
      )
      const { copied, delta, existing } = await copy('--all-versions', '--ignore-if-exists')
      assert.deepEqual([copied.length, existing.length, delta], [0, 3, null])
    })

    it('replaces other bytes with --force', async () => {
      const other = await program.chart('app', '1.2.0', { 'values.yaml': 'other: true\n' })
      await program.ok('push', other, SRC, '--force')
      assert.match(await program.fails('copy', 'app', SRC, DST, '--version=1.2.0'), /has app 1\.2\.0 already/)
      await copy('--version=1.2.0', '--force')
      assert.deepEqual(Buffer.from((await program.object('stable/app-1.2.0.tgz'))?.body ?? []), readFileSync(other))
      assert.ok((await program.text('stable/index.yaml')).includes(sha256(readFileSync(other))))
    })
  })

  it('writes nothing in a dry run', async () => {
    const before = await program.keys()
    assert.equal(await program.ok('copy', 'app', SRC, DST, '--dry-run'), 'Would copy 1 version:\n  app 1.10.0\n')
    const { copied, delta, dryRun } = await copy('--all-versions', '--dry-run')
    assert.deepEqual([copied.length, delta, dryRun], [3, null, true])
    assert.deepEqual(await program.keys(), before)
  })

  for (const [what, damage, expected] of [
    [
      'other bytes than the index promises',
      'replace',
      /^Error: the archive of app 1\.0\.0 is not what the index promises: SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}\n/,
    ],
    [
      'a missing archive',
      'delete',
      /^Error: the archive of app 1\.0\.0 is not there: s3:\/\/acme\/staging\/app-1\.0\.0\.tgz\nHint: .*helm s3 delete app s3:\/\/acme\/staging --version=1\.0\.0/,
    ],
  ] as const) {
    it(`copies none of several versions when one has ${what}`, async () => {
      const key = asKey('staging/app-1.0.0.tgz')
      if (damage === 'delete') await program.bucket.delete(key)
      else
        await program.bucket.put(
          key,
          readFileSync(await program.chart('app', '1.0.0', { 'values.yaml': 'bad: 1\n' })),
          { when: 'always' },
        )
      const before = await program.keys()
      assert.match(await program.fails('copy', 'app', SRC, DST, '--all-versions'), expected)
      assert.deepEqual(await program.keys(), before)
    })
  }

  it('fails for a dead url with a hint to reindex when the archive is directly below the prefix, and reindex repairs it', async () => {
    await program.ok('compact', SRC)
    const text = await program.text('staging/index.yaml')
    const moved = text
      .replace('"app-1.0.0.tgz"', '"charts/app-1.0.0.tgz"')
      .replace('"s3://acme/staging/app-1.0.0.tgz"', '"charts/app-1.0.0.tgz"')
    assert.notEqual(moved, text)
    await program.bucket.put(asKey('staging/index.yaml'), Buffer.from(moved), { when: 'always' })
    const wanted = ['app', SRC, '--version=1.0.0'] as const
    const expected =
      /^Error: the archive of app 1\.0\.0 is not there: s3:\/\/acme\/staging\/charts\/app-1\.0\.0\.tgz\nHint: [^\n]*`helm s3 reindex s3:\/\/acme\/staging`[^\n]*\n$/
    assert.match(await program.fails('copy', 'app', SRC, DST, '--version=1.0.0'), expected)
    assert.match(await program.fails('fetch', ...wanted, '-d', program.path('out')), expected)
    // Other bytes under that key are not the archive: nothing proves that they belong to the entry.
    const archive = await program.object('staging/app-1.0.0.tgz')
    await program.bucket.put(asKey('staging/app-1.0.0.tgz'), Buffer.from('other'), { when: 'always' })
    assert.match(
      await program.fails('fetch', ...wanted, '-d', program.path('out')),
      /\nHint: push it again, or take it out of the index with `helm s3 delete app /,
    )
    await program.bucket.put(asKey('staging/app-1.0.0.tgz'), archive?.body ?? Buffer.from(''), { when: 'always' })
    await program.ok('reindex', SRC)
    await program.ok('fetch', ...wanted, '-d', program.path('out'))
  })

  it('reads the archive again when a push --force has replaced it and its delta is not there yet', async () => {
    const other = await program.chart('app', '1.10.0', { 'values.yaml': 'other: true\n' })
    let gets = 0
    program.fail({
      get: async (key, options) => {
        const object = await program.bucket.get(key, options)
        const isFirst = key === 'staging/app-1.10.0.tgz' && gets++ === 0
        return isFirst && object !== undefined ? { ...object, body: readFileSync(other) } : object
      },
    })
    assert.equal(await program.ok('copy', 'app', SRC, DST), 'Copied 1 version:\n  app 1.10.0\n')
    assert.equal(gets, 2)
  })

  it('refuses an archive that holds another chart than its entry names', async () => {
    const web = readFileSync(await program.chart('web', '1.0.0'))
    await program.bucket.put(asKey('foreign/app-1.0.0.tgz'), web, { when: 'always' })
    const index =
      `apiVersion: v1\nentries:\n  app:\n  - apiVersion: v2\n    name: app\n    version: 1.0.0\n    ` +
      `urls:\n    - app-1.0.0.tgz\n    digest: ${sha256(web)}\n`
    await program.bucket.put(asKey('foreign/index.yaml'), Buffer.from(index), { when: 'always' })
    assert.match(
      await program.fails('copy', 'app', 's3://acme/foreign', DST),
      /^Error: s3:\/\/acme\/foreign\/app-1\.0\.0\.tgz holds web 1\.0\.0, not app 1\.0\.0\n/,
    )
  })

  for (const [line, expected] of [
    [['app', SRC], /^Error: accepts 3 arg\(s\), received 2\n/],
    [['app', SRC, SRC], /^Error: SRC and DST are the same repository: s3:\/\/acme\/staging\n/],
    [['app', SRC, `${SRC}/?region=eu-west-1`], /^Error: SRC and DST are the same repository/],
    [['app', SRC, 'nowhere'], /^Error: load repo file: /],
    [['app', 'https://example.com', DST], /^Error: .*protocol is not s3/],
    [['app', SRC, DST, '--version=one'], /^Error: improper constraint: one\n/],
    [
      ['app', SRC, DST, '--force', '--ignore-if-exists'],
      /^The --force and --ignore-if-exists flags are mutually exclusive/,
    ],
    [['app', SRC, DST, '--prov'], /^Error: unknown flag: --prov\n/],
    [['other', SRC, DST], /^Error: chart other not found in index\n/],
    [
      ['app', SRC, DST, '--version=9.9.9'],
      /^Error: chart app version 9\.9\.9 not found in index\nHint: available: 2\.0\.0-rc\.1, 1\.10\.0/,
    ],
    [['app', SRC, DST, '--version=^9', '--all-versions'], /^Error: chart app version \^9 not found in index\n/],
    [['app', 's3://acme/void', DST], /there is no index\.yaml/],
    [['app', SRC, 's3://acme/void'], /there is no index\.yaml/],
    [['app', SRC, 's3://absent/void'], /there is no bucket absent/],
  ] as const) {
    it(`refuses copy ${line.join(' ')}`, async () => {
      const before = await program.keys()
      assert.match(await program.fails('copy', ...line), expected)
      assert.deepEqual(await program.keys(), before)
    })
  }
})
