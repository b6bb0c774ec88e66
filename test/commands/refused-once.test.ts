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
 * Credentials that were renewed a moment ago are sometimes refused. That must not silently leave something out of an
 * answer: a request is sent three times before its refusal is believed.
 */
describe('a temporary refusal', () => {
  const program = useProgram()
  let refused: string[]

  /** Refuses the first `times` requests of this method whose key or prefix has this ending. */
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
      it(`of the listing, ${times === 1 ? 'once' : 'twice'}, does not hide the newest charts from ${what}`, async () => {
        refuse(times, 'list', 'index.d/')
        assert.match(await program.ok(...argv), /1\.1\.0/)
        assert.equal(refused.length, times)
      })
    }

    it(`of a delta does not hide the newest charts from ${what}`, async () => {
      refuse(2, 'get', '.yaml')
      assert.match(await program.ok(...argv), /1\.1\.0/)
      assert.equal(refused.length, 2)
    })

    it(`is believed the third time, and ${what} then shows the plain index with one line on stderr`, async () => {
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
    it(`is not reported by check as a missing permission: ${method} of ${what}`, async () => {
      refuse(2, method, ending)
      assert.deepEqual(await checked(), { missing: [], findings: ['deltas-pending'] })
      assert.equal(refused.length, 2)
    })
  }

  it('is not reported by check --deep as a missing permission: get of an archive', async () => {
    refuse(2, 'get', '.tgz')
    assert.deepEqual(await checked('--deep'), { missing: [], findings: ['deltas-pending'] })
  })

  for (const [method, ending] of [
    ['put', '/shown'],
    ['put', 'index.yaml'],
    ['delete', '.tgz'],
  ] as const) {
    it(`is not reported by check --probe as a missing permission: ${method} of *${ending}`, async () => {
      refuse(2, method, ending)
      assert.deepEqual((await checked('--probe')).missing, [])
      assert.equal(refused.length, 2)
    })
  }

  it('does not make push ignore the defaults of the repository', async () => {
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
    it(`of the ${what} of an archive does not leave it out of a reindex`, async () => {
      const archive = readFileSync(await program.chart('web', '1.0.0'))
      await program.bucket.put(asKey('charts/web-1.0.0.tgz'), archive, { when: 'always' })
      refuse(2, method, 'web-1.0.0.tgz')
      await program.ok('reindex', URI, ...flags)
      assert.equal(refused.length, 2)
      assert.match(await program.text('charts/index.yaml'), /web-1\.0\.0\.tgz/)
    })
  }
})
