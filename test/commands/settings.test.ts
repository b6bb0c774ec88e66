import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { useProgram } from '../support/program.ts'

describe('settings', () => {
  const program = useProgram()
  const repositories = (...urls: readonly string[]): void => {
    const items = urls.map((url, i) => `- name: repo${String(i)}\n  url: ${url}\n`).join('')
    writeFileSync(program.path('repositories.yaml'), `apiVersion: ""\nrepositories:\n${items}`)
  }
  /** Region, endpoint and profile with which the last store was opened. */
  const opened = (): readonly unknown[] => {
    const { connection } = program.opened.at(-1) ?? {}
    return [connection?.region, connection?.endpoint, connection?.profile]
  }

  it('come from flags first, then from the URL, then from the environment', async () => {
    program.env = {
      ...program.env,
      AWS_REGION: 'eu-west-3',
      AWS_ENDPOINT: 'h:3',
      AWS_DISABLE_SSL: 'true',
      AWS_PROFILE: 'three',
    }
    await program.ok('init', 's3://acme/charts')
    assert.deepEqual(opened(), ['eu-west-3', 'http://h:3', 'three'])
    repositories('s3://acme/charts?region=eu-west-2&endpoint=http%3A%2F%2Fh:2&profile=two')
    await program.ok('compact', 'repo0')
    assert.deepEqual(opened(), ['eu-west-2', 'http://h:2', 'two'])
    await program.ok('compact', 'repo0', '--region=eu-west-1', '--endpoint-url', 'http://h:1', '--profile=one')
    assert.deepEqual(opened(), ['eu-west-1', 'http://h:1', 'one'])
  })

  it('in the query of a URL are no part of keys and urls, and are repeated in hints', async () => {
    const address = 's3://acme/charts?region=eu-west-2'
    repositories(address)
    const refused = await program.fails('compact', 'repo0')
    assert.match(
      refused,
      /there is no index\.yaml at s3:\/\/acme\/charts\nHint: .*`helm s3 init 's3:\/\/acme\/charts\?region=eu-west-2'`/,
    )
    repositories()
    await program.ok('init', address)
    await program.ok('push', await program.chart('app', '1.0.0'), address)
    const keys = await program.keys()
    assert.deepEqual(
      keys.filter((key) => !key.startsWith('charts/index.d/')),
      ['charts/app-1.0.0.tgz', 'charts/index.yaml'],
    )
    assert.match(await program.text('charts/index.yaml'), /"s3:\/\/acme\/charts\/app-1\.0\.0\.tgz"/)
  })

  it("in the query of a URL apply to the getter, either from Helm's request or from the list of repositories", async () => {
    await program.ok('init', 's3://acme/charts')
    await program.ok('push', await program.chart('app', '1.0.0'), 's3://acme/charts')
    const get = (url: string): Promise<string> => program.ok('download', '', '', '', url)
    await get('s3://acme/charts/index.yaml?region=eu-west-2')
    assert.equal(opened()[0], 'eu-west-2')
    await get('s3://acme/charts/app-1.0.0.tgz?region=eu-west-2')
    assert.equal(opened()[0], 'eu-west-2')
    await get('s3://acme/charts/app-1.0.0.tgz')
    assert.equal(opened()[0], undefined)
    repositories(
      'https://example.org',
      's3://acme?region=outer-1',
      's3://acme/charts/?region=inner-1',
      's3://acme/charts-too?region=other-1',
      's3://other/charts?region=other-2',
    )
    await get('s3://acme/charts/app-1.0.0.tgz')
    assert.equal(opened()[0], 'inner-1')
    await get('s3://acme/charts/index.yaml')
    assert.equal(opened()[0], 'inner-1')
  })

  it('in the query of a URL are repeated in the message about a missing index', async () => {
    const { stderr } = await program.run('download', '', '', '', 's3://acme/charts/index.yaml?region=eu-west-2')
    assert.match(
      stderr,
      /by the path s3:\/\/acme\/charts\/index\.yaml\?region=eu-west-2\. .*`helm s3 init 's3:\/\/acme\/charts\?region=eu-west-2'`$/,
    )
  })

  it('give ACL, encryption and tags to every object that is written', async () => {
    program.env = { ...program.env, S3_ACL: 'private', AWS_S3_SSE: 'AES256', HELM_S3_TAGS: 'a=b' }
    await program.ok('init', 's3://acme/charts', '--tags=team=core,stage=prod', '--sse-kms-key-id=alias/k')
    assert.deepEqual(await program.opened.at(-1)?.objectSettings(), {
      acl: 'private',
      sse: 'aws:kms',
      sseKmsKeyId: 'alias/k',
      tags: { team: 'core', stage: 'prod' },
      saidBy: { repository: 's3://acme/charts', keys: [] },
    })
  })

  const REFUSED: readonly (readonly [string, RegExp])[] = [
    ['--region=eu/west', /"--region" flag: not the name of a region\nHint: /],
    ['--endpoint-url=ftp://h', /"--endpoint-url" flag: not an http or https URL\nHint: /],
    ['--expected-bucket-owner=12', /"--expected-bucket-owner" flag: not an account id\nHint: /],
    ['--sse=rot13', /"--sse" flag: must be AES256 or aws:kms or aws:kms:dsse\n$/],
    ['--sse=AES256 --sse-kms-key-id=k', /"--sse-kms-key-id" flag: --sse=AES256 takes no key\nHint: /],
    ['--tags=a', /"--tags" flag: "a" has no value: write key=value\n$/],
    ['--tags=aws:a=b', /"--tags" flag: keys that begin with aws: are for AWS alone\n$/],
  ]
  for (const [flags, says] of REFUSED) {
    it(`are refused before anything is opened: ${flags}`, async () => {
      const stderr = await program.fails('push', 'missing.tgz', 's3://acme/charts', ...flags.split(' '))
      assert.match(stderr, says)
      assert.match(stderr, /^Error: invalid argument /)
      assert.equal(program.opened.length, 0)
    })
  }

  it('in the environment and the URL are refused before anything is sent', async () => {
    program.env = { ...program.env, HELM_S3_TAGS: 'a' }
    assert.match(await program.fails('init', 's3://acme/charts'), /^Error: HELM_S3_TAGS=a: "a" has no value/)
    await program.ok('version')
    program.env = { ...program.env, HELM_S3_TAGS: '' }
    assert.match(
      await program.fails('init', 's3://acme/charts?region=a.b'),
      /^Error: \?region=a\.b of the repository URL: not the name of a region\nHint: /,
    )
    assert.equal(program.opened.length, 0)
  })

  it('include HELM_S3_TIMEOUT, a time limit for the getter', async () => {
    program.fail({ stream: () => new Promise(() => undefined) })
    program.env = { ...program.env, HELM_S3_TIMEOUT: '20ms' }
    assert.match((await program.run('download', '', '', '', 's3://acme/x.tgz')).stderr, /^Error: not done after 20ms\n/)
    program.env = { ...program.env, HELM_S3_TIMEOUT: 'soon' }
    assert.match(
      (await program.run('download', '', '', '', 's3://acme/x.tgz')).stderr,
      /^Error: HELM_S3_TIMEOUT=soon: .*\nHint: write it as 90s/,
    )
  })

  it('of the Go plugin that no longer have a meaning are ignored', async () => {
    program.env = {
      ...program.env,
      HELM_S3_MODE: 'v2',
      TILLER_HOST: 'tiller',
      HELM_HOME: '/nowhere',
      HELM_S3_PLUGIN_NO_INSTALL_HOOK: '1',
    }
    await program.ok('init', 's3://acme/charts')
  })
})
