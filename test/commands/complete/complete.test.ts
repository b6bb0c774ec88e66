import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { useProgram } from '../../support/program.ts'

const INDEX = `{"apiVersion":"v1","entries":{
"app":[
{"name":"app","version":"1.10.0"},
{"name":"app","version":"1.9.0"}
],
"web":[
{"name":"web","version":"0.1.0"}
]
}}
`

describe('completion', () => {
  const program = useProgram()
  const complete = async (...words: string[]): Promise<string[]> => {
    const lines = (await program.ok('__complete', ...words)).split('\n')
    assert.equal(lines.pop(), '')
    return lines
  }
  const addRepositories = (...list: (readonly [name: string, url: string])[]): void => {
    const items = list.map(([name, url]) => `- name: ${name}\n  url: ${url}\n`)
    writeFileSync(program.path('repositories.yaml'), `apiVersion: ""\nrepositories:\n${items.join('')}`)
  }
  const cache = (file: string, text: string): void => {
    writeFileSync(program.path('cache', file), text)
  }

  beforeEach(() => {
    const refuse = async (): Promise<never> => {
      throw new Error('completion has sent a request')
    }
    program.fail({ list: refuse, get: refuse, head: refuse })
    addRepositories(['stable', 's3://acme/charts'], ['staging', 's3://acme/staging/'], ['web', 'https://example.org'])
    cache('stable-charts.txt', 'web\napp\n')
    cache('stable-index.yaml', INDEX)
    cache(
      'staging-index.yaml',
      'apiVersion: v1\nentries:\n  db:\n  - name: db\n    version: 3.0.0\n  app:\n  - name: app\n    version: 2.0.0\n',
    )
  })

  it('offers the repositories that lie on S3, with their URLs', async () => {
    assert.deepEqual(await complete('compact', ''), ['stable\ts3://acme/charts', 'staging\ts3://acme/staging/', ':4'])
    assert.deepEqual(await complete('compact', 'stag'), ['staging\ts3://acme/staging/', ':4'])
    assert.deepEqual(await complete('push', 'app.tgz', './'), [':0'], 'and files, where a path may stand')
  })

  it('offers charts of the local cache: of one repository, or of all', async () => {
    assert.deepEqual(await complete('delete', ''), ['app', 'db', 'web', ':4'])
    assert.deepEqual(await complete('list', 'stable', ''), ['app', 'web', ':4'])
    assert.deepEqual(await complete('list', 's3://acme/staging', ''), ['app', 'db', ':4'])
    assert.deepEqual(await complete('list', 'unknown', ''), [':4'])
  })

  it('offers versions in the order of the index, which the shell keeps', async () => {
    assert.deepEqual(await complete('delete', 'app', 'stable', '--version', ''), ['1.10.0', '1.9.0', ':36'])
    assert.deepEqual(await complete('delete', 'app', '--version=1.1'), ['1.10.0', ':36'])
    assert.deepEqual(await complete('delete', 'app', '--version', ''), ['1.10.0', '1.9.0', '2.0.0', ':36'])
    assert.deepEqual(await complete('delete', 'app', 'stable', '--version', '1.10.0,'), ['1.10.0,1.9.0', ':36'])
    assert.deepEqual(await complete('fetch', 'app', 'nowhere', '--version', ''), [':36'])
  })

  it('offers deleted versions to restore, the highest first, and existing versions to the other commands', async () => {
    program.fail({})
    addRepositories()
    await program.ok('init', 's3://acme/charts')
    addRepositories(['stable', 's3://acme/charts'])
    const paths = await Promise.all(['1.0.0', '1.9.0', '1.10.0'].map((version) => program.chart('app', version)))
    await program.ok('push', ...paths, await program.chart('web', '1.0.0'), 'stable')
    cache('stable-index.yaml', await program.ok('download', '', '', '', 's3://acme/charts/index.yaml'))
    await program.ok('delete', 'app', 'stable', '--version=1.9.0')
    assert.deepEqual(
      await complete('restore', 'app', 'stable', '--version', ''),
      ['1.9.0', ':36'],
      'noted by the deletion itself',
    )
    await program.ok('delete', 'app', 'stable', '--version=1.10.0')
    await program.ok('delete', 'web', 'stable', '--version=1.0.0')
    for (const text of [undefined, await program.ok('download', '', '', '', 's3://acme/charts/index.yaml')]) {
      if (text !== undefined) cache('stable-index.yaml', text)
      assert.deepEqual(await complete('restore', 'app', 'stable', '--version', ''), ['1.10.0', '1.9.0', ':36'])
      assert.deepEqual(await complete('restore', 'app', '--version', '1.9.0,1.1'), ['1.9.0,1.10.0', ':36'])
      assert.deepEqual(await complete('fetch', 'app', 'stable', '--version', ''), ['1.0.0', ':36'])
    }
    await program.ok('push', await program.chart('app', '1.9.0', { 'NOTES.txt': 'again' }), 'stable')
    assert.deepEqual(await complete('restore', 'app', 'stable', '--version', ''), ['1.10.0', ':36'])
  })

  it('offers values of flags, files, and the names of commands', async () => {
    assert.deepEqual(await complete('compact', '--format='), ['json', 'yaml', ':4'])
    assert.deepEqual(await complete('push', ''), [':0'])
    assert.deepEqual(await complete('pu'), ['push', ':4'])
    assert.deepEqual(await complete('push', '--force', '--dry'), [':4'])
  })

  it('offers nothing where the local files are missing or damaged, and never fails', async () => {
    cache('stable-index.yaml', '{"apiVersion":')
    cache('staging-index.yaml', '')
    assert.deepEqual(await complete('delete', 'app', '--version', ''), [':36'])
    assert.deepEqual(await complete('list', 'staging', ''), [':4'])
    writeFileSync(program.path('repositories.yaml'), '{')
    assert.deepEqual(await complete('compact', ''), [':4'])
    program.env['HELM_REPOSITORY_CONFIG'] = program.path('nowhere')
    assert.deepEqual(await complete('compact', ''), [':4'])
    assert.deepEqual(await complete('list', 'ftp://x', ''), [':4'])
  })

  it('skips a large index that would have to be parsed in full', async () => {
    const flow = `apiVersion: v1\nentries: {app: [{name: app, version: 1.0.0}]}\n`
    cache('stable-index.yaml', flow)
    assert.deepEqual(await complete('delete', 'app', 'stable', '--version', ''), ['1.0.0', ':36'])
    cache('stable-index.yaml', `${flow}# ${' '.repeat(300_000)}\n`)
    assert.deepEqual(await complete('delete', 'app', 'stable', '--version', ''), [':36'])
  })

  it('works after any flags, even unknown ones', async () => {
    assert.deepEqual(await complete('compact', '--help', '--quiet', '--no-such', ''), [
      'stable\ts3://acme/charts',
      'staging\ts3://acme/staging/',
      ':4',
    ])
  })

  it('leaves out names with control characters', async () => {
    cache('stable-charts.txt', 'a\u001b[31m\napp\n')
    assert.deepEqual(await complete('list', 'stable', ''), ['app', ':4'])
  })
})
