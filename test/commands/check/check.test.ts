import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { makeDeltaId } from '../../../lib/core/log/delta-id.ts'
import { readIndexText } from '../../../lib/core/index/index-text.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { MemoryStore } from '../../../lib/store/memory-store.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { tgz } from '../../support/archives.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { SMALL_PARTS, useProgram } from '../../support/program.ts'
import { URI, testedRepository } from './repository.ts'

const HOUR = 3_600_000

interface CheckValue {
  readonly level: string
  readonly findings: readonly {
    readonly code: string
    readonly severity: string
    readonly name: string | null
    readonly key: string | null
    readonly detail: string
    readonly next: string
  }[]
  readonly fixed: readonly { readonly code: string }[]
  readonly errors: number
  readonly permissions: readonly {
    readonly action: string
    readonly resource: string
    readonly granted: boolean | null
  }[]
}

const SIGNATURE = '-----BEGIN PGP SIGNED MESSAGE-----\n\nfiles:\n  lost-1.0.0.tgz: sha256:00\n'

describe('check', () => {
  const program = useProgram()
  const { push, put, remove } = testedRepository(program)

  const edit = async (change: (text: string) => string): Promise<unknown> =>
    put('index.yaml', change(await program.text('charts/index.yaml')))
  const checked = async (...flags: readonly string[]): Promise<CheckValue & { readonly status: number }> => {
    const { status, stdout, stderr } = await program.run('check', URI, '-ojson', ...flags)
    assert.equal(stderr, '')
    return { status, ...(resultOf('check', stdout) as CheckValue) }
  }
  const codes = async (...flags: readonly string[]): Promise<readonly string[]> =>
    [...new Set((await checked(...flags)).findings.map(({ code }) => code))].sort()

  beforeEach(async () => {
    await program.ok('init', URI)
    await push('app', '1.0.0')
    await push('app', '1.1.0')
    await push('web', '0.1.0')
    program.pass(2 * HOUR)
    await program.ok('compact', URI)
  })

  it('finds nothing wrong in a healthy repository, and sends only reads', async () => {
    const refuse = async (): Promise<never> => assert.fail('a check writes')
    program.fail({ put: refuse, delete: refuse })
    const stdout = await program.ok('check', URI)
    assert.match(
      stdout,
      /^s3:\/\/acme\/charts: all is well\.\nLooked at 3 entries of 2 charts, 3 archives, 0 provenance files \([^)]*\), 0 deltas \(0 pending\)\.\nStore: not probed/,
    )
    assert.equal(await program.ok('doctor', URI), stdout)
  })

  it('reports a url with a query, and repairs it with --fix', async () => {
    await edit((text) =>
      text.replace(
        '"urls":["app-1.0.0.tgz"]',
        '"urls":["s3://acme/charts/app-1.0.0.tgz?endpoint=http://evil.example"]',
      ),
    )
    const { findings, status } = await checked()
    assert.deepEqual(
      [status, findings.map(({ code, name, severity }) => [code, severity, name])],
      [1, [['entry-url-query', 'warning', 'app']]],
    )
    assert.equal((await checked('--fix')).status, 0)
    assert.match(await program.text('charts/index.yaml'), /"urls":\["s3:\/\/acme\/charts\/app-1\.0\.0\.tgz"\]/)
  })

  it('says what is wrong, why it matters and what to do, and exits with 1', async () => {
    await remove('app-1.0.0.tgz')
    const { status, stdout, stderr } = await program.run('check', URI)
    assert.deepEqual([status, stderr], [1, ''])
    assert.equal(
      stdout.split('\n').slice(0, 5).join('\n'),
      `error archive-missing: the archive of an entry is not in the bucket
  app 1.0.0  there is no charts/app-1.0.0.tgz
  why:  Helm finds the chart and cannot download it
  next: push the chart again, or take the entry away: helm s3 check s3://acme/charts --fix
`,
    )
    assert.match(stdout, /\ns3:\/\/acme\/charts: 1 error, 0 warnings, 0 remarks\.\n/)
    assert.equal((await program.run('check', URI, '--exit-codes=fine')).status, 12)
  })

  /** Each: how it is made, what `check` finds, what `--fix` leaves, what cures that, and what remains in the end. */
  const damages: Readonly<
    Record<
      string,
      {
        readonly damage: () => Promise<unknown>
        readonly deep?: true
        readonly finds: readonly string[]
        readonly leaves?: readonly string[]
        readonly cure?: () => Promise<unknown>
        readonly ends?: readonly string[]
      }
    >
  > = {
    'a missing archive': { damage: () => remove('app-1.0.0.tgz'), finds: ['archive-missing'] },
    'a missing index': { damage: () => remove('index.yaml'), finds: ['index-missing'] },
    'an index that is not YAML': { damage: () => put('index.yaml', 'entries: {'), finds: ['index-unreadable'] },
    'an index with a field that Helm does not know': {
      damage: () => put('index.yaml', 'apiVersion: v1\nentries: {}\nmine: 1\n'),
      finds: ['index-unreadable'],
    },
    'an entry with a field of a wrong type': {
      damage: () => edit((text) => text.replace('"description":"A chart"', '"description":1')),
      finds: ['index-unreadable'],
    },
    'a duplicate chart in YAML': {
      damage: () => put('index.yaml', 'apiVersion: v1\nentries:\n  app: []\n  app: []\n'),
      finds: ['index-unreadable'],
    },
    'a duplicate chart in JSON': {
      damage: () => edit((text) => text.replace('"entries":{\n', '"entries":{\n"web":[],\n')),
      finds: ['duplicate-chart'],
    },
    'a null entry': {
      damage: () =>
        edit((text) =>
          text.replace(
            '"app":[\n',
            '"app":[\n{"name":"app","version":"0.9.0","apiVersion":"v2","urls":["x-0.9.0.tgz"],"digest":"'.concat(
              '0'.repeat(64),
              '"},\nnull,\n',
            ),
          ),
        ),
      finds: ['archive-missing', 'entries-unsorted', 'entry-null'],
    },
    'an entry without a version': {
      damage: () => edit((text) => text.replace('"app":[\n', '"app":[\n{"name":"app"},\n')),
      finds: ['entry-skipped'],
    },
    'an entry without a name': {
      damage: () => edit((text) => text.replace('{"name":"web",', '{')),
      finds: ['entry-unnamed'],
    },
    'an entry with a name that no chart can have': {
      damage: () => edit((text) => text.replace('{"name":"web",', '{"name":"../web",')),
      finds: ['entry-unnamed'],
    },
    'an entry with an invalid version': {
      damage: () => edit((text) => text.replace('"version":"0.1.0"', '"version":"latest"')),
      finds: ['entry-left-out'],
    },
    'a duplicate version': {
      damage: () => edit((text) => text.replace(/("app":\[\n)(.*\n)/, '$1$2$2')),
      finds: ['entry-duplicate'],
    },
    'an entry under the name of another chart': {
      damage: () => edit((text) => text.replace('"web":[', '"shop":[')),
      finds: ['archive-misnamed', 'entry-misplaced'],
    },
    'entries whose name differs from their chart': {
      damage: async () => {
        await push('zap', '1.0.0')
        await push('zap', '1.1.0')
        await program.ok('compact', URI)
        await edit((text) => text.replaceAll('{"name":"app",', '{"name":"zap",'))
      },
      finds: ['entry-misplaced'],
    },
    'versions out of order': {
      damage: () => edit((text) => text.replace(/("app":\[\n)(.*),\n(.*)\n/, '$1$3,\n$2\n')),
      finds: ['entries-unsorted'],
    },
    'an invalid digest': {
      damage: () => edit((text) => text.replace(/"digest":"[0-9a-f]{64}"/, '"digest":"abc"')),
      finds: ['entry-digest-invalid'],
    },
    'an entry without a digest': {
      damage: () => edit((text) => text.replace(/,"digest":"[0-9a-f]{64}"/, '')),
      finds: ['entry-digest-missing'],
    },
    'an entry without a url': {
      damage: () => edit((text) => text.replace('"urls":["web-0.1.0.tgz"]', '"urls":[]')),
      finds: ['archive-unlisted', 'entry-without-url'],
    },
    'an archive that was replaced without its entry': {
      damage: async () => put('web-0.1.0.tgz', await chartArchive('web', '0.1.0', { 'NOTES.txt': 'other' })),
      finds: ['archive-digest-mismatch'],
    },
    'an archive that was overwritten with bytes that are no archive': {
      damage: async () => put('web-0.1.0.tgz', 'no archive'),
      finds: ['archive-unreadable'],
      leaves: ['archive-unreadable'],
      cure: () => push('web', '0.1.0', '--force'),
    },
    'an archive of another version than its file name': {
      damage: async () => put('web-0.1.0.tgz', await chartArchive('web', '0.2.0')),
      deep: true,
      finds: ['archive-digest-mismatch', 'archive-of-other-chart'],
      leaves: ['archive-misnamed'],
      ends: ['archive-misnamed'],
    },
    'an entry of a type that Helm does not know': {
      damage: () => edit((text) => text.replace('{"name":"web",', '{"name":"web","type":"other",')),
      finds: ['entry-left-out'],
    },
    'a provenance file without its archive': {
      damage: async () => (await put('lost-1.0.0.tgz.prov', SIGNATURE), program.pass(2 * HOUR)),
      finds: ['provenance-stale'],
      leaves: ['provenance-stale'],
      cure: () => program.ok('prune', URI, '--orphans'),
    },
    'a file that only has the name of a provenance file': {
      damage: async () => (await put('lost-1.0.0.tgz.prov', 'origin: a farm'), await put('notes.tgz.prov', SIGNATURE)),
      finds: ['archive-foreign'],
      leaves: ['archive-foreign'],
      ends: ['archive-foreign'],
    },
    'an entry without a url and without an archive': {
      damage: () =>
        edit((text) =>
          text.replace('"app":[\n', '"app":[\n{"name":"app","version":"3.0.0","apiVersion":"v2","urls":[]},\n'),
        ),
      finds: ['entry-digest-missing', 'entry-without-url'],
    },
    'an entry without a digest whose archive lies elsewhere': {
      damage: () =>
        edit((text) =>
          text.replace(
            '"app":[\n',
            '"app":[\n{"name":"app","version":"3.0.0","apiVersion":"v2","urls":["https://cdn.example/app.tgz"]},\n',
          ),
        ),
      finds: ['archive-elsewhere', 'entry-digest-elsewhere'],
      leaves: ['archive-elsewhere', 'entry-digest-elsewhere'],
      cure: () => program.ok('delete', 'app', URI, '--version=3.0.0'),
    },
    'a .tgz file that is no chart': {
      damage: async () => (
        await put('sdk-2.4.1.tgz', tgz({ name: 'package/package.json', content: '{"name":"sdk"}' })),
        program.pass(HOUR)
      ),
      finds: ['archive-foreign'],
      leaves: ['archive-foreign'],
      ends: ['archive-foreign'],
    },
    'a second archive of a version': {
      damage: async () => (await put('app-v1.0.0.tgz', await chartArchive('app', '1.0.0')), program.pass(HOUR)),
      finds: ['archive-duplicate'],
      leaves: ['archive-duplicate'],
      ends: ['archive-duplicate'],
    },
    'an entry with an invalid version and no archive that tells the right one': {
      damage: () =>
        edit((text) =>
          text.replace(
            '"app":[\n',
            '"app":[\n{"name":"app","version":"1.0.0.0","urls":["https://cdn.example/app-1.0.0.0.tgz"]},\n',
          ),
        ),
      finds: ['entry-left-out'],
      leaves: ['entry-left-out'],
      cure: () => program.ok('delete', 'app', URI, '--version=1.0.0.0'),
    },
    'an archive that no entry names': {
      damage: async () => (await put('old-1.0.0.tgz', await chartArchive('old', '1.0.0')), program.pass(HOUR)),
      finds: ['archive-unlisted'],
      leaves: ['archive-unlisted'],
      cure: () => program.ok('reindex', URI),
    },
    'deltas that have been pending too long': {
      damage: async () => (await push('app', '2.0.0', '--no-compact'), program.pass(2 * HOUR)),
      finds: ['compaction-overdue'],
    },
    'folded deltas that were not collected': {
      damage: async () => (
        await push('app', '2.0.0', '--no-compact'),
        await program.ok('compact', URI),
        program.pass(2 * HOUR)
      ),
      finds: ['deltas-uncollected'],
    },
  }

  for (const [what, { cure, damage, deep, ends = [], finds, leaves = [] }] of Object.entries(damages)) {
    it(`finds ${what}, and repairs what it can`, async () => {
      const flags = deep === true ? ['--deep'] : []
      await damage()
      assert.deepEqual(await codes(...flags), finds)
      await program.run('check', URI, '--fix', '--relative', ...flags)
      assert.deepEqual(await codes(...flags), leaves)
      await cure?.()
      assert.deepEqual(await codes('--deep'), ends)
      const index = await program.text('charts/index.yaml')
      const entries = index.slice(index.indexOf('"entries"'), index.indexOf('},"generated"'))
      assert.doesNotMatch(entries, /null|latest|shop/)
    })
  }

  it('repairs in one run also what shows only after an unreadable index was rebuilt', async () => {
    const text = (await program.text('charts/index.yaml')).replace('"description":"A chart"', '"description":1')
    await put('index.yaml', text.replace(/("name":"web".*"digest":")[0-9a-f]{64}"/, '$1abc"'))
    await remove('app-1.1.0.tgz')
    const { errors, findings, fixed } = await checked('--fix')
    assert.deepEqual([errors, findings.map(({ code }) => code)], [0, []])
    assert.deepEqual(fixed.map(({ code }) => code).sort(), ['archive-missing', 'index-unreadable'])
    assert.deepEqual(await codes('--deep'), [])
  })

  describe('--fix of entries whose name differs from their chart', () => {
    const entryOf = (name: string, version: string, url: string): string =>
      `  - {apiVersion: v2, name: ${name}, version: ${version}, urls: ["${url}"]}\n`
    const versions = async (): Promise<readonly string[]> => {
      const index = readIndexText(Buffer.from(await program.text('charts/index.yaml')))
      return index
        .chartNames()
        .flatMap((chart) =>
          index
            .versions(chart)
            .map(
              ({ name, urls, version }) => `${chart}: ${name} ${version} ${String(urls?.[0]).replace(`${URI}/`, '')}`,
            ),
        )
    }
    const WRONG = entryOf('other', '1.0.9', 'pgb-1.0.9.tgz')
    const PGB = `  pgb:\n${WRONG}${entryOf('pgb', '1.0.10', 'pgb-1.0.10.tgz')}`
    const OTHER =
      `  ` +
      `other:\n${entryOf('other', '1.0.9', 'other-1.0.9.tgz')}${entryOf('zzz', '2.0.0', 'https://cdn.example/other-2.0.0.tgz')}`
    const PGB_AFTER = ['pgb: pgb 1.0.10 pgb-1.0.10.tgz', 'pgb: pgb 1.0.9 pgb-1.0.9.tgz']
    const OTHER_AFTER = ['other: other 2.0.0 https://cdn.example/other-2.0.0.tgz', 'other: other 1.0.9 other-1.0.9.tgz']

    beforeEach(async () => {
      for (const [name, version] of [
        ['pgb', '1.0.9'],
        ['pgb', '1.0.10'],
        ['other', '1.0.9'],
      ] as const) {
        await put(`${name}-${version}.tgz`, await chartArchive(name, version))
      }
      for (const name of ['app-1.0.0.tgz', 'app-1.1.0.tgz', 'web-0.1.0.tgz']) await remove(name)
      program.pass(72 * HOUR)
    })

    const texts: Readonly<Record<string, readonly [string, readonly string[]]>> = {
      'the chart named in the entry has the same version': [`${PGB}${OTHER}`, [...PGB_AFTER, ...OTHER_AFTER]],
      'there is no chart of the name in the entry': [PGB, PGB_AFTER],
      'the archive is of the chart named in the entry': [
        `  shop:\n${entryOf('other', '1.0.9', 'other-1.0.9.tgz')}`,
        OTHER_AFTER.slice(1),
      ],
      'the archive is of the chart named in the entry, which also names that archive': [
        `  shop:\n${entryOf('other', '1.0.9', 'other-1.0.9.tgz')}${OTHER}`,
        OTHER_AFTER,
      ],
      'the url names the archive of the other chart, and the chart has one of that version, too': [
        `  pgb:\n${entryOf('other', '1.0.9', 'other-1.0.9.tgz')}`,
        [...PGB_AFTER.slice(1), ...OTHER_AFTER.slice(1)],
      ],
      'the chart has a correct entry of that version, too': [
        `  pgb:\n${WRONG}${entryOf('pgb', '1.0.9', 'pgb-1.0.9.tgz')}`,
        PGB_AFTER.slice(1),
      ],
      'the url leads out of the bucket, and the chart has an archive of that version in it': [
        `  pgb:\n${entryOf('other', '1.0.9', 'https://cdn.example/pgb-1.0.9.tgz')}`,
        ['pgb: pgb 1.0.9 https://cdn.example/pgb-1.0.9.tgz'],
      ],
    }
    for (const [what, [entries, after]] of Object.entries(texts)) {
      it(`keeps the versions that Helm finds where ${what}`, async () => {
        await put('index.yaml', `apiVersion: v1\nentries:\n${entries}`)
        const sorted = [...after].sort()
        assert.ok((await codes()).includes('entry-misplaced'))
        const fetched = async (): Promise<number> =>
          (await program.run('fetch', 'pgb', URI, '--version=1.0.9', '-d', program.path('out'))).status
        const before = entries.includes(WRONG) ? await fetched() : undefined
        if (before !== undefined) assert.equal(before, 0)
        const { findings } = await checked('--fix')
        assert.deepEqual(
          findings.filter(
            ({ code }) =>
              !['archive-elsewhere', 'archive-unlisted', 'deltas-pending', 'entry-digest-elsewhere'].includes(code),
          ),
          [],
        )
        assert.deepEqual([...(await versions())].sort(), sorted)
        if (before !== undefined) assert.equal(await fetched(), 0)
        assert.equal((await checked()).errors, 0)
      })

      it(`agrees with reindex, which keeps the versions that Helm finds where ${what}`, async () => {
        await put('index.yaml', `apiVersion: v1\nentries:\n${entries}`)
        assert.doesNotMatch(await program.ok('reindex', URI, '--relative'), /Skipped \(/)
        await program.run('check', URI, '--fix')
        const found = await versions()
        for (const each of after) assert.ok(found.includes(each), each)
      })
    }
  })

  it('says what it has repaired and what remains', async () => {
    await remove('app-1.0.0.tgz')
    await put('lost-1.0.0.tgz.prov', SIGNATURE)
    const { status, stdout } = await program.run('check', URI, '--fix')
    assert.equal(status, 1)
    assert.match(
      stdout,
      /^Repaired 1:\n {2}archive-missing {2}app 1\.0\.0\n\nwarning provenance-stale: [^\n]*\n {2}lost-1\.0\.0\.tgz\.prov {2}[^\n]*\n {2}why: [^\n]*\n {2}next: when it is an hour old: helm s3 prune s3:\/\/acme\/charts --orphans\n/,
    )
    await remove('lost-1.0.0.tgz.prov')
    assert.match(await program.ok('check', URI, '--fix'), /^Nothing was repaired\.\n/)
  })

  it('reports bytes that are no archive as unreadable, and advises neither a permission nor to trust them', async () => {
    await put('web-0.1.0.tgz', 'no archive')
    for (const flags of [[], ['--fix'], ['--deep', '--fix']]) {
      const { stdout } = await program.run('check', URI, ...flags)
      assert.match(stdout, /\nerror archive-unreadable: |^error archive-unreadable: /)
      assert.doesNotMatch(stdout, /s3:GetObject|take the archive for right/)
    }
  })

  it('reads provenance files only with --deep, and only then finds one that names another file', async () => {
    const path = await program.chart('web', '0.2.0')
    writeFileSync(`${path}.prov`, `files:\n  web-latest.tgz: sha256:${sha256(readFileSync(path))}\n`)
    await program.ok('push', path, URI, '--any-prov')
    const asked: string[] = []
    program.fail({ get: async (key, options) => (asked.push(key), program.bucket.get(key, options)) })
    assert.ok(!(await codes()).includes('provenance-mismatch'))
    assert.ok(!asked.some((key) => key.endsWith('.prov') || key.endsWith('.tgz')), asked.join())
    assert.ok((await codes('--deep')).includes('provenance-mismatch'))
  })

  it('with --fix, restores no deleted version and leaves the archives as they are', async () => {
    program.fail({
      delete: async (key, options) =>
        key.endsWith('.tgz') ? { outcome: 'refused' } : program.bucket.delete(key, options),
    })
    assert.match(
      (await program.run('delete', 'app', URI, '--version=1.1.0')).stderr,
      /still in the bucket.*: charts\/app-1\.1\.0\.tgz /,
    )
    await remove('web-0.1.0.tgz')
    program.pass(HOUR)
    const before = await program.keys('charts/app')
    await program.run('check', URI, '--fix')
    assert.deepEqual(await program.keys('charts/app'), before)
    assert.doesNotMatch(await program.text('charts/index.yaml'), /app-1\.1\.0/)
    assert.deepEqual(await codes(), ['archive-unlisted'])
  })

  describe('of index.d/', () => {
    const ignored: Readonly<Record<string, readonly [string, string, RegExp]>> = {
      'an object whose name is no ULID': ['notes.txt', '', /its name is not <ULID>\.yaml/],
      'a delta from the future': [
        `${makeDeltaId(4_000_000_000_000, new Uint8Array(10))}.yaml`,
        '{"apiVersion":"v1"}',
        /its name is in the future/,
      ],
      'a delta that does not decode': [
        `${makeDeltaId(1_700_000_000_000, new Uint8Array(10))}.yaml`,
        '{"apiVersion"',
        /does not decode/,
      ],
      'a delta whose entry has a URL outside the repository': [
        `${makeDeltaId(1_700_000_000_000, new Uint8Array(10))}.yaml`,
        '{"apiVersion":"v1","addedEntries":{"a":[{"name":"a","version":"1.0.0","urls":["../a.tgz"]}]}}',
        /has a URL outside the repository/,
      ],
    }
    for (const [what, [name, text, says]] of Object.entries(ignored)) {
      it(`reports ${what}, and does not remove it`, async () => {
        await put(`index.d/${name}`, text)
        const { findings, status } = await checked('--fix')
        assert.deepEqual([status, findings.map(({ code }) => code)], [1, ['delta-ignored']])
        assert.match(findings[0]?.detail ?? '', says)
        assert.ok(await program.object(`charts/index.d/${name}`))
      })
    }

    it('reports that a delta of an unknown apiVersion blocks collection', async () => {
      await put(`index.d/${makeDeltaId(1_700_000_000_000, new Uint8Array(10))}.yaml`, '{"apiVersion":"v9"}')
      assert.deepEqual(await codes(), ['collection-blocked', 'delta-ignored'])
    })

    it('reports recent pending deltas only as a remark', async () => {
      await push('app', '2.0.0', '--no-compact')
      assert.match(await program.ok('check', URI), /remark deltas-pending[^]*1 delta, the oldest for 0s/)
    })
  })

  describe('of archives', () => {
    it('takes a recent archive without an entry for that of a push in progress', async () => {
      await put('new-1.0.0.tgz', await chartArchive('new', '1.0.0'))
      const { status, findings } = await checked()
      assert.deepEqual([status, findings.map(({ code }) => code)], [0, ['archive-in-progress']])
    })

    it('reports no fault when a version is deleted during the check', async () => {
      let isDeleted = false
      program.fail({
        list: async (prefix, options) => {
          if (prefix === 'charts/' && !isDeleted) {
            isDeleted = true
            await program.ok('delete', 'app', URI, '--version=1.1.0')
          }
          return program.bucket.list(prefix, options)
        },
      })
      assert.deepEqual(
        (await codes()).filter((code) => code !== 'deltas-pending'),
        [],
      )
    })

    it('reads every archive with --deep, and finds a truncated one', async () => {
      const whole = readFileSync(await program.chart('app', '1.0.0'))
      await put('app-1.0.0.tgz', whole.subarray(0, whole.length - 20))
      const { findings } = await checked('--deep')
      assert.deepEqual(
        findings.map(({ code, name }) => [code, name]),
        [['archive-unreadable', 'app']],
      )
      assert.match(findings[0]?.next ?? '', /helm s3 delete/)
      await program.ok('push', '--force', await program.chart('app', '1.0.0'), URI, '--relative')
      assert.deepEqual(await codes('--deep'), [])
    })

    it('remarks that some versions are signed and others are not', async () => {
      await put('app-1.0.0.tgz.prov', 'signature')
      const { findings, status } = await checked()
      assert.deepEqual(
        [status, findings.map(({ code, detail }) => [code, detail])],
        [0, [['provenance-missing', '1 of 2 versions: 1.1.0']]],
      )
    })

    const foreign: Readonly<Record<string, readonly [string, () => Promise<string | Uint8Array>, string, RegExp]>> = {
      'an npm package': ['sdk-2.4.1.tgz', async () => 'no chart', 'archive-foreign', /sdk-2\.4\.1\.tgz: \S/],
      'a second archive of a version': [
        'copy.tgz',
        () => chartArchive('app', '1.0.0'),
        'archive-duplicate',
        /copy\.tgz: app 1\.0\.0/,
      ],
      'a provenance file that is no signature': [
        'lost-1.0.0.tgz.prov',
        async () => 'x',
        'archive-foreign',
        /it is no signature of that archive/,
      ],
    }
    for (const [what, [name, body, code, reason]] of Object.entries(foreign)) {
      it(`reports ${what} only as a remark, and no command adds or removes it`, async () => {
        await put(name, await body())
        program.pass(2 * HOUR)
        for (const flags of [[], ['--deep']]) {
          const { findings, status } = await checked(...flags)
          assert.deepEqual([status, findings.map((each) => each.code)], [0, [code]])
          assert.match(findings[0]?.detail ?? '', reason)
        }
        await program.ok('prune', URI, '--orphans')
        await program.run('reindex', URI)
        assert.deepEqual(await codes(), [code])
      })
    }

    it('finds, with --deep, a provenance file that was made for other bytes', async () => {
      await put('web-0.1.0.tgz.prov', `files:\n  web-0.1.0.tgz: sha256:${sha256(Buffer.from('others'))}\n`)
      assert.deepEqual(await codes(), [])
      assert.deepEqual(await codes('--deep'), ['provenance-mismatch'])
    })

    it('reports archives with unusual names and archives outside the repository only as remarks', async () => {
      const archive = await chartArchive('app', '3.0.0')
      await put('package.tgz', archive)
      const entry = (version: string, url: string): string =>
        `{"apiVersion":"v2","name":"app","version":"${version}","created":"2999-01-01T00:00:00Z","urls":["${url}"],"digest":"${sha256(archive)}"},\n`
      await edit((text) =>
        text.replace(
          '"app":[\n',
          `"app":[\n${entry('4.0.0', 'https://example.org/app-4.0.0.tgz')}${entry('3.0.0', 'package.tgz')}`,
        ),
      )
      const { findings, status } = await checked()
      assert.deepEqual([status, findings.map(({ code }) => code)], [0, ['archive-misnamed', 'archive-elsewhere']])
    })
  })

  it('says with --fix what it leaves for now, because a deletion of the version may still be under way', async () => {
    await program.ok('delete', 'web', URI, '--version=0.1.0')
    const key = (await program.keys('charts/index.d/')).filter((each) => each.endsWith('.yaml')).at(-1) ?? ''
    const removal = await program.text(key)
    program.pass(2 * HOUR)
    await program.ok('push', await program.chart('web', '0.1.0', { 'values.yaml': 'a: 1' }), URI, '--relative')
    program.pass(2 * HOUR)
    await put('web-0.1.0.tgz', await chartArchive('web', '0.1.0', { 'values.yaml': 'a: 2' }))
    await put(`index.d/${makeDeltaId(Date.now() + 4 * HOUR, new Uint8Array(10))}.yaml`, removal)
    const { findings } = await checked('--fix')
    const found = findings.find(({ code }) => code === 'archive-digest-mismatch')
    assert.match(
      found?.detail ?? '',
      /^SHA-256 .* \(left for now, because another client .*: run this again in a few minutes\)$/,
    )
    program.pass(2 * HOUR)
    await program.ok('compact', URI)
    assert.deepEqual((await checked('--fix')).findings, [])
  })

  describe('with --probe', () => {
    const limits = { now: () => Date.now(), minPartSize: SMALL_PARTS.parts.least }
    const stores: Readonly<Record<string, readonly [MemoryStore, string, readonly string[]]>> = {
      'that honours all conditions': [new MemoryStore(limits), 'exact', []],
      'that ignores the condition of DELETE': [
        new MemoryStore({ ...limits, conditionalDelete: false }),
        'exact but for deletes',
        ['store-deletes-always'],
      ],
      'that ignores the condition of PUT': [
        new MemoryStore({ ...limits, conditionalPut: false }),
        'index only',
        ['store-create-races', 'store-swap-races'],
      ],
    }
    for (const [what, [store, level, finds]] of Object.entries(stores)) {
      it(`recognises a store ${what}, and leaves no object behind`, async () => {
        for (const { key } of (await program.bucket.list('')).objects)
          await store.put(key, (await program.bucket.get(key))?.body ?? Buffer.of(), { when: 'always' })
        program.fail(methodsOf(store))
        const before = (await store.list('')).objects.map(({ key, etag }) => [key, etag])
        const { findings, level: found } = await checked('--probe')
        assert.deepEqual(
          [found, findings.map(({ code }) => code).filter((code) => code.startsWith('store-'))],
          [level, finds],
        )
        assert.deepEqual(
          (await store.list('')).objects.map(({ key, etag }) => [key, etag]),
          before,
        )
      })
    }

    it('recognises a store that lets two of several writers win', async () => {
      program.fail({
        put: async (key, body, options) => {
          const present = await program.bucket.head(key)
          await new Promise((resolve) => setImmediate(resolve))
          if (options.when === 'absent' && present !== undefined) return { outcome: 'refused' }
          if (typeof options.when === 'object' && present?.etag !== options.when.match) return { outcome: 'refused' }
          return program.bucket.put(key, body, { ...options, when: 'always' })
        },
      })
      const { findings, level, status } = await checked('--probe')
      assert.deepEqual(
        [status, level, findings.map(({ code }) => code)],
        [1, 'index only', ['store-create-races', 'store-swap-races']],
      )
    })

    it('recognises a store without conditional requests', async () => {
      program.fail({
        put: async (key, body, options) => {
          if (options.when !== 'always') throw new HelmS3Error('unsupported-store', 'not implemented')
          return program.bucket.put(key, body, options)
        },
      })
      assert.deepEqual(
        [(await checked('--probe')).level, await codes('--probe')],
        ['unsafe', ['store-refuses-conditions']],
      )
    })

    it('repairs nothing on a store that refuses If-Match, and says so in the finding', async () => {
      await edit((text) => text.replace('"app":[\n', '"app":[\nnull,\n'))
      program.fail({
        put: async (key, body, options) => {
          if (typeof options.when === 'object') throw new HelmS3Error('unsupported-store', 'the store refuses If-Match')
          return program.bucket.put(key, body, options)
        },
      })
      const { findings } = await checked('--probe', '--fix')
      assert.deepEqual(findings.map(({ code }) => code).sort(), ['entry-null', 'store-refuses-conditions'])
      assert.match(
        findings.find(({ code }) => code === 'entry-null')?.next ?? '',
        /^nothing on this store: it refuses If-Match/,
      )
      assert.match(JSON.stringify(findings), /it refuses If-Match with the current ETag, with an error/)
      const { status, stderr } = await program.run('push', await program.chart('web', '3.0.0'), URI)
      assert.equal(status, 0)
      assert.equal(
        stderr,
        'helm-s3: committed, but not folded into index.yaml, so readers without this plugin do not see it: the ' +
          'store refuses If-Match\n',
      )
    })

    it('recognises a store that lets none of several writers win', async () => {
      program.fail({
        put: async (key, body, options) =>
          typeof options.when === 'object' ? { outcome: 'refused' } : program.bucket.put(key, body, options),
      })
      const { findings, level, status } = await checked('--probe')
      assert.deepEqual([status, level, findings.map(({ code }) => code)], [1, 'unsafe', ['store-refuses-conditions']])
      assert.match(JSON.stringify(findings), /If-Match with the current ETag: none of several writers won/)
    })

    it('recognises a store that refuses any condition on a DELETE', async () => {
      program.fail({
        delete: async (key, options = {}) => {
          if (options.match !== undefined) throw new HelmS3Error('unsupported-store', 'not implemented')
          return program.bucket.delete(key, options)
        },
      })
      assert.deepEqual(
        [(await checked('--probe')).level, await codes('--probe')],
        ['exact but for deletes', ['store-deletes-always']],
      )
    })

    it('recognises a store that refuses a DELETE whose condition is the current ETag', async () => {
      program.fail({
        delete: async (key, options = {}) =>
          options.match === undefined ? program.bucket.delete(key) : { outcome: 'refused' },
      })
      const { findings, level } = await checked('--probe')
      assert.deepEqual([level, findings.map(({ code }) => code)], ['exact but for deletes', ['store-deletes-always']])
      assert.match(JSON.stringify(findings), /it refuses the very ETag that it shows/)
    })

    it('removes old objects that an earlier probe left behind', async () => {
      await put('.helm-s3-probe/0123/create-1', 'x')
      program.pass(2 * HOUR)
      assert.deepEqual(await codes(), ['probe-leftovers'])
      await program.ok('check', URI, '--probe')
      assert.deepEqual(await program.keys('charts/.helm-s3-probe/'), [])
    })
  })

  describe('without a permission', () => {
    const deny = async (): Promise<never> => {
      throw new HelmS3Error('denied', 'AccessDenied')
    }
    const missing = async (...flags: readonly string[]): Promise<readonly string[]> =>
      (await checked(...flags)).permissions
        .filter(({ granted }) => granted === false)
        .map(({ action, resource }) => `${action} ${resource}`)

    it('names s3:ListBucket when listing is denied', async () => {
      program.fail({ list: deny })
      assert.deepEqual(await missing(), ['s3:ListBucket arn:aws:s3:::acme'])
      assert.deepEqual(await codes(), ['permission-read-missing'])
    })

    it('names s3:GetObject on all archives when none may be read', async () => {
      program.fail({ head: (key) => (key.endsWith('.tgz') ? deny() : program.bucket.head(key)) })
      assert.deepEqual(await missing(), ['s3:GetObject arn:aws:s3:::acme/charts/*.tgz'])
    })

    it('names the archive that may not be read when the others may', async () => {
      program.fail({
        get: (key, options) => (key === 'charts/web-0.1.0.tgz' ? deny() : program.bucket.get(key, options)),
      })
      const { findings } = await checked('--deep')
      assert.deepEqual(
        [await missing('--deep'), findings.map(({ code, detail, key }) => [code, key, detail])],
        [[], [['archive-unread', 'charts/web-0.1.0.tgz', 's3:GetObject on charts/web-0.1.0.tgz is denied']]],
      )
    })

    it('names the archives that a repair of the index could not read or unpack', async () => {
      await put('broken-1.0.0.tgz', 'no archive')
      await put('index.yaml', 'entries: {')
      const isDenied = (key: string): boolean => key === 'charts/web-0.1.0.tgz'
      program.fail({
        head: (key) => (isDenied(key) ? deny() : program.bucket.head(key)),
        get: (key, options) => (isDenied(key) ? deny() : program.bucket.get(key, options)),
      })
      const { findings, status } = await checked('--fix')
      assert.equal(status, 1)
      assert.deepEqual(findings.flatMap(({ code, key }) => (code === 'archive-unread' ? [key] : [])).sort(), [
        'charts/broken-1.0.0.tgz',
        'charts/web-0.1.0.tgz',
      ])
    })

    it('calls no archive unread whose version is one that Helm skips: nobody could add it', async () => {
      const lines: string[] = []
      for (const version of ['1.0.0.0', '1.0.0-01', '1.0.0-03173138']) {
        await put(`hub-${version}.tgz`, await chartArchive('hub', version))
        lines.push(`{"apiVersion":"v2","name":"hub","version":"${version}","urls":["hub-${version}.tgz"]}`)
      }
      const found = ['entry-left-out']
      await edit((text) => text.replace('"entries":{\n', `"entries":{\n"hub":[\n${lines.join(',\n')}\n],\n`))
      const index = await program.text('charts/index.yaml')
      for (const flags of [[], ['--fix'], ['--deep', '--fix'], []])
        assert.deepEqual(await codes(...flags), found, flags.join(' '))
      const { status, stderr } = await program.run('reindex', URI)
      assert.equal(status, 0)
      assert.match(
        stderr,
        /^(?:helm-s3: not added, because Helm would skip it: charts\/hub-1\.0\.0\S+\.tgz: validation: chart\.metadata\.version "1\.0\.0\S+" is invalid\n){3}$/,
      )
      await put('index.yaml', `${index}}`)
      assert.ok(!(await codes('--fix', '--allow-lost-entries')).includes('archive-unread'))
    })

    it('calls an archive that Helm refuses unreadable, not unread', async () => {
      await put('web-0.1.0.tgz', await chartArchive('web', '0.1.0.0'))
      await edit((text) => text.replace(/,"digest":"[0-9a-f]{64}"/, ''))
      assert.deepEqual(await codes('--fix'), ['archive-unreadable'])
    })

    it('names s3:GetObject on deltas when they may not be read', async () => {
      await push('app', '2.0.0', '--no-compact')
      program.fail({ get: (key, options) => (key.includes('index.d/') ? deny() : program.bucket.get(key, options)) })
      assert.deepEqual(await missing(), ['s3:GetObject arn:aws:s3:::acme/charts/index.d/*'])
    })

    it('names each missing permission to write with --probe, and leaves no object behind', async () => {
      const isProbe = (key: string): boolean => key.includes('/.helm-s3-probe/')
      program.fail({
        put: (key, body, options) => (isProbe(key) ? program.bucket.put(key, body, options) : deny()),
        delete: (key, options) => (isProbe(key) ? program.bucket.delete(key, options) : deny()),
      })
      const before = await program.keys('charts/')
      assert.deepEqual(await missing('--probe'), [
        's3:PutObject arn:aws:s3:::acme/charts/index.d/*.yaml',
        's3:PutObject arn:aws:s3:::acme/charts/*.tgz',
        's3:PutObject arn:aws:s3:::acme/charts/index.yaml',
        's3:DeleteObject arn:aws:s3:::acme/charts/index.d/*.yaml',
        's3:DeleteObject arn:aws:s3:::acme/charts/*.tgz',
      ])
      assert.deepEqual(await program.keys('charts/'), before)
      assert.equal((await program.run('check', URI, '--probe')).status, 0)
    })

    it('names s3:PutObject on the probe objects when the probe may not write', async () => {
      program.fail({ put: deny, delete: deny })
      const { findings, level } = await checked('--probe')
      assert.equal(level, 'not probed')
      assert.match(
        findings.find(({ code }) => code === 'probe-incomplete')?.detail ?? '',
        /s3:PutObject.* on arn:aws:s3:::acme\/charts\/\.helm-s3-probe\/\*/,
      )
    })
  })

  it('reports that the clocks of client and store differ', async () => {
    for (const [lead, code] of [
      [30_000, 'clock-differs'],
      [-HOUR, 'clock-skewed'],
    ] as const) {
      program.fail({
        get: async (key, options) => shifted(await program.bucket.get(key, options), lead),
        head: async (key) => shifted(await program.bucket.head(key), lead),
        list: async (prefix, options) => shifted(await program.bucket.list(prefix, options), lead),
      })
      assert.ok((await codes()).includes(code), code)
    }
  })

  it('refuses bad input before anything is sent', async () => {
    const refuse = async (): Promise<never> => assert.fail('something is sent')
    program.fail({ list: refuse, get: refuse, head: refuse, put: refuse, delete: refuse })
    assert.match(await program.fails('check'), /^Error: /)
    assert.match(await program.fails('check', URI, '--deeper'), /^Error: unknown flag/)
    assert.match(await program.fails('check', URI, '--concurrency=0'), /^Error: invalid argument "0"/)
    assert.match(await program.fails('check', URI, '--relative'), /^Error: --relative can only be used with --fix/)
    assert.match(await program.fails('check', 'unknown'), /^Error: /)
  })

  it('fails where there is no repository', async () => {
    assert.match(
      await program.fails('check', 's3://acme/nothing'),
      /^Error: there is no index\.yaml at s3:\/\/acme\/nothing\nHint: .*helm s3 init/,
    )
  })
})

function shifted<T extends { readonly date: number } | undefined>(answer: T, lead: number): T {
  return answer && { ...answer, date: answer.date + lead }
}

function methodsOf(store: MemoryStore): Parameters<ReturnType<typeof useProgram>['fail']>[0] {
  return {
    list: (...args) => store.list(...args),
    get: (...args) => store.get(...args),
    head: (...args) => store.head(...args),
    put: (...args) => store.put(...args),
    delete: (...args) => store.delete(...args),
    getUnless: (...args) => store.getUnless(...args),
    getTail: (...args) => store.getTail(...args),
    getRange: (...args) => store.getRange(...args),
    ...(store.uploads === undefined ? {} : { uploads: store.uploads }),
  }
}
