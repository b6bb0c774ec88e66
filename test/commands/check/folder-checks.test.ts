import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { sha256 } from '../../../lib/sys/sha256.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const HOUR = 3_600_000

interface Checked {
  readonly findings: readonly { readonly code: string; readonly key: string | null; readonly detail: string }[]
  readonly archives: number
  readonly provenanceFiles: number
  readonly bytes: number
}

/** A repository, and how its entry names an archive in the folder `dir`. */
interface Place {
  readonly uri: string
  readonly prefix: string
  readonly url: string
  readonly key: string
}

const at = (uri: string, prefix: string, url: string, file = 'app-1.0.0.tgz'): Place => ({
  uri,
  prefix,
  url,
  key: `${prefix}dir/${file}`,
})

const PLACES: Readonly<Record<string, Place>> = {
  'a relative url': at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'),
  'a relative url with dots': at('s3://acme/charts', 'charts/', './x/../dir/app-1.0.0.tgz'),
  'a percent-encoded url': at('s3://acme/charts', 'charts/', 'd%69r/app%2D1.0.0.tgz'),
  'an s3:// url': at('s3://acme/charts', 'charts/', 's3://acme/charts/dir/app-1.0.0.tgz'),
  'a url below the publish-url': at('s3://acme/charts', 'charts/', 'https://charts.test/stable/dir/app-1.0.0.tgz'),
  'a relative url at the root of the bucket': at('s3://acme', '', 'dir/app-1.0.0.tgz'),
  'an s3:// url at the root of the bucket': at('s3://acme', '', 's3://acme/dir/app-1.0.0.tgz'),
  'a prefix with a slash in it': at('s3://acme/team/charts', 'team/charts/', 'dir/app-1.0.0.tgz'),
  'a prefix with a space in it': at('s3://acme/my%20charts', 'my charts/', 'dir/app-1.0.0.tgz'),
  'a folder with a space in it': {
    uri: 's3://acme/charts',
    prefix: 'charts/',
    url: 'my%20dir/app-1.0.0.tgz',
    key: 'charts/my dir/app-1.0.0.tgz',
  },
  'folders in folders': {
    uri: 's3://acme/charts',
    prefix: 'charts/',
    url: 'a/b/c/app-1.0.0.tgz',
    key: 'charts/a/b/c/app-1.0.0.tgz',
  },
  'a second url that leads to an archive': {
    uri: 's3://acme/charts',
    prefix: 'charts/',
    url: 'dir/app-1.0.0.tgz","lib-1.0.0.tgz',
    key: 'charts/dir/app-1.0.0.tgz',
  },
}

/** What check makes of entries whose archives lie in folders of the repository. */
describe('check of archives in folders', () => {
  const program = useProgram()
  let place: Place
  let bytes: Buffer

  const put = (key: string, body: string | Uint8Array): Promise<unknown> =>
    program.bucket.put(asKey(key), Buffer.from(body), { when: 'always' })
  const index = async (): Promise<string> => program.text(`${place.prefix}index.yaml`)
  const edit = async (change: (text: string) => string): Promise<void> => {
    const changed = change(await index())
    assert.notEqual(changed, await index())
    await put(`${place.prefix}index.yaml`, changed)
  }
  const checked = async (...flags: readonly string[]): Promise<Checked> => {
    const { stderr, stdout } = await program.run('check', place.uri, '-ojson', ...flags)
    assert.equal(stderr, '')
    return resultOf('check', stdout) as Checked
  }
  const found = async (...flags: readonly string[]): Promise<readonly (readonly [string, string | null])[]> =>
    (await checked(...flags)).findings.map(({ code, key }) => [code, key])
  /** Moves the archive of app 1.0.0 into its folder, and points its entry there. */
  const lay = async (here: Place): Promise<void> => {
    place = here
    const path = await program.chart('app', '1.0.0')
    bytes = readFileSync(path)
    await program.ok('init', place.uri)
    if (place.url.startsWith('https')) await program.ok('config', place.uri, 'publish-url=https://charts.test/stable')
    await program.ok('push', path, await program.chart('lib', '1.0.0'), place.uri, '--relative')
    program.pass(HOUR)
    await program.ok('compact', place.uri)
    await edit((text) => text.replace('"app-1.0.0.tgz"', `"${place.url}"`))
    await program.bucket.delete(asKey(`${place.prefix}app-1.0.0.tgz`))
    await put(place.key, bytes)
    // The archive is newer than its entry, so `check` asks for its digest.
    program.pass(HOUR)
  }
  const hasEntry = async (): Promise<boolean> => (await index()).includes('"app"')

  for (const [what, each] of Object.entries(PLACES)) {
    it(`counts an archive in a folder as one of the repository, and reports it when it is gone: ${what}`, async () => {
      await lay(each)
      const { archives, bytes: size, findings } = await checked()
      assert.deepEqual([findings, archives], [[], 2])
      assert.ok(size > bytes.length)
      assert.deepEqual(await found('--deep'), [])
      await program.bucket.delete(asKey(place.key))
      assert.deepEqual(await found(), [['archive-missing', place.key]])
      await program.ok('check', place.uri, '--fix')
      assert.ok(!(await hasEntry()))
      assert.deepEqual(await found(), [])
    })
  }

  it('agrees with reindex, which removes the entry of a missing archive and no other', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    const before = await index()
    for (const flags of [[], ['--full'], ['--relative']]) await program.ok('reindex', place.uri, ...flags)
    assert.equal(await index(), before)
    await program.bucket.delete(asKey(place.key))
    assert.match(
      await program.ok('reindex', place.uri, '--dry-run'),
      /^Would remove app 1\.0\.0 \(app-1\.0\.0\.tgz\)\n/,
    )
    assert.match(await program.ok('reindex', place.uri), /^Removed app 1\.0\.0 \(app-1\.0\.0\.tgz\)\n/)
    assert.deepEqual(await found(), [])
  })

  it('finds nothing wrong after the missing chart was pushed again', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    await program.bucket.delete(asKey(place.key))
    await program.ok('push', await program.chart('app', '1.0.0'), place.uri, '--relative')
    assert.deepEqual([await found(), (await index()).includes('"app-1.0.0.tgz"')], [[], true])
  })

  it('agrees with reindex, which keeps the entry when the archive comes back before it writes', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    await program.bucket.delete(asKey(place.key))
    let isBack = false
    program.fail({
      head: async (key) => {
        if (key === place.key && !isBack) {
          isBack = true
          await put(place.key, bytes)
        }
        return program.bucket.head(key)
      },
    })
    assert.match(
      await program.ok('reindex', place.uri),
      /^Skipped \(it is being changed, or was just deleted\): charts\/dir\/app-1\.0\.0\.tgz/,
    )
    assert.ok(isBack && (await hasEntry()))
  })

  it('agrees with reindex, which points the entry of a missing archive to another archive of that version', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    await program.bucket.delete(asKey(place.key))
    await put('charts/renamed.tgz', bytes)
    await program.ok('reindex', place.uri, '--relative')
    assert.match(await index(), /"urls":\["renamed\.tgz"\]/)
    assert.deepEqual(await found(), [['archive-misnamed', 'charts/renamed.tgz']])
  })

  it('reports bytes that differ from the entry, with --deep whatever their date, and --fix does not repair them', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    const before = await index()
    await put(place.key, await chartArchive('app', '1.0.0', { 'NOTES.txt': 'other' }))
    const mismatch = ['archive-folder-mismatch', place.key]
    assert.deepEqual([await found(), await found('--deep'), await found('--fix')], [[mismatch], [mismatch], [mismatch]])
    await put(place.key, await chartArchive('app', '2.0.0'))
    const [finding] = (await checked('--deep')).findings
    assert.match(finding?.detail ?? '', /^SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}; it is app 2\.0\.0$/)
    await put(place.key, 'no archive')
    assert.deepEqual(await found('--deep'), [['archive-unreadable', place.key]])
    await edit((text) => text.replace(/("app":\[\n.*"created":")2[^"]*"/, '$12999-01-01T00:00:00Z"'))
    assert.deepEqual([await found(), await found('--deep')], [[], [['archive-unreadable', place.key]]])
    assert.notEqual(await index(), before)
  })

  it('reports a mismatch when the folder is empty and the archive below the prefix has another digest', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    await program.bucket.delete(asKey(place.key))
    await put('charts/app-1.0.0.tgz', await chartArchive('app', '1.0.0', { 'NOTES.txt': 'other' }))
    program.pass(HOUR)
    assert.deepEqual(await found(), [
      ['archive-folder-mismatch', place.key],
      ['archive-duplicate', 'charts/app-1.0.0.tgz'],
    ])
    await program.ok('reindex', place.uri)
    assert.ok((await index()).includes('"dir/app-1.0.0.tgz"'))
    await put('charts/app-1.0.0.tgz', bytes)
    program.pass(HOUR)
    assert.deepEqual(
      (await found()).map(([code]) => code),
      ['entry-url-dead', 'archive-duplicate'],
    )
  })

  it('reads the provenance file beside an archive that an entry names, and nothing else in the folder', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    await put(`${place.key}.prov`, `files:\n  app-1.0.0.tgz: sha256:${sha256(bytes)}\n`)
    await put('charts/dir/other-1.0.0.tgz', await chartArchive('other', '1.0.0'))
    await put('charts/dir/other-2.0.0.tgz.prov', 'signed')
    await put('charts/dir/deeper/app-1.0.0.tgz', bytes)
    program.pass(HOUR)
    const { archives, findings, provenanceFiles } = await checked('--deep')
    assert.deepEqual([findings, archives, provenanceFiles], [[], 2, 1])
    await put(`${place.key}.prov`, `files:\n  app-1.0.0.tgz: sha256:${sha256(Buffer.from('x'))}\n`)
    assert.deepEqual(await found('--deep'), [['provenance-mismatch', `${place.key}.prov`]])
    assert.match(await program.ok('prune', place.uri, '--orphans', '--allow-many-orphans'), /^Nothing to remove\./)
  })

  const elsewhere: Readonly<Record<string, readonly [mark: string, key: string]>> = {
    'with index.yaml': ['charts/dir/index.yaml', 'charts/dir/app-1.0.0.tgz'],
    'with index.d/ alone': ['charts/dir/index.d/01J00000000000000000000000.yaml', 'charts/dir/app-1.0.0.tgz'],
    'in a folder above': ['charts/dir/index.yaml', 'charts/dir/a/app-1.0.0.tgz'],
  }
  for (const [what, [mark, key]] of Object.entries(elsewhere)) {
    it(`lists nothing of another repository below the prefix (${what}), and counts its archives as elsewhere`, async () => {
      await lay({ uri: 's3://acme/charts', prefix: 'charts/', url: `s3://acme/${key}`, key })
      await put(mark, 'apiVersion: v1\nentries: {}\n')
      const lists: string[] = []
      program.fail({ list: (prefix, options) => (lists.push(prefix), program.bucket.list(prefix, options)) })
      for (const gone of [false, true]) {
        if (gone) await program.bucket.delete(asKey(key))
        assert.deepEqual(await found(), [['archive-elsewhere', null]])
        const before = await index()
        await program.ok('reindex', place.uri)
        assert.equal(await index(), before)
      }
      assert.deepEqual(
        lists.filter((prefix) => prefix.startsWith('charts/dir/') && !prefix.endsWith('index.')),
        [],
      )
    })
  }

  it('counts an archive as elsewhere when its folder may not be listed, or no store would take its key', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    await program.bucket.delete(asKey(place.key))
    for (const refused of ['charts/dir/index.', 'charts/dir/']) {
      program.fail({
        list: async (prefix, options) =>
          prefix === refused
            ? Promise.reject(new HelmS3Error('denied', 'AccessDenied'))
            : program.bucket.list(prefix, options),
      })
      assert.deepEqual(await found(), [['archive-elsewhere', null]])
      const before = await index()
      await program.ok('reindex', place.uri)
      assert.equal(await index(), before)
    }
    program.fail({})
    for (const url of [
      's3://acme/charts/./app-1.0.0.tgz',
      's3://acme/charts/a//app-1.0.0.tgz',
      's3://acme/other/app-1.0.0.tgz',
      's3://acme/charts-2/app-1.0.0.tgz',
    ]) {
      await edit((text) => text.replace(/("app":\[\n.*"urls":\[)"[^"]*"/, `$1"${url}"`))
      assert.deepEqual(await found('--fix'), [['archive-elsewhere', null]], url)
    }
  })

  it('costs two LISTs for each folder that entries name, and no LIST of a folder when they name none', async () => {
    await lay(at('s3://acme/charts', 'charts/', 'dir/app-1.0.0.tgz'))
    const lists: string[] = []
    program.fail({ list: (prefix, options) => (lists.push(prefix), program.bucket.list(prefix, options)) })
    await edit((text) => text.replace('"lib-1.0.0.tgz"', '"dir/lib-1.0.0.tgz"'))
    await put('charts/dir/lib-1.0.0.tgz', (await program.object('charts/lib-1.0.0.tgz'))?.body ?? '')
    await program.bucket.delete(asKey('charts/lib-1.0.0.tgz'))
    assert.deepEqual(await found(), [])
    assert.deepEqual(
      lists.filter((prefix) => prefix.startsWith('charts/dir')),
      ['charts/dir/index.', 'charts/dir/'],
    )
    await program.ok('init', 's3://acme/plain')
    await program.ok('push', await program.chart('app', '1.0.0'), 's3://acme/plain')
    lists.length = 0
    await program.ok('check', 's3://acme/plain')
    assert.deepEqual([...new Set(lists)], ['plain/index.d/', 'plain/', 'plain/.helm-s3-probe/'])
  })
})
