import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { asETag } from '../../../lib/store/object-store.ts'
import { chartArchive } from '../../support/chart-archive.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const KEY = 'charts/index.d/config.json'
const PUBLISHED = 'https://charts.test/stable'

interface Report {
  readonly written: boolean
  readonly settings: readonly {
    readonly key: string
    readonly value: string | null
    readonly from: string | null
    readonly repository: string | null
  }[]
  readonly ignored: readonly string[]
}

describe('config', () => {
  const program = useProgram()
  const config = async (...args: string[]): Promise<Report> =>
    resultOf('config', await program.ok('config', URI, ...args, '-ojson')) as Report
  const document = async (): Promise<Record<string, unknown>> => {
    const { write, ...rest } = JSON.parse(await program.text(KEY)) as Record<string, unknown>
    assert.match(String(write), /^[0-9a-f]{32}$/)
    return rest
  }
  const put = async (text: string): Promise<void> => {
    const { outcome } = await program.bucket.put(asKey(KEY), Buffer.from(text), { when: 'always' })
    assert.equal(outcome, 'written')
  }
  const push = async (name: string, ...flags: string[]): Promise<string> =>
    program.ok('push', await program.chart(name, '1.0.0'), URI, ...flags)
  /** The url of each chart in the index, by its name. */
  const urls = async (): Promise<Record<string, string | undefined>> => {
    const { entries } = JSON.parse(await program.text('charts/index.yaml')) as {
      entries: Record<string, { urls: string[] }[]>
    }
    return Object.fromEntries(Object.entries(entries).map(([name, [entry]]) => [name, entry?.urls[0]]))
  }

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('writes an unescaped + into every kind of url with literal-plus=true, and finds the archives', async () => {
    const urls = async (): Promise<string[]> =>
      [...(await program.text('charts/index.yaml')).matchAll(/"urls":\["([^"]*)"\]/g)]
        .map(([, url]) => url ?? '')
        .sort()
    await program.ok('push', await program.chart('app', '1.0.0+a'), URI)
    await config('literal-plus=true')
    await program.ok('push', await program.chart('app', '1.0.0+b'), URI)
    await program.ok('push', await program.chart('app', '1.0.0+c'), URI, '--relative')
    await program.bucket.put(asKey('charts/app-1.0.0+d.tgz'), await chartArchive('app', '1.0.0+d'), { when: 'absent' })
    await program.ok('reindex', URI, '--relative')
    assert.deepEqual(await urls(), ['app-1.0.0+a.tgz', 'app-1.0.0+b.tgz', 'app-1.0.0+c.tgz', 'app-1.0.0+d.tgz'])
    await config('publish-url=https://charts.test/stable')
    await program.ok('push', await program.chart('app', '1.0.0+e'), URI)
    assert.equal((await urls()).at(-1), 'https://charts.test/stable/app-1.0.0+e.tgz')
    await program.ok('check', URI, '--deep')
    await program.ok('fetch', 'app', URI, '--version=1.0.0+e', `--destination=${program.path('cache')}`)
    await program.ok('delete', 'app', URI, '--version=1.0.0+c,1.0.0+e')
    assert.deepEqual((await program.keys('charts/app')).length, 3)
  })

  describe('of a repository', () => {
    it('shows the built-in values when nothing is set, and writes nothing', async () => {
      assert.equal(
        await program.ok('config', URI),
        'KEY             VALUE  FROM\n' +
          'relative        false  built-in\n' +
          'publish-url     -      -\n' +
          'literal-plus    false  built-in\n' +
          'acl             -      -\n' +
          'sse             -      -\n' +
          'sse-kms-key-id  -      -\n' +
          'grace-window    5m0s   built-in\n' +
          'format          -      -\n',
      )
      assert.deepEqual(await program.keys('charts/index.d/'), [])
    })

    it('shows what was set, and where each value comes from', async () => {
      program.env['S3_ACL'] = 'public-read'
      const { settings, written } = await config('acl=private', 'sse=aws:kms', 'grace-window=10m', '--sse=AES256')
      assert.equal(written, true)
      assert.deepEqual(
        settings
          .filter(({ from }) => from !== null)
          .map(({ from, key, repository, value }) => [key, value, from, repository]),
        [
          ['relative', 'false', 'built-in', null],
          ['literal-plus', 'false', 'built-in', null],
          ['acl', 'public-read', 'S3_ACL', 'private'],
          ['sse', 'AES256', '--sse', 'aws:kms'],
          ['grace-window', '10m', 'repository', '10m'],
        ],
      )
      assert.deepEqual(await document(), { acl: 'private', sse: 'aws:kms', 'grace-window': '10m' })
    })

    it('writes nothing when the value is already set', async () => {
      await config('relative=true')
      const before = await program.text(KEY)
      assert.equal((await config('relative=true', '--unset=acl')).written, false)
      assert.equal(await program.text(KEY), before)
    })

    it('sets one key and removes another in one step', async () => {
      await config('relative=true', 'format=yaml')
      await config(`publish-url=${PUBLISHED}/`, '--unset', 'relative', '--unset=format')
      assert.deepEqual(await document(), { 'publish-url': PUBLISHED })
    })

    it('prints YAML when asked to', async () => {
      assert.match(
        await program.ok('config', URI, 'relative=true', '-oyaml'),
        /\n {2}- key: relative\n {4}value: "true"\n {4}from: repository\n/,
      )
    })
  })

  describe('a change that cannot be made', () => {
    const REFUSED: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
      'an unknown key': [
        ['colour=red'],
        /^Error: there is no setting "colour"\nHint: the settings are relative, publish-url, /,
      ],
      'an unknown key to unset': [['--unset=colour'], /^Error: there is no setting "colour"\n/],
      'a key without a value': [['relative'], /^Error: "relative" is not KEY=VALUE\n/],
      'an empty value': [['acl='], /^Error: acl=: must not be empty\nHint: `--unset acl` takes it away\n/],
      'a key twice': [['acl=private', 'acl=public-read'], /^Error: acl is given twice\n/],
      'a key that is set and unset': [['acl=private', '--unset=acl'], /^Error: acl is given twice\n/],
      'a number for literal-plus': [['literal-plus=1'], /^Error: literal-plus=1: must be true or false\n/],
      'a word that is not true or false': [['relative=yes'], /^Error: relative=yes: must be true or false\n/],
      'an unknown form of the index': [['format=xml'], /^Error: format=xml: must be json or yaml\n/],
      'a word that is no duration': [
        ['grace-window=soon'],
        /^Error: grace-window=soon: time: invalid duration "soon"\n/,
      ],
      'a short grace window': [
        ['grace-window=59s'],
        /^Error: grace-window=59s: the grace window must be at least 1m\n/,
      ],
      'an unknown encryption': [['sse=rot13'], /^Error: sse=rot13: must be AES256 or /],
      'a key for an encryption without one': [
        ['sse=AES256', 'sse-kms-key-id=k'],
        /^Error: sse-kms-key-id=k: sse=AES256 takes no key\n/,
      ],
      'an ACL that no header can hold': [['acl=a b'], /^Error: acl=a b: only printable characters/],
      'an http URL': [
        ['publish-url=http://charts.test'],
        /^Error: publish-url=http:\/\/charts\.test: not an https URL\n/,
      ],
      'a text that is no URL': [['publish-url=charts.test'], /^Error: publish-url=charts\.test: not a URL\n/],
      'a URL with a query': [
        ['publish-url=https://charts.test?a=b'],
        /^Error: publish-url=.*: file names cannot follow a query/,
      ],
      'a URL with a password': [
        ['publish-url=https://u:secret@charts.test'],
        /^Error: publish-url=…: a URL with a user name or a password\n/,
      ],
      'publish-url beside relative=true': [
        ['relative=true', `publish-url=${PUBLISHED}`],
        /contradicts relative=true: .*\nHint: take it away with --unset publish-url/,
      ],
    }
    for (const [what, [args, message]] of Object.entries(REFUSED)) {
      it(`is refused: ${what}`, async () => {
        const stderr = await program.fails('config', URI, ...args)
        assert.match(stderr, message)
        assert.doesNotMatch(stderr, /secret/)
        assert.deepEqual(await program.keys('charts/index.d/'), [])
      })
    }

    it('is refused when it contradicts an existing setting', async () => {
      await config('relative=true')
      assert.match(await program.fails('config', URI, `publish-url=${PUBLISHED}`), /contradicts relative=true/)
      assert.deepEqual(await document(), { relative: true })
    })

    it('is refused where there is no repository', async () => {
      assert.match(
        await program.fails('config', 's3://acme/nowhere', 'relative=true'),
        /^Error: there is no index\.yaml at s3:\/\/acme\/nowhere\n/,
      )
      assert.deepEqual(await program.keys('nowhere/'), [])
    })
  })

  describe('with several writers', () => {
    it('keeps what another client set between its read and its write', async () => {
      let crossed = false
      program.fail({
        put: async (key, body, options) => {
          if (key === KEY && !crossed) {
            crossed = true
            await put('{"acl": "private", "later": 1}')
          }
          return program.bucket.put(key, body, options)
        },
      })
      await config('relative=true')
      assert.deepEqual(await document(), { acl: 'private', later: 1, relative: true })
    })

    it('gives up when every conditional put is refused', async () => {
      program.fail({ put: async () => ({ outcome: 'refused' }) })
      assert.match(
        await program.fails('config', URI, 'relative=true'),
        /^Error: other clients wrote charts\/index\.d\/config\.json first each time\nHint: nothing was changed/,
      )
    })

    it('reads config.json after a lost answer, and does not write again when the write took effect', async () => {
      let sent = 0
      program.fail({
        put: async (key, body, options) => {
          sent++
          await program.bucket.put(key, body, options)
          return { outcome: 'unknown', cause: new Error('reset') }
        },
      })
      assert.equal((await config('relative=true')).written, true)
      assert.deepEqual([sent, await document()], [1, { relative: true }])
    })

    it('exits with 3 when the write got no answer and did not take effect', async () => {
      program.fail({ put: async () => ({ outcome: 'unknown', cause: new Error('reset') }) })
      const { status, stderr } = await program.run('config', URI, 'relative=true')
      assert.equal(status, 3)
      assert.match(
        stderr,
        /no answer to the write of charts\/index\.d\/config\.json\nHint: look what is there with `helm s3 config s3:\/\/acme\/charts`/,
      )
    })

    it('writes only over the version that it has read', async () => {
      const conditions: unknown[] = []
      program.fail({
        put: async (key, body, options) => {
          conditions.push(options.when)
          return program.bucket.put(key, body, options)
        },
      })
      await config('relative=true')
      const { etag } = (await program.object(KEY)) ?? { etag: asETag('') }
      await config('relative=false')
      assert.deepEqual(conditions, ['absent', { match: etag }])
    })
  })

  describe('a default of the repository', () => {
    it('relative applies to push and reindex; a flag takes precedence', async () => {
      await config('relative=true')
      await push('app')
      await push('web', '--relative=false')
      await program.bucket.put(asKey('charts/db-1.0.0.tgz'), readFileSync(await program.chart('db', '1.0.0')), {
        when: 'always',
      })
      await program.ok('reindex', URI)
      assert.deepEqual(await urls(), { app: 'app-1.0.0.tgz', db: 'db-1.0.0.tgz', web: `${URI}/web-1.0.0.tgz` })
    })

    it('acl, sse and sse-kms-key-id apply already to the write that sets them, because a bucket may demand them', async () => {
      const seen: unknown[] = []
      program.fail({
        put: async (key, body, options) => {
          const { acl, sse, sseKmsKeyId } = (await program.opened.at(-1)?.objectSettings()) ?? {}
          seen.push([acl, sse, sseKmsKeyId])
          return program.bucket.put(key, body, options)
        },
      })
      await config('sse=aws:kms', 'sse-kms-key-id=k', 'acl=bucket-owner-full-control')
      await config('sse=AES256', '--unset=sse-kms-key-id', '--unset=acl')
      await config('sse=aws:kms', '--sse=AES256', '--acl=private')
      await config('--unset=sse')
      assert.deepEqual(seen, [
        ['bucket-owner-full-control', 'aws:kms', 'k'],
        [undefined, 'AES256', undefined],
        ['private', 'AES256', undefined],
        [undefined, undefined, undefined],
      ])
    })

    it('acl and sse do not apply with HELM_S3_REPOSITORY_DEFAULTS=false', async () => {
      await config('acl=public-read', 'sse=aws:kms', 'sse-kms-key-id=k', 'relative=true')
      const said = async (): Promise<unknown> => {
        await push('app', '--force')
        return program.opened.at(-1)?.objectSettings()
      }
      assert.deepEqual(await said(), {
        acl: 'public-read',
        sse: 'aws:kms',
        sseKmsKeyId: 'k',
        tags: undefined,
        saidBy: { repository: URI, keys: ['acl', 'sse', 'sse-kms-key-id'] },
      })
      program.env['HELM_S3_REPOSITORY_DEFAULTS'] = 'false'
      assert.deepEqual(await said(), {
        acl: undefined,
        sse: undefined,
        sseKmsKeyId: undefined,
        tags: undefined,
        saidBy: { repository: URI, keys: [] },
      })
      program.env['S3_ACL'] = 'private'
      assert.deepEqual(await said(), {
        acl: 'private',
        sse: undefined,
        sseKmsKeyId: undefined,
        tags: undefined,
        saidBy: { repository: URI, keys: [] },
      })
      assert.deepEqual(await urls(), { app: 'app-1.0.0.tgz' })
      const { settings } = await config()
      assert.deepEqual(
        settings
          .filter(({ key }) => /acl|sse$/.test(key))
          .map(({ from, repository, value }) => [value, from, repository]),
        [
          ['private', 'S3_ACL', 'public-read'],
          [null, 'HELM_S3_REPOSITORY_DEFAULTS', 'aws:kms'],
        ],
      )
      program.env['HELM_S3_REPOSITORY_DEFAULTS'] = 'no'
      assert.equal(await program.fails('list', URI), 'Error: HELM_S3_REPOSITORY_DEFAULTS=no: must be true or false\n')
    })

    it('publish-url applies to push; a flag takes precedence', async () => {
      await config(`publish-url=${PUBLISHED}`)
      await push('app')
      await push('web', '--relative')
      await push('db', '--relative=false')
      assert.deepEqual(await urls(), {
        app: `${PUBLISHED}/app-1.0.0.tgz`,
        db: `${URI}/db-1.0.0.tgz`,
        web: 'web-1.0.0.tgz',
      })
    })

    it('publish-url tells fetch, check, reindex, restore and delete where the archive is', async () => {
      program.keepVersions()
      await program.ok('init', URI)
      await config(`publish-url=${PUBLISHED}`)
      await push('app')
      await program.ok('fetch', 'app', URI, '-d', program.path('out'))
      assert.doesNotMatch(await program.ok('check', URI), /elsewhere|config\.json/)
      assert.match(await program.ok('reindex', URI, '--full'), /^Repository .* was successfully reindexed\.\n$/)
      await program.ok('delete', 'app', URI, '--version=1.0.0')
      assert.equal(await program.object('charts/app-1.0.0.tgz'), undefined)
      await program.ok('restore', 'app', URI, '--version=1.0.0')
      assert.deepEqual(await urls(), { app: `${PUBLISHED}/app-1.0.0.tgz` })
      await program.bucket.delete(asKey('charts/app-1.0.0.tgz'))
      const { status, stdout } = await program.run('check', URI)
      assert.equal(status, 1)
      assert.match(stdout, /there is no charts\/app-1\.0\.0\.tgz/)
    })

    it('publish-url keeps an archive from being an orphan when its entry has a url below it', async () => {
      await config(`publish-url=${PUBLISHED}`)
      await push('app')
      program.pass(3 * 3_600_000)
      assert.match(await program.ok('prune', URI, '--orphans'), /Nothing to remove\./)
    })

    it('acl and encryption apply unless the environment or a flag sets them', async () => {
      await config('acl=private', 'sse=aws:kms', 'sse-kms-key-id=alias/k')
      const said = async (...flags: string[]): Promise<unknown> => {
        await program.ok('compact', URI, ...flags)
        return program.opened.at(-1)?.objectSettings()
      }
      const byRepository = (...keys: readonly string[]): object => ({
        tags: undefined,
        saidBy: { repository: URI, keys },
      })
      assert.deepEqual(await said(), {
        acl: 'private',
        sse: 'aws:kms',
        sseKmsKeyId: 'alias/k',
        ...byRepository('acl', 'sse', 'sse-kms-key-id'),
      })
      assert.deepEqual(await said('--acl=bucket-owner-full-control', '--sse=AES256'), {
        acl: 'bucket-owner-full-control',
        sse: 'AES256',
        sseKmsKeyId: undefined,
        ...byRepository(),
      })
      program.env['S3_ACL'] = 'public-read'
      assert.deepEqual(await said(), {
        acl: 'public-read',
        sse: 'aws:kms',
        sseKmsKeyId: 'alias/k',
        ...byRepository('sse', 'sse-kms-key-id'),
      })
    })

    it('grace-window applies to compact; a flag takes precedence', async () => {
      await config('grace-window=30m')
      await push('app')
      program.pass(10 * 60_000)
      assert.match(await program.ok('compact', URI), /^Nothing to fold, nothing to collect\.\n$/)
      assert.match(await program.ok('compact', URI, '--grace-window=5m'), /^Collected 1 delta:\n/)
    })

    it('grace-window applies to the compaction after a push and to status', async () => {
      await config('grace-window=30m')
      await push('app')
      program.pass(25 * 60_000)
      assert.match(await program.ok('status', URI), /\ntidy: /)
      await push('web')
      assert.equal((await program.keys('charts/index.d/')).length, 3)
      program.pass(25 * 60_000)
      await push('db')
      assert.equal((await program.keys('charts/index.d/')).length, 3)
    })

    it('format applies to compaction, init --force and a rebuild; a flag takes precedence', async () => {
      const form = async (): Promise<string> =>
        (await program.text('charts/index.yaml')).startsWith('{') ? 'json' : 'yaml'
      await config('format=yaml')
      await push('app')
      assert.equal(await form(), 'yaml')
      await program.ok('compact', URI, '--format=json')
      assert.equal(await form(), 'json')
      await program.ok('compact', URI)
      assert.equal(await form(), 'yaml')
      await program.ok('init', URI, '--force', '--format=json')
      assert.equal(await form(), 'json')
      assert.match(await program.ok('init', URI, '--force', '-ojson'), /"format": ?"yaml"/)
      assert.equal(await form(), 'yaml')
      await program.bucket.put(asKey('charts/index.yaml'), Buffer.from('damaged'), { when: 'always' })
      await program.ok('reindex', URI, '--rebuild', '--no-compact')
      assert.equal(await form(), 'yaml')
    })
  })

  describe('with a config.json that cannot be used', () => {
    it('ignores a file that is no JSON object, with one line, and replaces it with the next change', async () => {
      await put('no json')
      const { status, stderr } = await program.run('push', await program.chart('app', '1.0.0'), URI)
      assert.deepEqual(
        [status, stderr],
        [0, 'helm-s3: ignored in charts/index.d/config.json: it is not a JSON object\n'],
      )
      await config('relative=true')
      assert.deepEqual(await document(), { relative: true })
    })

    it('ignores the invalid values, with one line, and applies the others', async () => {
      await put('{"grace-window": "1s", "format": "xml", "relative": true}')
      const { status, stderr } = await program.run('push', await program.chart('app', '1.0.0'), URI)
      assert.deepEqual(
        [status, stderr],
        [
          0,
          'helm-s3: ignored in charts/index.d/config.json: grace-window=1s: the grace window must be at least 1m ' +
            '(and 1 more)\n',
        ],
      )
      assert.deepEqual(await urls(), { app: 'app-1.0.0.tgz' })
    })
  })

  it('writes a file that status and check do not report and that readers do not request', async () => {
    await config('acl=private')
    await push('app')
    let asked = 0
    program.fail({ get: async (key, options) => ((asked += key === KEY ? 1 : 0), program.bucket.get(key, options)) })
    assert.doesNotMatch(await program.ok('check', URI), /config\.json/)
    assert.deepEqual((JSON.parse(await program.ok('status', URI, '-ojson')) as { skipped: unknown[] }).skipped, [])
    for (const line of [
      ['list', URI],
      ['log', URI],
      ['fetch', 'app', URI, '-d', program.path('out')],
      ['download', '', '', '', `${URI}/index.yaml`],
    ])
      await program.ok(...line)
    assert.equal(asked, 0)
  })
})
