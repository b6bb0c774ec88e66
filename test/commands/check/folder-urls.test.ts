import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const HOUR = 3_600_000

/** ChartMuseum and GitLab write `charts/app-1.0.0.tgz` into `urls`. */
describe('an entry whose url leads into a folder of the repository', () => {
  const program = useProgram()

  const put = (name: string, body: string | Uint8Array): Promise<unknown> =>
    program.bucket.put(asKey(name), Buffer.from(body), { when: 'always' })
  const index = async (): Promise<string> => program.text('charts/index.yaml')
  const pointTo = async (url: string): Promise<void> => {
    const text = await index()
    const changed = text.replace('"urls":["app-1.0.0.tgz"]', `"urls":["${url}"]`)
    assert.notEqual(changed, text)
    await put('charts/index.yaml', changed)
  }
  const codes = async (): Promise<readonly string[]> =>
    (
      resultOf('check', (await program.run('check', URI, '-ojson')).stdout) as {
        readonly findings: readonly { readonly code: string }[]
      }
    ).findings.map(({ code }) => code)
  const urls = async (): Promise<readonly string[]> =>
    [...(await index()).matchAll(/"urls":\["([^"]*)"\]/g)].map(([, url]) => url ?? '')
  const created = async (): Promise<string | undefined> => /"created":"([^"]*)"/.exec(await index())?.[1]
  let path: string

  beforeEach(async () => {
    path = await program.chart('app', '1.0.0')
    await program.ok('init', URI)
    await program.ok('push', path, URI, '--relative')
    program.pass(HOUR)
    await program.ok('compact', URI)
  })

  describe('when the folder is empty and an archive of that name is directly below the prefix,', () => {
    for (const url of [
      'charts/app-1.0.0.tgz',
      './charts/app-1.0.0.tgz',
      `${URI}/a/b/app-1.0.0.tgz`,
      'https://charts.test/stable/charts/app-1.0.0.tgz',
    ]) {
      it(`is reported as a dead url, and check --fix points it to that archive: ${url}`, async () => {
        if (url.startsWith('https')) await program.ok('config', URI, 'publish-url=https://charts.test/stable')
        const before = await created()
        await pointTo(url)
        assert.deepEqual(
          (await codes()).filter((code) => !code.startsWith('archive-')),
          ['entry-url-dead'],
        )
        await program.ok('check', URI, '--fix')
        assert.match((await urls())[0] ?? '', /(?:charts|stable)\/app-1\.0\.0\.tgz$/)
        assert.doesNotMatch((await urls())[0] ?? '', /charts\/charts|stable\/charts|a\/b/)
        assert.equal(await created(), before)
        assert.deepEqual(await codes(), [])
        await program.ok('fetch', 'app', URI, `--destination=${program.path('cache')}`)
      })
    }

    it('is pointed to that archive by reindex and by push --force of the same archive; a plain push is refused', async () => {
      await pointTo('charts/app-1.0.0.tgz')
      assert.match(await program.fails('push', path, URI), /already exists/)
      await program.ok('push', path, URI, '--relative', '--force')
      assert.deepEqual(await urls(), ['app-1.0.0.tgz'])
      program.pass(HOUR)
      await program.ok('compact', URI)
      await pointTo('charts/app-1.0.0.tgz')
      await program.ok('reindex', URI, '--relative')
      assert.deepEqual([await urls(), await codes()], [['app-1.0.0.tgz'], []])
    })

    it('is replaced by push --force of the same archive also when it has no url at all', async () => {
      const text = await index()
      await put('charts/index.yaml', text.replace('"urls":["app-1.0.0.tgz"]', '"urls":[]'))
      await program.ok('push', path, URI, '--relative', '--force')
      assert.deepEqual(await urls(), ['app-1.0.0.tgz'])
    })

    it('is left alone by reindex when the digests differ, and replaced by push --force of that archive', async () => {
      await put('charts/app-1.0.0.tgz', await chartArchive('app', '1.0.0', { 'NOTES.txt': 'other' }))
      await pointTo('charts/app-1.0.0.tgz')
      const before = await index()
      program.pass(HOUR)
      for (const flags of [[], ['--full']]) await program.ok('reindex', URI, ...flags)
      assert.equal(await index(), before)
      assert.ok(!(await codes()).includes('entry-url-dead'))
      await program.ok(
        'push',
        await program.chart('app', '1.0.0', { 'NOTES.txt': 'other' }),
        URI,
        '--relative',
        '--force',
      )
      assert.deepEqual(await urls(), ['app-1.0.0.tgz'])
    })

    it('stays as it is when the folder may not be read', async () => {
      await pointTo('charts/app-1.0.0.tgz')
      const before = await index()
      const refuse = (key: string): void => {
        if (key.startsWith('charts/charts/')) throw new HelmS3Error('denied', `AccessDenied: ${key}`)
      }
      program.fail({
        head: async (key) => (refuse(key), program.bucket.head(key)),
        list: async (prefix, options) => (refuse(prefix), program.bucket.list(prefix, options)),
      })
      await program.ok('reindex', URI)
      assert.equal(await index(), before)
      await program.ok('push', path, URI, '--force')
      assert.equal(await index(), before)
    })
  })

  it('stays as it is when its archive is in the folder, even if the same archive is directly below the prefix', async () => {
    await put('charts/charts/app-1.0.0.tgz', readFileSync(path))
    for (const url of ['charts/app-1.0.0.tgz', `${URI}/charts/app-1.0.0.tgz`]) {
      await pointTo(url)
      const before = await index()
      await program.ok('reindex', URI)
      await program.ok('push', path, URI, '--force')
      assert.equal(await index(), before)
      assert.deepEqual(
        (await codes()).filter((code) => !code.startsWith('archive-')),
        [],
      )
      await put('charts/index.yaml', before.replace(url, 'app-1.0.0.tgz'))
    }
  })
})
