import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseRepositoryUrl } from '../../lib/core/keys.ts'
import { type ErrorCode, HelmS3Error } from '../../lib/errors.ts'
import { findRepository, readRepositories, repositoriesAt } from '../../lib/disk/repositories.ts'
import { useTempFolder } from '../support/temp-folder.ts'

const FILE = `apiVersion: ""
generated: "0001-01-01T00:00:00Z"
repositories:
- caFile: ""
  insecure_skip_tls_verify: false
  name: stable
  password: geheim
  url: s3://acme/charts/
- name: 007
  url: s3://acme/other
- name: web
  url: https://example.org/charts
`

async function rejection(promise: Promise<unknown>): Promise<{ code: ErrorCode; message: string }> {
  const error = await promise.then(
    () => assert.fail('resolved'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof HelmS3Error)
  return { code: error.code, message: error.message }
}

describe('the repositories file of Helm', () => {
  const path = useTempFolder()
  const file = (): string => path('repositories.yaml')

  it('gives a repository by its name', async () => {
    writeFileSync(file(), FILE)
    assert.equal((await findRepository('stable', file())).url, 's3://acme/charts')
    assert.equal((await findRepository('007', file())).url, 's3://acme/other')
  })

  it('is not needed to find a repository by its URI', async () => {
    assert.equal((await findRepository('s3://acme/charts/', file())).url, 's3://acme/charts')
  })

  it('has no unknown repository, and the error says how to add it', async () => {
    writeFileSync(file(), FILE)
    assert.deepEqual(await rejection(findRepository('nope', file())), {
      code: 'unknown-repository',
      message: 'repo with name nope not found, try `helm repo add nope <uri>`',
    })
  })

  it('is named in the error when it is missing or malformed', async () => {
    assert.deepEqual(await rejection(findRepository('stable', file())), {
      code: 'invalid-config',
      message: `load repo file: couldn't load repositories file (${file()}): open ${file()}: no such file or directory`,
    })
    for (const text of ['repositories: {a: b}\n', 'a: [\n']) {
      writeFileSync(file(), text)
      assert.equal((await rejection(findRepository('stable', file()))).code, 'invalid-config', text)
    }
    mkdirSync(path('folder'))
    assert.match((await rejection(readRepositories(path('folder')))).message, /^load repo file: .*: is a directory$/)
  })

  it('gives no repositories when it is empty or has no list', async () => {
    for (const text of ['', 'apiVersion: ""\n', 'repositories:\n', 'repositories: []\n']) {
      writeFileSync(file(), text)
      assert.deepEqual(await readRepositories(file()), [], JSON.stringify(text))
    }
    assert.equal(await readRepositories(path('none.yaml')), undefined)
  })

  it('gives no repository that is not on S3', async () => {
    writeFileSync(file(), FILE)
    assert.deepEqual(await rejection(findRepository('web', file())), {
      code: 'invalid-url',
      message: 'uri https://example.org/charts protocol is not s3',
    })
  })

  it('gives every name of a location, however its URL is written', () => {
    const all = [
      { name: 'a', url: 's3://acme/charts' },
      { name: 'b', url: 's3://acme/charts//' },
      { name: 'c', url: 's3://acme/charts?region=eu-west-1' },
      { name: 'd', url: 's3://acme/charts-2' },
      { name: 'e', url: 'https://acme/charts' },
      { name: 'f', url: 's3://acme/charts?endpoint=http://lab:9000' },
      { name: 'g', url: 's3://acme/charts/?region=eu-west-1&endpoint=http://lab:9000' },
      { name: 'h', url: 's3://acme/charts?profile=lab' },
    ]
    const namesAt = (url: string): readonly string[] =>
      repositoriesAt(parseRepositoryUrl(url), all).map(({ name }) => name)
    assert.deepEqual(namesAt('s3://acme/charts/'), ['a', 'b', 'c'])
    // The same bucket and prefix at another store are another place.
    assert.deepEqual(namesAt('s3://acme/charts?endpoint=http://lab:9000'), ['f', 'g'])
    assert.deepEqual(namesAt('s3://acme/charts?profile=lab'), ['h'])
    assert.deepEqual(namesAt('s3://acme/charts?profile=prod'), [])
  })
})
