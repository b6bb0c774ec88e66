import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const FOLDER = 'charts/app/app-1.0.0.tgz'

interface Pruned {
  readonly removed: readonly { readonly version: string; readonly bytes: number }[]
  readonly freedBytes: number
}

/** Indexes of other programs name archives in folders of the repository: `s3://acme/charts/app/app-1.0.0.tgz`. */
describe('an archive in a folder of the repository', () => {
  const program = useProgram()
  let bytes: Buffer

  const put = (name: string, body: string | Uint8Array): Promise<unknown> =>
    program.bucket.put(asKey(name), Buffer.from(body), { when: 'always' })
  const exists = async (key: string): Promise<boolean> => (await program.object(key)) !== undefined
  /** Moves the archive of app 1.0.0 to this key, and points its entry there. */
  const lay = async (key: string, url = `s3://acme/${key}`): Promise<void> => {
    const text = await program.text('charts/index.yaml')
    await put('charts/index.yaml', text.replace('"app-1.0.0.tgz"', `"${url}"`))
    await program.bucket.delete(asKey('charts/app-1.0.0.tgz'))
    await put(key, bytes)
  }
  const remove = (): ReturnType<typeof program.run> => program.run('delete', 'app', URI, '--version=1.0.0')

  beforeEach(async () => {
    const path = await program.chart('app', '1.0.0')
    bytes = readFileSync(path)
    await program.ok('init', URI)
    await program.ok('push', path, await program.chart('app', '2.0.0'), URI, '--relative')
  })

  for (const url of [
    `s3://acme/${FOLDER}`,
    'app/app-1.0.0.tgz',
    './app/app%2D1.0.0.tgz',
    'https://charts.test/stable/app/app-1.0.0.tgz',
  ]) {
    it(`is deleted with its entry and its provenance file: ${url}`, async () => {
      if (url.startsWith('https')) await program.ok('config', URI, 'publish-url=https://charts.test/stable')
      await lay(FOLDER, url)
      await put(`${FOLDER}.prov`, 'signed')
      const { status, stderr } = await remove()
      assert.deepEqual([status, stderr, await program.keys('charts/app/')], [0, '', []])
      assert.ok(await exists('charts/app-2.0.0.tgz'))
    })
  }

  it('is deleted by prune, which counts its bytes and those of its provenance file', async () => {
    await lay(FOLDER)
    await put(`${FOLDER}.prov`, 'signed')
    const prune = async (...flags: string[]): Promise<Pruned> =>
      resultOf('prune', await program.ok('prune', URI, '--keep-last=1', '-ojson', ...flags)) as Pruned
    for (const { freedBytes, removed } of [await prune('--dry-run'), await prune()]) {
      assert.deepEqual(
        removed.map((each) => [each.version, each.bytes]),
        [['1.0.0', bytes.length + 6]],
      )
      assert.equal(freedBytes, bytes.length + 6)
    }
    assert.deepEqual(await program.keys('charts/app/'), [])
  })

  const others: Readonly<Record<string, readonly [key: string, mark: string]>> = {
    'is in a folder that is another repository': ['charts/team/app-1.0.0.tgz', 'charts/team/index.yaml'],
    'is in a folder within another repository': ['charts/team/a/b/app-1.0.0.tgz', 'charts/team/index.yaml'],
    'is in a folder that is another repository without index.yaml': [
      'charts/team/app-1.0.0.tgz',
      'charts/team/index.d/01J00000000000000000000000.yaml',
    ],
  }
  for (const [what, [key, mark]] of Object.entries(others)) {
    it(`stays, with one line that says so, when it ${what}`, async () => {
      await put(mark, 'apiVersion: v1\nentries: {}\n')
      await lay(key)
      const { status, stderr } = await remove()
      assert.deepEqual(
        [status, stderr],
        [0, `helm-s3: the archive of app 1.0.0 is outside this repository and was not deleted: s3://acme/${key}\n`],
      )
      assert.ok(await exists(key))
      assert.doesNotMatch(await program.text('charts/index.yaml'), /"1\.0\.0"/)
    })
  }

  it('is deleted by prune only when it is below the prefix', async () => {
    for (const key of ['other/app-1.0.0.tgz', 'charts-2/app-1.0.0.tgz']) {
      await lay(key)
      const { stdout } = await program.run('prune', URI, '--keep-last=1')
      assert.match(
        stdout,
        /\nRemoved 1 chart version: 0 B\.\n.*\nThe archives of 1 version are outside this repository, and are kept\.\n/,
      )
      assert.ok(await exists(key))
      await program.ok('push', await program.chart('app', '1.0.0'), URI, '--relative')
    }
  })

  it('stays when another entry names it, when its digest is another than in its entry, and when listing is denied', async () => {
    await lay(FOLDER)
    const text = await program.text('charts/index.yaml')
    await put('charts/index.yaml', text.replace('"app-2.0.0.tgz"', '"app/app-1.0.0.tgz"'))
    await remove()
    assert.ok(await exists(FOLDER))
    await put('charts/index.yaml', text)
    await put(FOLDER, 'others')
    await remove()
    assert.ok(await exists(FOLDER))
    await put('charts/index.yaml', text)
    await put(FOLDER, bytes)
    program.fail({
      list: (prefix, options) =>
        prefix.endsWith('app/index.')
          ? Promise.reject(new HelmS3Error('denied', 'AccessDenied'))
          : program.bucket.list(prefix, options),
    })
    await remove()
    assert.ok(await exists(FOLDER))
  })

  const odd = [
    's3://acme/charts/./app-1.0.0.tgz',
    's3://acme/charts//app-1.0.0.tgz',
    's3://acme/charts/../charts/app-1.0.0.tgz',
    's3://acme/charts/a//b/app-1.0.0.tgz',
    '%2e%2e/app-1.0.0.tgz',
    'x/%00/app-1.0.0.tgz',
    '%00app-1.0.0.tgz',
  ]
  for (const url of odd) {
    it(`counts as outside the repository when no store would take its key, and no request names that key: ${url}`, async () => {
      await lay(FOLDER, url)
      const asked: string[] = []
      const note = (key: string): void => {
        if (
          key
            .slice('charts/'.length)
            .split('/')
            .some(
              (segment, i, all) =>
                ['.', '..'].includes(segment) || segment.includes('\0') || (segment === '' && i < all.length - 1),
            )
        )
          asked.push(key)
      }
      program.fail({
        list: (prefix, options) => (note(prefix), program.bucket.list(prefix, options)),
        head: (key) => (note(key), program.bucket.head(key)),
        delete: (key, options) => (note(key), program.bucket.delete(key, options)),
      })
      const { status, stderr } = await remove()
      assert.deepEqual(
        [status, stderr, asked],
        [0, `helm-s3: the archive of app 1.0.0 is outside this repository and was not deleted: ${url}\n`, []],
      )
      assert.doesNotMatch(await program.text('charts/index.yaml'), /"1\.0\.0"/)
      assert.ok(await exists(FOLDER))
    })
  }

  it('stays when the store refuses to list the folder with any error; a store that does not answer fails the deletion', async () => {
    const text = async (): Promise<string> => program.text('charts/index.yaml')
    const refuse = (error: HelmS3Error): void =>
      program.fail({
        list: (prefix, options) =>
          prefix.endsWith('app/index.') ? Promise.reject(error) : program.bucket.list(prefix, options),
      })
    await lay(FOLDER)
    refuse(new HelmS3Error('timeout', 'the store stopped answering'))
    assert.match(await program.fails('delete', 'app', URI, '--version=1.0.0'), /stopped answering/)
    refuse(new HelmS3Error('store-failed', 'list s3://acme/charts/app/index.: XMinioInvalidResourceName'))
    const { status, stderr } = await remove()
    assert.deepEqual(
      [status, stderr],
      [0, `helm-s3: the archive of app 1.0.0 is outside this repository and was not deleted: s3://acme/${FOLDER}\n`],
    )
    assert.doesNotMatch(await text(), /"1\.0\.0"/)
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--relative')
    await put('charts/index.yaml', (await text()).replace('"app-1.0.0.tgz"', `"s3://acme/${FOLDER}"`))
    assert.match(
      await program.ok('prune', URI, '--keep-last=1'),
      /\nThe archives of 1 version are outside this repository, and are kept\.\n/,
    )
    assert.ok(await exists(FOLDER))
  })

  it('costs one LIST for its folder in a deletion of several versions; versions outside folders cost none', async () => {
    const lists: string[] = []
    program.fail({ list: (prefix, options) => (lists.push(prefix), program.bucket.list(prefix, options)) })
    await program.ok('delete', 'app', URI, '--version=2.0.0')
    assert.deepEqual(
      lists.filter((prefix) => prefix.endsWith('index.')),
      [],
    )
    await program.ok('push', await program.chart('app', '2.0.0'), URI, '--relative')
    await lay(FOLDER)
    const text = await program.text('charts/index.yaml')
    await put('charts/index.yaml', text.replace('"app-2.0.0.tgz"', '"app/app-2.0.0.tgz"'))
    lists.length = 0
    await program.ok('delete', 'app', URI, '--all')
    assert.deepEqual(
      lists.filter((prefix) => prefix.endsWith('index.')),
      ['charts/app/index.'],
    )
  })

  describe('whose version push --force replaces', () => {
    const LEFT =
      `helm-s3: replaced in the index, and still in a folder of the bucket: ${FOLDER}; remove the ` +
      `object, if it is no longer needed\n`
    const other = (): Promise<string> => program.chart('app', '1.0.0', { 'NOTES.txt': 'other' })

    for (const url of [`s3://acme/${FOLDER}`, 'app/app-1.0.0.tgz', 'https://charts.test/stable/app/app-1.0.0.tgz']) {
      it(`stays, and only the first push names it: ${url}`, async () => {
        if (url.startsWith('https')) await program.ok('config', URI, 'publish-url=https://charts.test/stable')
        await lay(FOLDER, url)
        const { status, stderr } = await program.run('push', await other(), URI, '--force', '--relative')
        assert.deepEqual([status, stderr], [0, LEFT])
        assert.ok(await exists(FOLDER))
        await program.ok('push', await other(), URI, '--force', '--relative')
        await program.ok('check', URI)
      })
    }

    it('is named by the compaction that folds the push', async () => {
      await lay(FOLDER)
      await program.ok('push', await other(), URI, '--force', '--no-compact')
      const { stderr } = await program.run('compact', URI)
      assert.equal(stderr, LEFT)
      await program.ok('compact', URI)
    })

    it(
      'is not named when another entry names it, when it is gone, when it belongs to another repository, and when ' +
        'its HEAD is denied',
      async () => {
        await lay(FOLDER)
        const text = await program.text('charts/index.yaml')
        const pushAgain = async (before: string): Promise<void> => {
          await put('charts/index.yaml', before)
          await program.bucket.delete(asKey('charts/app-1.0.0.tgz'))
          await program.ok('push', await other(), URI, '--force', '--relative')
        }
        await pushAgain(text.replace('"app-2.0.0.tgz"', '"app/app-1.0.0.tgz"'))
        program.fail({
          head: (key) =>
            key === FOLDER ? Promise.reject(new HelmS3Error('denied', 'AccessDenied')) : program.bucket.head(key),
        })
        await pushAgain(text)
        program.fail({})
        await put('charts/app/index.yaml', 'apiVersion: v1\nentries: {}\n')
        await pushAgain(text)
        await program.bucket.delete(asKey('charts/app/index.yaml'))
        await program.bucket.delete(asKey(FOLDER))
        await pushAgain(text)
      },
    )

    it('costs a push no request when the replaced entry names no archive in a folder', async () => {
      const asked: string[] = []
      program.fail({
        head: (key) => (asked.push(key), program.bucket.head(key)),
        list: (prefix, options) => (asked.push(prefix), program.bucket.list(prefix, options)),
      })
      await program.ok('push', await other(), URI, '--force', '--relative')
      assert.deepEqual(
        asked.filter((key) => /app\/|index\.$/.test(key)),
        [],
      )
    })
  })
})
