import assert from 'node:assert/strict'
import { useProgram } from '../support/program.ts'

describe('the URL of a file in place of the URL of a repository', () => {
  const program = useProgram()
  const lines: Readonly<Record<string, (url: string) => readonly string[]>> = {
    init: (url) => ['init', url],
    'init --force': (url) => ['init', url, '--force'],
    list: (url) => ['list', url],
    status: (url) => ['status', url],
    log: (url) => ['log', url],
    check: (url) => ['check', url],
    'check --fix': (url) => ['check', url, '--fix'],
    compact: (url) => ['compact', url],
    config: (url) => ['config', url],
    fetch: (url) => ['fetch', 'app', url],
    delete: (url) => ['delete', 'app', url, '--version=1.0.0'],
    restore: (url) => ['restore', 'app', url, '--version=1.0.0'],
    prune: (url) => ['prune', url, '--keep-last=1'],
    'reindex --rebuild': (url) => ['reindex', url, '--rebuild'],
    'copy from': (url) => ['copy', 'app', url, 's3://acme/other'],
    'copy to': (url) => ['copy', 'app', 's3://acme/other', url],
  }
  for (const [name, line] of Object.entries(lines)) {
    it(`is refused by ${name}, which names the repository and writes nothing`, async () => {
      const stderr = await program.fails(...line('s3://acme/charts/index.yaml'))
      assert.equal(
        stderr.replace(/^Error: .*: s3:/, 'Error: s3:'),
        'Error: s3://acme/charts/index.yaml is the URL of a file, not of a repository\nHint: the repository is ' +
          's3://acme/charts\n',
      )
      assert.deepEqual(await program.keys(), [])
    })
  }

  it('is refused by push, also under a name that Helm knows', async () => {
    program.addRepository('stable', 's3://acme/charts/index.yaml')
    for (const repository of ['s3://acme/charts/index.yaml', 'stable']) {
      assert.match(
        await program.fails('push', await program.chart('app', '1.0.0'), repository),
        /\nHint: the repository is s3:\/\/acme\/charts\n$/,
      )
    }
    assert.deepEqual(await program.keys(), [])
  })

  for (const [url, repository] of [
    ['s3://acme/index.yaml', 's3://acme'],
    ['s3://acme/a%20b/index.yaml/', 's3://acme/a%20b'],
    ['s3://acme/charts/index.yaml?region=eu-west-2', 's3://acme/charts?region=eu-west-2'],
    ['s3://acme/charts/app-1.0.0.tgz', 's3://acme/charts'],
    ['s3://acme/charts/sub/app-1.0.0.tgz.prov', 's3://acme/charts/sub'],
  ] as const) {
    it(`is answered with the URL of the folder: ${url}`, async () => {
      assert.ok((await program.fails('list', url)).endsWith(`\nHint: the repository is ${repository}\n`))
    })
  }

  it('is accepted where a file is expected: by the getter, and as the source of a push', async () => {
    await program.ok('init', 's3://acme/charts')
    await program.ok('push', await program.chart('app', '1.0.0'), 's3://acme/charts')
    assert.match(await program.ok('download', '', '', '', 's3://acme/charts/index.yaml'), /app-1\.0\.0\.tgz/)
    await program.ok('init', 's3://acme/tgz-charts/index.yaml.d')
    await program.ok('push', 's3://acme/charts/app-1.0.0.tgz', 's3://acme/tgz-charts/index.yaml.d')
  })
})
