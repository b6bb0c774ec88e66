import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { tgz } from '../../support/archives.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const HOUR = 3_600_000

describe('prune', () => {
  const program = useProgram()
  const archives = async (): Promise<string[]> =>
    (await program.keys('charts/')).filter((key) => /\.tgz/.test(key)).map((key) => key.slice('charts/'.length))
  const push = async (...charts: readonly string[]): Promise<void> => {
    const paths = await Promise.all(charts.map((chart) => program.chart(...(chart.split(' ') as [string, string]))))
    await program.ok('push', ...paths, URI)
  }
  const write = (name: string, text: string): string => {
    writeFileSync(program.path(name), text)
    return program.path(name)
  }
  /** Puts a program in the place of Helm. */
  const helmThat = (script: string): void => {
    const path = write('helm.cjs', `#!${process.execPath}\n${script}`)
    chmodSync(path, 0o755)
    program.env = { ...program.env, HELM_BIN: path }
  }

  beforeEach(async () => {
    await program.ok('init', URI)
    await push('app 1.0.0', 'app 1.1.0', 'app 2.0.0', 'app 2.1.0-rc.1', 'web 1.0.0')
  })

  it('removes the versions that no rule keeps from index and bucket, in one delta, and says how much that frees', async () => {
    const deltas = (await program.keys('charts/index.d/')).length
    const stdout = await program.ok('prune', URI, '--keep-last=1')
    assert.match(
      stdout,
      /^NAME +VERSION +CREATED +SIZE\napp +1\.1\.0 +\d{4}-\d\d-\d\d +\d+ B\napp +1\.0\.0 .*\n\nRemoved 2 chart versions: \d+ B\.\n/,
    )
    assert.match(stdout, /\nKept 3 chart versions: 2 among the newest, 1 of a kind that no rule covers\.\n$/)
    assert.deepEqual(await archives(), ['app-2.0.0.tgz', 'app-2.1.0-rc.1.tgz', 'web-1.0.0.tgz'])
    assert.equal((await program.keys('charts/index.d/')).length, deltas + 1)
    assert.ok(!(await program.text('charts/index.yaml')).includes('app-1.1.0.tgz'))
  })

  it('says in a dry run what it would remove, and writes nothing', async () => {
    const before = await program.keys()
    assert.match(
      await program.ok('prune', URI, '--keep-last=1', '--dry-run'),
      /\nWould remove 2 chart versions: \d+ B\.\n/,
    )
    assert.deepEqual(await program.keys(), before)
  })

  it('prints JSON when asked to, with the bytes of archive and provenance file', async () => {
    await program.bucket.put(asKey('charts/app-1.0.0.tgz.prov'), Buffer.alloc(1000), { when: 'always' })
    const size = (await program.object('charts/app-1.0.0.tgz'))?.size ?? 0
    const stdout = await program.ok('prune', URI, '--keep-last=2', '--name=a*', '-ojson')
    const result = resultOf('prune', stdout) as { removed: { created: string }[]; deltas: string[] }
    const created = result.removed[0]?.created
    assert.deepEqual(result, {
      repository: URI,
      dryRun: false,
      deltas: [result.deltas[0]],
      removed: [{ name: 'app', version: '1.0.0', created, bytes: size + 1000 }],
      orphans: [],
      foreign: [],
      kept: [
        { name: 'app', version: '2.1.0-rc.1', reason: 'unranked' },
        { name: 'app', version: '2.0.0', reason: 'keep-last' },
        { name: 'app', version: '1.1.0', reason: 'keep-last' },
      ],
      keptArchives: [],
      freedBytes: size + 1000,
    })
    assert.ok(!(await archives()).some((key) => key.startsWith('app-1.0.0')))
  })

  it('writes nothing when there is nothing to remove', async () => {
    const before = await program.keys()
    assert.match(await program.ok('prune', URI, '--keep-last=9', '--older-than=90d'), /^Nothing to remove\.\n/)
    assert.deepEqual(await program.keys(), before)
  })

  it("measures age by the store's clock", async () => {
    program.pass(24 * HOUR)
    await push('app 3.0.0')
    await program.ok('prune', URI, '--older-than=12h')
    assert.deepEqual(await archives(), ['app-3.0.0.tgz'])
  })

  it('keeps the versions that --keep-file lists, and names a line that matches none', async () => {
    const { stderr } = await program.run(
      'prune',
      URI,
      '--keep-last=1',
      `--keep-file=${write('keep.txt', '# production\napp 1.0.*\nweb 7.*\n')}`,
    )
    assert.equal(stderr, `helm-s3: ${program.path('keep.txt')} has a line that matches nothing: web 7.*\n`)
    assert.deepEqual(await archives(), ['app-1.0.0.tgz', 'app-2.0.0.tgz', 'app-2.1.0-rc.1.tgz', 'web-1.0.0.tgz'])
  })

  it('keeps the versions that releases in the cluster use, as the helm that runs it lists them', async () => {
    helmThat(
      `console.log(JSON.stringify(process.argv.slice(2).join(' ').startsWith('ls -A -o json --max 0') ? [{ name: ` +
        `'x', chart: 'app-1.1.0' }] : []))`,
    )
    await program.ok('prune', URI, '--keep-last=1', '--keep-in-use')
    assert.deepEqual(await archives(), ['app-1.1.0.tgz', 'app-2.0.0.tgz', 'app-2.1.0-rc.1.tgz', 'web-1.0.0.tgz'])
  })

  it('keeps the versions that several files of releases name', async () => {
    const [one, two] = [write('1.json', '[{"chart":"app-1.0.0"}]'), write('2.yaml', '- chart: app-1.1.0\n')]
    assert.match(
      await program.ok('prune', URI, '--keep-last=1', `--keep-in-use=${one}`, `--keep-in-use=${two}`),
      /2 in use/,
    )
  })

  describe('removes nothing when it', () => {
    const CASES: readonly (readonly [string, (path: (name: string, text: string) => string) => string[], RegExp])[] = [
      ['is given no rule', () => [], /^Error: no rule says what to remove\nHint: give --keep-last/],
      [
        'is given only rules about what to keep',
        (file) => [`--keep-file=${file('k', 'app 1.0.0')}`],
        /no rule says what to remove/,
      ],
      [
        'is given --keep-last=0',
        () => ['--keep-last=0'],
        /invalid argument "0" for "--keep-last" flag: must be a whole number, at least 1/,
      ],
      ['is given an invalid age', () => ['--older-than=soon'], /invalid argument "soon" for "--older-than"/],
      [
        'is given rules about versions together with --orphans alone',
        () => ['--orphans', '--name=app'],
        /--orphans alone removes none/,
      ],
      ['is given an empty pattern', () => ['--keep-last=1', '--name='], /need a text that is not empty/],
      [
        'cannot read the keep file',
        () => ['--keep-last=1', '--keep-file=missing.txt'],
        /^Error: open keep file missing\.txt: no such file/,
      ],
      [
        'cannot read the file of releases',
        () => ['--keep-last=1', '--keep-in-use=missing.json'],
        /^Error: read the releases: open missing\.json: no such file/,
      ],
      [
        'finds no list in the file of releases',
        (file) => ['--keep-last=1', `--keep-in-use=${file('r', '{"items":[]}')}`],
        /cannot tell which charts are in use: .*not the list/,
      ],
      [
        'finds a release without its chart',
        (file) => ['--keep-last=1', `--keep-in-use=${file('r', '[{"name":"x"}]')}`],
        /a release without its chart/,
      ],
    ]
    for (const [what, flags, expected] of CASES) {
      it(what, async () => {
        const before = await program.keys()
        assert.match(await program.fails('prune', URI, ...flags(write)), expected)
        assert.deepEqual(await program.keys(), before)
      })
    }

    it('gets an error from Helm for the list of releases', async () => {
      const before = await program.keys()
      helmThat(`console.error('Error: Kubernetes cluster unreachable'); process.exit(1)`)
      const stderr = await program.fails('prune', URI, '--keep-last=1', '--keep-in-use')
      assert.match(
        stderr,
        /^Error: cannot tell which charts are in use: `.*ls -A -o json.*` failed: Error: Kubernetes cluster unreachable\nHint: nothing was removed/,
      )
      assert.deepEqual(await program.keys(), before)
    })
  })

  describe('--orphans', () => {
    beforeEach(async () => {
      await program.bucket.put(asKey('charts/app-0.9.0.tgz'), Buffer.from('died'), {
        when: 'always',
        metadata: { 'chart-digest': '0'.repeat(64) },
      })
      await program.bucket.put(asKey('charts/app-0.8.0.tgz.prov'), Buffer.from('left'), {
        when: 'always',
        metadata: { delta: '01M8DTSA7J784G9KDPW2NXT8MY' },
      })
      await program.bucket.put(asKey('charts/backup.tgz'), Buffer.from('mine'), { when: 'always' })
    })

    it('leaves recent archives, because a push may be about to name them', async () => {
      assert.match(await program.ok('prune', URI, '--orphans'), /^Nothing to remove\.\n/)
    })

    it('removes old orphans and provenance files without an archive, and no other files', async () => {
      program.pass(HOUR + 1000)
      const stdout = await program.ok('prune', URI, '--orphans', '--allow-many-orphans')
      assert.match(
        stdout,
        /\nRemoved 2 orphans: 8 B\.\nKept 1 file without an entry, of which nothing proves that it is an orphan:\n {2}charts\/backup\.tgz: it is not called NAME-VERSION\.tgz\n$/,
      )
      assert.deepEqual(
        (await archives()).filter((key) => !/-[12]\./.test(key)),
        ['backup.tgz'],
      )
      assert.equal((await archives()).length, 6)
    })

    it('fails when orphans are more than a tenth of all archives and --allow-many-orphans is not given', async () => {
      await push('app 0.1.0', 'app 0.2.0')
      program.pass(HOUR + 1000)
      const before = await program.keys()
      const stderr = await program.fails('prune', URI, '--orphans')
      const archiveCount = before.filter((key) => key.endsWith('.tgz')).length
      assert.match(
        stderr,
        new RegExp(
          `^Error: no entry names 1 of ${String(archiveCount)} archives: that is more than a tenth\\nHint: nothing ` +
            `was removed; .*helm s3 reindex .*--allow-many-orphans\\n$`,
        ),
      )
      assert.deepEqual(await program.keys(), before)
      assert.match(await program.ok('prune', URI, '--orphans', '--dry-run'), /Would remove 2 orphans/)
    })

    it('does not count a provenance file without an archive towards that tenth', async () => {
      await program.bucket.delete(asKey('charts/app-0.9.0.tgz'))
      program.pass(HOUR + 1000)
      assert.match(await program.ok('prune', URI, '--orphans'), /Removed 1 orphan/)
    })

    it('removes no orphan while index.yaml is being rebuilt', async () => {
      program.pass(HOUR + 1000)
      await program.bucket.put(asKey('charts/index.d/rebuild-0123456789abcdef.json'), Buffer.from('{}'), {
        when: 'always',
      })
      const before = await program.keys()
      const stderr = await program.fails('prune', URI, '--orphans', '--allow-many-orphans')
      assert.match(stderr, /^Error: the index of s3:\/\/acme\/charts is being rebuilt: .*\nHint: nothing was removed; /)
      assert.deepEqual(await program.keys(), before)
      program.pass(21 * 60_000)
      assert.match(await program.ok('prune', URI, '--orphans', '--allow-many-orphans'), /Removed 2 orphans/)
    })

    it('removes what a push left behind and charts with the name of their file, and no other .tgz files', async () => {
      const put = (name: string, body: Uint8Array): Promise<unknown> =>
        program.bucket.put(asKey(`charts/${name}`), body, { when: 'always' })
      await put('sdk-2.4.1.tgz', tgz({ name: 'package/package.json', content: '{"name":"sdk","version":"2.4.1"}' }))
      await put('old-1.0.0.tgz', await chartArchive('old', '1.0.0'))
      await put('other-1.0.0.tgz', await chartArchive('old', '1.0.0'))
      program.pass(HOUR + 1000)
      const stdout = await program.ok('prune', URI, '--orphans', '--allow-many-orphans', '-ojson')
      const { foreign, orphans } = resultOf('prune', stdout) as {
        foreign: { key: string; reason: string }[]
        orphans: { key: string }[]
      }
      assert.deepEqual(orphans.map(({ key }) => key).sort(), [
        'charts/app-0.8.0.tgz',
        'charts/app-0.9.0.tgz',
        'charts/old-1.0.0.tgz',
      ])
      assert.deepEqual(foreign.map(({ key }) => key).sort(), [
        'charts/backup.tgz',
        'charts/other-1.0.0.tgz',
        'charts/sdk-2.4.1.tgz',
      ])
      assert.ok(await program.object('charts/sdk-2.4.1.tgz'))
    })

    it('keeps an archive of a version that has an entry, whatever its file is called', async () => {
      const metadata = {
        'chart-digest': '0'.repeat(64),
        'chart-metadata': '{"name":"app","version":"2.0.0","apiVersion":"v2"}',
      }
      await program.bucket.put(asKey('charts/app-v2.0.0.tgz'), Buffer.from('served elsewhere'), {
        when: 'always',
        metadata,
      })
      program.pass(HOUR + 1000)
      const stdout = await program.ok('prune', URI, '--orphans', '--allow-many-orphans')
      assert.match(stdout, /\n {2}charts\/app-v2\.0\.0\.tgz: it is app 2\.0\.0, which has an entry\n/)
      assert.ok(await program.object('charts/app-v2.0.0.tgz'))
    })

    it('lets the version be pushed again', async () => {
      program.pass(HOUR + 1000)
      await program.ok('prune', URI, '--orphans', '--allow-many-orphans')
      program.pass(2 * 60_000)
      await push('app 0.9.0')
      assert.match(await program.text('charts/index.yaml'), /app-0\.9\.0\.tgz/)
    })
  })
})
