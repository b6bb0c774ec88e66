import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { asKey } from '../../../lib/core/keys.ts'
import { HelmS3Error } from '../../../lib/errors.ts'
import { type Result, useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'

describe('download', () => {
  const program = useProgram()
  const download = (url: string): Promise<Result> => program.run('download', '', '', '', url)
  const put = async (key: string, body: Uint8Array | string): Promise<void> => {
    await program.bucket.put(asKey(key), Buffer.from(body), { when: 'always' })
  }
  const denied = async (): Promise<never> => {
    throw new HelmS3Error('denied', 'access denied')
  }

  it('prints an object byte for byte, with nothing on stderr', async () => {
    const body = randomBytes(200_000)
    await put('charts/app-1.0.0.tgz', body)
    const { status, bytes, stderr } = await download(`${URI}/app-1.0.0.tgz`)
    assert.deepEqual([status, stderr], [0, ''])
    assert.ok(bytes.equals(body))
  })

  it('accepts the call without the word download, as the oldest plugin manifests make it', async () => {
    await put('charts/values.yaml', 'a: 1')
    assert.equal((await program.run('cert', 'key', 'ca', `${URI}/values.yaml`)).stdout, 'a: 1')
    assert.equal((await program.run('', '', '', `${URI}/values.yaml`)).stdout, 'a: 1')
  })

  it('does not mistake another command with four arguments for that call', async () => {
    const { status, stderr } = await program.run('del', 'a', 'b', URI)
    assert.deepEqual([status, stderr], [1, "Error: accepts 2 arg(s), received 3\nRun 's3 --help' for usage.\n"])
  })

  it('serves index.yaml by merge on read', async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--no-compact')
    const { entries } = JSON.parse((await download(`${URI}/index.yaml`)).stdout) as { entries: Record<string, unknown> }
    assert.deepEqual(Object.keys(entries), ['app'])
  })

  it('serves the index.yaml of a repository without a prefix', async () => {
    await program.ok('init', 's3://acme')
    assert.match((await download('s3://acme/index.yaml')).stdout, /"entries"/)
  })

  it('says in one line that there is no index', async () => {
    const { status, stdout, stderr } = await download(`${URI}/index.yaml`)
    const message =
      `The index file does not exist by the path ${URI}/index.yaml. If you haven't initialized the ` +
      `repository yet, try running \`helm s3 init ${URI}\``
    assert.deepEqual([status, stdout, stderr], [1, '', message])
  })

  it('names reindex when index.yaml is missing and there are archives', async () => {
    await put('charts/app-1.0.0.tgz', 'x')
    assert.match(
      (await download(`${URI}/index.yaml`)).stderr,
      /^Error: fetch from s3 url=.*there is no index\.yaml.*\nHint: .*helm s3 reindex/,
    )
  })

  it('names the repositories below a prefix without one, and does not take their archives for its own', async () => {
    await program.ok('init', `${URI}/one`)
    await program.ok('push', await program.chart('app', '1.0.0'), `${URI}/one`, '--no-compact')
    await program.ok('init', `${URI}/two words`)
    const hint =
      /\nHint: there are repositories below it: s3:\/\/acme\/charts\/one, s3:\/\/acme\/charts\/two%20words\n$/
    assert.match((await download(`${URI}/index.yaml`)).stderr, hint)
    for (const command of ['list', 'check', 'reindex', 'compact'])
      assert.match(await program.fails(command, URI), hint, command)
    assert.match(
      await program.fails('list', 's3://acme?region=eu-west-1'),
      /: 's3:\/\/acme\/charts\/one\?region=eu-west-1', /,
    )
    await put('charts/app-1.0.0.tgz', 'x')
    assert.match(await program.fails('list', URI), /helm s3 reindex s3:\/\/acme\/charts`/)
  })

  it('fails for an object or a bucket that is not there, with nothing on stdout', async () => {
    for (const [url, problem] of [
      [`${URI}/none.tgz`, 'object not found'],
      [`${URI}/none.tgz.prov`, 'object not found'],
      ['s3://nowhere/none.tgz', 'bucket not found'],
      ['s3://nowhere/index.yaml', 'bucket not found'],
    ] as const) {
      const { status, stdout, stderr } = await download(url)
      assert.deepEqual([status, stdout, stderr.split('\n')[0]], [1, '', `Error: fetch from s3 url=${url}: ${problem}`])
    }
  })

  it('decodes a key once, and a second time when there is no such object', async () => {
    await put('charts/app-1.0.0+b.tgz', 'plus')
    await put('charts/app-1.0.0%2Bc.tgz', 'literal')
    assert.equal((await download(`${URI}/app-1.0.0%2Bb.tgz`)).stdout, 'plus')
    assert.equal((await download(`${URI}/app-1.0.0%252Bb.tgz`)).stdout, 'plus')
    assert.equal((await download(`${URI}/app-1.0.0%252Bc.tgz`)).stdout, 'literal')
    assert.equal((await download(`${URI}/100%25.tgz`)).status, 1)
  })

  it('finds a provenance file when Helm has appended .prov to the query', async () => {
    await put('charts/app-1.0.0.tgz.prov', 'signed')
    assert.equal((await download(`${URI}/app-1.0.0.tgz?region=eu-west-1.prov`)).stdout, 'signed')
  })

  describe('with a query in the URL', () => {
    const LAB = 'endpoint=http://lab.example:9000'
    const EVIL = 'endpoint=http://evil.example'
    const endpoints = (): readonly (string | undefined)[] => program.opened.map(({ connection }) => connection.endpoint)
    beforeEach(async () => {
      await program.ok('init', URI)
      await program.ok('push', await program.chart('app', '1.0.0+b'), URI)
      program.opened.length = 0
    })
    const file = `${URI}/app-1.0.0+b.tgz`

    it('reaches an archive only with the query with which Helm has requested the index around it', async () => {
      assert.match(
        (await download(`${file}?${LAB}`)).stderr,
        /^Error: fetch from s3 url=.*: no repository around this object is reached by this query\nHint: .*helm repo add/,
      )
      const { entries } = JSON.parse(await program.ok('download', '', '', '', `${URI}/index.yaml?${LAB}`)) as {
        entries: { app: [{ urls: string[] }] }
      }
      assert.deepEqual(entries.app[0].urls, ['app-1.0.0+b.tgz'])
      await program.ok('download', '', '', '', `${file}?${LAB}`)
      assert.deepEqual(endpoints(), ['http://lab.example:9000', 'http://lab.example:9000'])
      for (const url of [
        `${file}?${EVIL}`,
        `${file}?profile=admin`,
        `${file}?${LAB}&profile=admin`,
        `s3://acme/other/app.tgz?${LAB}`,
        `s3://acme/chartsapp.tgz?${LAB}`,
      ]) {
        assert.match((await download(url)).stderr, /no repository around this object/, url)
      }
      assert.equal(program.opened.length, 2)
    })

    it("reaches the archive also when Helm's cache folder does not exist yet", async () => {
      program.env['HELM_REPOSITORY_CACHE'] = program.path('new', 'cache', 'repository')
      await program.ok('download', '', '', '', `${URI}/index.yaml?${LAB}`)
      await program.ok('download', '', '', '', `${file}?${LAB}`)
    })

    it('uses the settings of the repository that Helm knows around the object, whatever the query of the url says', async () => {
      program.addRepository('lab', `${URI}?${LAB}`)
      await program.ok('download', '', '', '', `${file}?${LAB}`)
      await program.ok('download', '', '', '', `${file}?${LAB}&region=eu-west-1`)
      await program.ok('download', '', '', '', `${file}?${EVIL}`)
      await program.ok('download', '', '', '', `${file}?profile=admin`)
      await program.ok('download', '', '', '', file)
      assert.deepEqual(new Set(endpoints()), new Set(['http://lab.example:9000']))
      program.addRepository('plain', URI)
      await program.ok('download', '', '', '', `${file}?${EVIL}`)
      assert.equal(endpoints().at(-1), undefined)
    })

    it('obeys a region for an archive, because it leads to no other host, and refuses unknown names for a repository', async () => {
      await program.ok('download', '', '', '', `${file}?region=eu-west-1`)
      await program.ok('download', '', '', '', `${file}?versionId=3`)
      assert.deepEqual(
        program.opened.map(({ connection }) => connection.region),
        ['eu-west-1', undefined],
      )
      assert.match(
        (await download(`${URI}/index.yaml?regoin=eu-west-1`)).stderr,
        /^Error: \?regoin= of the repository URL is unknown\nHint: there are \?region=/,
      )
      for (const command of [['list'], ['push', program.path('app-1.0.0+b.tgz')], ['init']]) {
        assert.match(
          await program.fails(...command, `${URI}?endpont=http://lab.example`),
          /^Error: \?endpont= of the repository URL is unknown/,
        )
      }
      assert.equal(program.opened.length, 2)
    })

    it('serves absolute urls below the prefix as relative ones, and leaves all other urls as they are', async () => {
      const urls = [
        's3://acme/elsewhere/a.tgz',
        's3://other/charts/a.tgz',
        'https://cdn.example/charts/a.tgz',
        's3://acme/charts/sub/a%20b.tgz',
        'a%2Bb.tgz',
      ]
      const entries = {
        a: urls.map((url, i) => ({
          apiVersion: 'v2',
          name: 'a',
          version: `1.0.${String(9 - i)}`,
          urls: [url],
          created: '2026-01-01T00:00:00Z',
          digest: '0'.repeat(64),
        })),
      }
      await put('charts/index.yaml', JSON.stringify({ apiVersion: 'v1', entries }))
      const served = JSON.parse(await program.ok('download', '', '', '', `${URI}/index.yaml?${LAB}`)) as {
        entries: { a: { urls: string[] }[] }
      }
      assert.deepEqual(
        served.entries.a.flatMap((each) => each.urls),
        [...urls.slice(0, 3), 'sub/a%20b.tgz', 'a%2Bb.tgz'],
      )
      assert.doesNotMatch(await program.ok('download', '', '', '', `${URI}/index.yaml`), /"sub\/a/)
    })

    it("keeps the url of a later push relative in Helm's copy of the index", async () => {
      program.addRepository('lab', `${URI}?${LAB}`)
      await program.ok('push', await program.chart('app', '2.0.0'), 'lab')
      assert.match(readFileSync(program.path('cache', 'lab-index.yaml'), 'utf8'), /^ +- app-2\.0\.0\.tgz$/m)
      assert.match(await program.text('charts/index.yaml'), /"s3:\/\/acme\/charts\/app-2\.0\.0\.tgz"/)
    })
  })

  it('fails when the bytes end too early', async () => {
    await put('charts/app-1.0.0.tgz', 'x')
    program.fail({
      stream: async () =>
        (async function* () {
          yield Buffer.from('ha')
          throw new HelmS3Error('corrupt-download', 'got 2 of 4 bytes')
        })(),
    })
    const { status, stderr } = await download(`${URI}/app-1.0.0.tgz`)
    assert.deepEqual([status, stderr], [1, `Error: fetch from s3 url=${URI}/app-1.0.0.tgz: got 2 of 4 bytes\n`])
  })

  it('serves the plain index to a reader who may not list, with one line on stderr', async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--no-compact')
    program.fail({ list: denied })
    const { status, stdout, stderr } = await download(`${URI}/index.yaml`)
    assert.equal(status, 0)
    assert.deepEqual((JSON.parse(stdout) as { entries: unknown }).entries, {})
    assert.equal(stderr, 'helm-s3: no permission to list s3://acme/charts/index.d/: the newest charts may be missing\n')
  })

  it('fails with "access denied" for a reader without any permission', async () => {
    program.fail({ list: denied, get: denied })
    const { status, stdout, stderr } = await download(`${URI}/index.yaml`)
    assert.deepEqual([status, stdout, stderr], [1, '', `Error: fetch from s3 url=${URI}/index.yaml: access denied\n`])
  })

  it('names an object of index.d/ that it ignores', async () => {
    await program.ok('init', URI)
    await put('charts/index.d/stray.txt', 'x')
    const { status, stderr } = await download(`${URI}/index.yaml`)
    assert.equal(status, 0)
    assert.match(stderr, /^helm-s3: ignored charts\/index\.d\/stray\.txt: [^\n]*\n$/)
  })
})
