import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const MINUTE = 60_000

interface Restored {
  readonly delta: string | null
  readonly restored: readonly {
    readonly version: string
    readonly digest: string
    readonly created: string
    readonly deletedBy: string
    readonly source: string
  }[]
}

describe('restore', () => {
  const program = useProgram()
  const index = async (): Promise<string> => program.ok('download', '', '', '', `${URI}/index.yaml`)
  const push = async (version: string, ...flags: string[]): Promise<string> => {
    const path = await program.chart('app', version)
    await program.ok('push', path, URI, ...flags)
    return path
  }
  const remove = async (version: string): Promise<string> => program.ok('delete', 'app', URI, `--version=${version}`)

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  describe('from an archive that is still in the bucket', () => {
    let before: string
    beforeEach(async () => {
      const path = await push('1.0.0')
      before = await index()
      await remove('1.0.0')
      const key = asKey('charts/app-1.0.0.tgz')
      await program.bucket.put(key, readFileSync(path), { when: 'absent' })
      program.pass(2 * MINUTE)
    })

    it('adds the same entry again', async () => {
      assert.equal(
        await program.ok('restore', 'app', URI, '--version=1.0.0'),
        'Restored 1 version:\n  app 1.0.0 (its archive still stands)\n',
      )
      const entry = (text: string): string => text.replace(/\n\}.*\n$/, '').replace(/"created":"[^"]*"/, '')
      assert.equal(entry(await index()), entry(before))
      assert.match(await program.text('charts/index.yaml'), /"version":"1\.0\.0"/, 'folded at once')
    })

    it('writes one delta with addedIfAbsent, and the archive again with the id of that delta', async () => {
      const { delta, restored } = resultOf(
        'restore',
        await program.ok('restore', 'app', URI, '--version=1.0.0', '--no-compact', '-ojson'),
      ) as Restored
      const text = await program.text(`charts/index.d/${String(delta)}.yaml`)
      assert.match(text, /"addedIfAbsent":\{"app":\[/)
      assert.equal((await program.bucket.head(asKey('charts/app-1.0.0.tgz')))?.metadata.delta, delta)
      assert.match(text, /"command":"restore"/)
      assert.deepEqual(
        restored.map(({ source, version }) => [version, source]),
        [['1.0.0', 'archive']],
      )
    })

    it('writes nothing in a dry run', async () => {
      const keys = await program.keys()
      assert.equal(
        await program.ok('restore', 'app', URI, '--version=1.0.0', '--dry-run'),
        'Would restore 1 version:\n  app 1.0.0 (its archive still stands)\n',
      )
      assert.deepEqual(await program.keys(), keys)
      assert.doesNotMatch(await index(), /"version":"1\.0\.0"/)
    })

    it('fails when the archive is not the deleted one', async () => {
      await program.bucket.put(asKey('charts/app-1.0.0.tgz'), Buffer.from('other'), { when: 'always' })
      assert.match(
        await program.fails('restore', 'app', URI, '--version=1.0.0'),
        /^Error: the archive at charts\/app-1\.0\.0\.tgz is not the deleted one of app 1\.0\.0\nHint: `helm s3 reindex s3:\/\/acme\/charts` adds/,
      )
    })

    it('restores none of several versions when one cannot be restored', async () => {
      assert.match(
        await program.fails('restore', 'app', URI, '--version=1.0.0,9.9.9,8.8.8'),
        /^Error: no deletion of app 9\.9\.9 is known; no deletion of app 8\.8\.8 is known\nHint: nothing was restored; /,
      )
      assert.doesNotMatch(await index(), /"version":"1\.0\.0"/)
    })
  })

  describe('from a versioned bucket', () => {
    beforeEach(async () => {
      program.keepVersions()
      await program.ok('init', URI)
    })

    it('restores the archive, its provenance file, and the date of its first push', async () => {
      const path = await program.chart('app', '1.0.0')
      const archive = readFileSync(path)
      writeFileSync(`${path}.prov`, `files:\n  app-1.0.0.tgz: sha256:${sha256(archive)}\n`)
      await program.ok('push', path, URI)
      const pushedAt = (await program.object('charts/app-1.0.0.tgz'))?.lastModified ?? 0
      program.pass(10 * MINUTE)
      await remove('1.0.0')
      assert.equal(await program.object('charts/app-1.0.0.tgz'), undefined)
      const { restored } = resultOf(
        'restore',
        await program.ok('restore', 'app', URI, '--version=1.0.0', '-ojson'),
      ) as Restored
      assert.deepEqual(restored, [
        {
          name: 'app',
          version: '1.0.0',
          deletedBy: restored[0]?.deletedBy,
          digest: sha256(archive),
          created: new Date(pushedAt).toISOString(),
          source: 'older-version',
        },
      ])
      assert.deepEqual(Buffer.from((await program.object('charts/app-1.0.0.tgz'))?.body ?? []), archive)
      assert.match(await program.text('charts/app-1.0.0.tgz.prov'), /sha256:/)
      assert.ok((await index()).includes(`"created":"${new Date(pushedAt).toISOString()}"`))
    })

    it('restores the object version that was deleted, not a newer one of other bytes', async () => {
      const path = await push('1.0.0')
      const archive = readFileSync(path)
      await remove('1.0.0')
      const key = asKey('charts/app-1.0.0.tgz')
      await program.bucket.put(key, Buffer.from('other'), { when: 'always' })
      await program.bucket.delete(key)
      await program.ok('restore', 'app', URI, '--version=1.0.0')
      assert.deepEqual(Buffer.from((await program.object('charts/app-1.0.0.tgz'))?.body ?? []), archive)
    })

    it('restores after a folded deletion, and again after another deletion', async () => {
      await push('1.0.0')
      for (let round = 0; round < 2; round++) {
        // A second deletion within a minute leaves the archive where it is.
        program.pass(2 * MINUTE)
        await remove('1.0.0')
        await program.ok('compact', URI)
        assert.match(
          await program.ok('restore', 'app', URI, '--version', '1.0.0'),
          /^Restored 1 version:\n {2}app 1\.0\.0 \(from an older version/,
        )
      }
      assert.match(await program.ok('list', URI, 'app'), /1\.0\.0/)
    })
  })

  it('says why a version cannot be restored', async () => {
    await push('1.0.0')
    assert.match(
      await program.fails('restore', 'app', URI, '--version=1.0.0'),
      /^Error: app 1\.0\.0 is in the repository\nHint: there is nothing to restore/,
    )
    assert.match(
      await program.fails('restore', 'app', URI, '--version=2.0.0'),
      /^Error: no deletion of app 2\.0\.0 is known\nHint: .*helm s3 log s3:\/\/acme\/charts app/,
    )
    await remove('1.0.0')
    assert.match(
      await program.fails('restore', 'app', URI, '--version=1.0.0'),
      /^Error: there is no charts\/app-1\.0\.0\.tgz with the archive of app 1\.0\.0, and the bucket keeps no older version of it\nHint: push the archive again; /,
    )
    const unsupported = async (): Promise<never> => {
      throw new HelmS3Error('unsupported-store', 'no versions here')
    }
    program.fail({ listVersions: unsupported })
    assert.match(
      await program.fails('restore', 'app', URI, '--version=1.0.0'),
      /^Error: there is no charts\/app-1\.0\.0\.tgz with the archive of app 1\.0\.0, and the bucket keeps no older version of it\n/,
    )
  })

  describe('of an archive that was in a folder or had another name', () => {
    let archive: Buffer
    let path: string
    /** Gives the repository at `uri` an entry of another program with this url, and an archive under `key`. */
    const lay = async (url: string, key: string, uri = URI, prefix = 'charts/'): Promise<void> => {
      path = await program.chart('app', '1.0.0')
      archive = readFileSync(path)
      await program.ok('init', uri, '--ignore-if-exists')
      await program.bucket.put(asKey(key), archive, { when: 'always' })
      const entry = {
        apiVersion: 'v2',
        name: 'app',
        version: '1.0.0',
        urls: [url],
        created: '2020-01-01T00:00:00Z',
        digest: sha256(archive),
      }
      await program.bucket.put(
        asKey(`${prefix}index.yaml`),
        Buffer.from(JSON.stringify({ apiVersion: 'v1', entries: { app: [entry] } })),
        { when: 'always' },
      )
    }
    const isBack = async (prefix = 'charts/'): Promise<void> =>
      assert.deepEqual(Buffer.from((await program.object(`${prefix}app-1.0.0.tgz`))?.body ?? []), archive)

    const places: readonly (readonly [url: string, key: string, uri?: string, prefix?: string])[] = [
      ['dir/app-1.0.0.tgz', 'charts/dir/app-1.0.0.tgz'],
      ['s3://acme/charts/a/b/app%2D1.0.0.tgz', 'charts/a/b/app-1.0.0.tgz'],
      ['old-name.tgz', 'charts/old-name.tgz'],
      ['dir/app-1.0.0.tgz', 'dir/app-1.0.0.tgz', 's3://acme', ''],
      ['https://charts.test/stable/dir/app-1.0.0.tgz', 'charts/dir/app-1.0.0.tgz'],
    ]
    for (const [url, key, uri = URI, prefix = 'charts/'] of places) {
      it(`finds it through an older version of index.yaml, with its provenance file: ${url} in ${uri}`, async () => {
        program.keepVersions()
        await lay(url, key, uri, prefix)
        if (url.startsWith('https')) await program.ok('config', uri, 'publish-url=https://charts.test/stable')
        await program.bucket.put(
          asKey(`${key}.prov`),
          Buffer.from(`files:\n  app-1.0.0.tgz: sha256:${sha256(archive)}\n`),
          { when: 'always' },
        )
        program.pass(MINUTE)
        await program.ok('delete', 'app', uri, '--version=1.0.0')
        assert.equal(await program.object(key), undefined)
        program.pass(2 * MINUTE)
        await program.ok('push', await program.chart('web', '1.0.0'), uri)
        assert.equal(
          await program.ok('restore', 'app', uri, '--version=1.0.0'),
          `Restored 1 version:\n  app 1.0.0 (from an older version of ${key})\n`,
        )
        await isBack(prefix)
        assert.match(await program.text(`${prefix}app-1.0.0.tgz.prov`), /sha256:/)
        await program.ok('check', uri, '--deep')
      })
    }

    it('finds it through the base while the deletion is pending, without versions of objects', async () => {
      await lay('dir/app-1.0.0.tgz', 'charts/dir/app-1.0.0.tgz')
      const before = await program.object('charts/index.yaml')
      await remove('1.0.0')
      await program.bucket.put(asKey('charts/index.yaml'), before?.body ?? Buffer.of(), { when: 'always' })
      await program.bucket.put(asKey('charts/dir/app-1.0.0.tgz'), archive, { when: 'always' })
      program.pass(2 * MINUTE)
      const { status, stderr, stdout } = await program.run('restore', 'app', URI, '--version=1.0.0')
      assert.deepEqual(
        [status, stdout],
        [0, 'Restored 1 version:\n  app 1.0.0 (from charts/dir/app-1.0.0.tgz, which still stands)\n'],
      )
      assert.match(
        stderr,
        /^helm-s3: replaced in the index, and still in a folder of the bucket: charts\/dir\/app-1\.0\.0\.tgz; /,
      )
      await isBack()
    })

    it('names the keys that it has looked at, and says when the former key is unknown', async () => {
      await lay('dir/app-1.0.0.tgz', 'charts/dir/app-1.0.0.tgz')
      await remove('1.0.0')
      assert.match(
        await program.fails('restore', 'app', URI, '--version=1.0.0'),
        /^Error: there is no charts\/app-1\.0\.0\.tgz with the archive of app 1\.0\.0, and the bucket keeps no older version of it\nHint: push the archive again; where it lay in a folder[^\n]* nothing that can be read tells where it lay\n/,
      )
      program.keepVersions()
      await lay('dir/app-1.0.0.tgz', 'charts/dir/app-1.0.0.tgz')
      await program.bucket.put(asKey('charts/dir/app-1.0.0.tgz'), Buffer.from('other'), { when: 'always' })
      await program.run('delete', 'app', URI, '--version=1.0.0')
      program.fail({ listVersions: async (key) => (key.endsWith('.tgz') ? [] : program.bucket.listVersions(key)) })
      const { stderr, status } = await program.run('restore', 'app', URI, '--version=1.0.0')
      assert.deepEqual(
        [status, stderr],
        [
          1,
          'Error: there is no charts/app-1.0.0.tgz and no charts/dir/app-1.0.0.tgz with the archive of app 1.0.0, ' +
            'and the bucket keeps no older version of them\nHint: push the archive again\n',
        ],
      )
    })

    it(
      'names the url of an archive outside the repository, and says that the former key is unknown when it may not ' +
        'read older versions of index.yaml',
      async () => {
        program.keepVersions()
        await lay('s3://acme/other/app-1.0.0.tgz', 'other/app-1.0.0.tgz')
        program.pass(MINUTE)
        await program.run('delete', 'app', URI, '--version=1.0.0')
        assert.match(
          await program.fails('restore', 'app', URI, '--version=1.0.0'),
          /\nHint: push the archive again; its entry led elsewhere: s3:\/\/acme\/other\/app-1\.0\.0\.tgz\n/,
        )
        const get = (body: () => Promise<never>): void =>
          program.fail({
            get: async (key, options) =>
              key === 'charts/index.yaml' && options?.version !== undefined ? body() : program.bucket.get(key, options),
          })
        get(async () => Promise.reject(new HelmS3Error('denied', 'AccessDenied')))
        assert.match(
          await program.fails('restore', 'app', URI, '--version=1.0.0'),
          /nothing that can be read tells where it lay\n/,
        )
      },
    )
  })

  it('says that the delta of a deletion has been collected', async () => {
    await push('1.0.0')
    await remove('1.0.0')
    program.pass(6 * MINUTE)
    await program.ok('compact', URI)
    assert.match(
      await program.fails('restore', 'app', URI, '--version=1.0.0'),
      /^Error: what deleted app 1\.0\.0 has been collected: its digest is no longer known\nHint: push the archive again\n/,
    )
  })

  it('does not take the removal of an orphan for the deletion of a version', async () => {
    program.keepVersions()
    await program.ok('init', URI)
    await program.bucket.put(asKey('charts/app-1.0.0.tgz'), readFileSync(await program.chart('app', '1.0.0')), {
      when: 'always',
    })
    program.pass(120 * MINUTE)
    await program.ok('prune', URI, '--orphans', '--allow-many-orphans')
    assert.equal(await program.object('charts/app-1.0.0.tgz'), undefined)
    assert.match(
      await program.fails('restore', 'app', URI, '--version=1.0.0'),
      /^Error: no deletion of app 1\.0\.0 is known\n/,
    )
  })

  it('finds the deletion of a version below a later removal of an orphan', async () => {
    const archive = readFileSync(await push('1.0.0'))
    await remove('1.0.0')
    const [key = ''] = (await program.keys('charts/index.d/')).slice(-1)
    const announcement = (await program.text(key)).replace(/"digest":"[0-9a-f]{64}","created":"[^"]*"/, '"created":""')
    const later = asKey(key.replace(/[0-9A-Z]{16}\.yaml$/, `${'Z'.repeat(16)}.yaml`))
    await program.bucket.put(later, Buffer.from(announcement), { when: 'absent' })
    await program.bucket.put(asKey('charts/app-1.0.0.tgz'), archive, { when: 'absent' })
    program.pass(2 * MINUTE)
    const { restored } = resultOf(
      'restore',
      await program.ok('restore', 'app', URI, '--version=1.0.0', '-ojson'),
    ) as Restored
    assert.deepEqual(
      restored.map(({ deletedBy }) => `charts/index.d/${deletedBy}.yaml`),
      [key],
    )
  })

  it('refuses an incomplete command line', async () => {
    assert.match(await program.fails('restore', 'app', URI), /^Error: required flag\(s\) "version" not set\n/)
    assert.match(
      await program.fails('restore', 'app', URI, '--version=,'),
      /^Error: at least one non-empty --version is required\n/,
    )
    assert.match(await program.fails('restore', 'app', '--version=1.0.0'), /^Error: accepts 2 arg\(s\), received 1\n/)
    assert.match(
      await program.fails('restore', 'app', 's3://acme/other', '--version=1.0.0'),
      /^Error: .*there is no index\.yaml/,
    )
  })
})
