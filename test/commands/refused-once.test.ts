import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../lib/core/keys.ts'
import { HelmS3Error } from '../../lib/errors.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { resultOf } from '../support/json-schema.ts'
import { useProgram } from '../support/program.ts'

const URI = 's3://acme/charts'

type Method = 'list' | 'get' | 'head' | 'put' | 'delete'

/*
 * Credentials that were renewed a moment ago are refused here and there. That must not make an answer poorer without a
 * word: the store is asked three times before it is believed.
 */
describe('a refusal that passes', () => {
  const program = useProgram()
  let refused: string[]

  /** The first requests of this kind whose key (or prefix) ends so are refused. */
  function refuse(times: number, method: Method, ending: string): void {
    refused = []
    const { bucket } = program
    const unlessRefused = <T>(asked: Method, key: string, ask: () => Promise<T>): Promise<T> => {
      if (asked !== method || !key.endsWith(ending) || refused.length >= times) return ask()
      refused.push(key)
      return Promise.reject(new HelmS3Error('denied', 'AccessDenied'))
    }
    const faults: Partial<ObjectStore> = {
      list: (prefix, options) => unlessRefused('list', prefix, () => bucket.list(prefix, options)),
      get: (key, options) => unlessRefused('get', key, () => bucket.get(key, options)),
      head: (key) => unlessRefused('head', key, () => bucket.head(key)),
      put: (key, body, options) => unlessRefused('put', key, () => bucket.put(key, body, options)),
      delete: (key, options) => unlessRefused('delete', key, () => bucket.delete(key, options)),
    }
    program.fail(faults)
  }

  beforeEach(async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    await program.ok('push', await program.chart('app', '1.1.0'), URI, '--no-compact')
  })

  const readers: Readonly<Record<string, readonly string[]>> = {
    list: ['list', URI, '--all-versions'],
    'the getter': ['download', '', '', '', `${URI}/index.yaml`],
  }
  for (const [what, argv] of Object.entries(readers)) {
    for (const times of [1, 2]) {
      it(`does not hide the newest charts from ${what}: the listing, refused ${String(times)} times`, async () => {
        refuse(times, 'list', 'index.d/')
        assert.match(await program.ok(...argv), /1\.1\.0/)
        assert.equal(refused.length, times)
      })
    }

    it(`does not hide the newest charts from ${what}: a delta`, async () => {
      refuse(2, 'get', '.yaml')
      assert.match(await program.ok(...argv), /1\.1\.0/)
      assert.equal(refused.length, 2)
    })

    it(`is believed when it is the third, and the plain index is served with a line: ${what}`, async () => {
      refuse(3, 'list', 'index.d/')
      const { status, stderr, stdout } = await program.run(...argv)
      assert.deepEqual([status, refused.length], [0, 3])
      assert.match(stdout, /1\.0\.0/)
      assert.doesNotMatch(stdout, /1\.1\.0/)
      assert.match(stderr, /^helm-s3: no permission to list .*: the newest charts may be missing\n$/)
    })
  }

  const checked = async (
    ...flags: readonly string[]
  ): Promise<{ readonly missing: readonly string[]; readonly findings: readonly string[] }> => {
    const { findings, permissions } = resultOf(
      'check',
      (await program.run('check', URI, '-ojson', ...flags)).stdout,
    ) as {
      readonly findings: readonly { readonly code: string }[]
      readonly permissions: readonly { readonly action: string; readonly granted: boolean | null }[]
    }
    return {
      findings: findings.map(({ code }) => code),
      missing: permissions.filter(({ granted }) => granted === false).map(({ action }) => action),
    }
  }

  const questions: readonly (readonly [what: string, method: Method, ending: string])[] = [
    ['the deltas', 'list', 'index.d/'],
    ['the archives', 'list', 'charts/'],
    ['a delta', 'get', '.yaml'],
    ['an archive', 'head', '.tgz'],
  ]
  for (const [what, method, ending] of questions) {
    it(`is no missing permission for check: ${method} of ${what}`, async () => {
      refuse(2, method, ending)
      assert.deepEqual(await checked(), { missing: [], findings: ['deltas-pending'] })
      assert.equal(refused.length, 2)
    })
  }

  it('is no missing permission for check: an archive that is read', async () => {
    refuse(2, 'get', '.tgz')
    assert.deepEqual(await checked('--deep'), { missing: [], findings: ['deltas-pending'] })
  })

  for (const [method, ending] of [
    ['put', '/shown'],
    ['put', 'index.yaml'],
    ['delete', '.tgz'],
  ] as const) {
    it(`is no missing permission for a probe: ${method} of *${ending}`, async () => {
      refuse(2, method, ending)
      assert.deepEqual((await checked('--probe')).missing, [])
      assert.equal(refused.length, 2)
    })
  }

  it('does not make a writer forget the defaults of the repository', async () => {
    await program.ok('config', URI, 'relative=true')
    refuse(2, 'get', 'config.json')
    await program.ok('push', await program.chart('web', '1.0.0'), URI)
    assert.equal(refused.length, 2)
    assert.match(await program.text('charts/index.yaml'), /"urls":\["web-1\.0\.0\.tgz"\]/)
  })

  for (const [what, flags, method] of [
    ['metadata', [], 'head'],
    ['bytes', ['--full'], 'get'],
  ] as const) {
    it(`does not leave an archive out of a reindex that asks for its ${what}`, async () => {
      const archive = readFileSync(await program.chart('web', '1.0.0'))
      await program.bucket.put(asKey('charts/web-1.0.0.tgz'), archive, { when: 'always' })
      refuse(2, method, 'web-1.0.0.tgz')
      await program.ok('reindex', URI, ...flags)
      assert.equal(refused.length, 2)
      assert.match(await program.text('charts/index.yaml'), /web-1\.0\.0\.tgz/)
    })
  }
})
