import assert from 'node:assert/strict'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const REST = `cannot be overwritten without an explicit intent.

If you want to replace existing index file, use --force flag:

  helm s3 init --force ${URI}

If you want to ignore this error, use --ignore-if-exists flag:

  helm s3 init --ignore-if-exists ${URI}

`

describe('init', () => {
  const program = useProgram()

  it('makes an empty repository and says so', async () => {
    assert.equal(await program.ok('init', URI), `Initialized empty repository at ${URI}\n`)
    assert.deepEqual(await program.keys(), ['charts/index.yaml'])
    const index = JSON.parse(await program.text('charts/index.yaml')) as Record<string, unknown>
    assert.deepEqual([index['apiVersion'], index['entries'], typeof index['generated']], ['v1', {}, 'string'])
  })

  it('writes block YAML with --format=yaml', async () => {
    await program.ok('init', URI, '--format=yaml')
    assert.match(await program.text('charts/index.yaml'), /^entries: {}\n/m)
  })

  it('refuses an existing repository, and names --force and --ignore-if-exists', async () => {
    await program.ok('init', URI)
    assert.equal(await program.fails('init', URI), `The index file already exists under the provided URI and ${REST}`)
  })

  it('keeps an existing repository with --ignore-if-exists', async () => {
    await program.ok('init', URI)
    const before = await program.object('charts/index.yaml')
    const line = 'The index file already exists under the provided URI, ignore init operation.\n'
    assert.equal(await program.ok('init', URI, '--ignore-if-exists'), line)
    assert.equal((await program.object('charts/index.yaml'))?.etag, before?.etag)
  })

  it('empties a repository with --force, and says how many versions leave the index', async () => {
    await program.ok('init', URI)
    assert.equal(await program.ok('init', URI, '--force'), `Initialized empty repository at ${URI}\n`)
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    assert.equal(
      await program.ok('init', '--force', URI),
      `The index that was there listed 1 chart version; the archives stay in the bucket.\nInitialized empty ` +
        `repository at ${URI}\n`,
    )
    assert.ok((await program.keys()).includes('charts/app-1.0.0.tgz'))
  })

  it('refuses a URI that Helm knows by a name, with or without a trailing slash', async () => {
    program.addRepository('stable', `${URI}/`)
    const subject = 'The repository with the provided URI already exists under name "stable", the index file and'
    assert.equal(await program.fails('init', URI), `${subject} ${REST}`)
    assert.deepEqual(await program.keys(), [])
  })

  it('makes the index of a URI that Helm knows by a name with --ignore-if-exists', async () => {
    program.addRepository('stable', URI)
    const known = 'The repository with the provided URI already exists under name "stable", ignore init operation.\n'
    assert.equal(
      await program.ok('init', '--ignore-if-exists', URI),
      `${known}Initialized empty repository at ${URI}\n`,
    )
    const there = 'The index file already exists under the provided URI, ignore init operation.\n'
    assert.equal(await program.ok('init', '--ignore-if-exists', URI), known + there)
  })

  it('refuses --force together with --ignore-if-exists', async () => {
    const sentence =
      'The --force and --ignore-if-exists flags are mutually exclusive and cannot be specified together.\n'
    assert.equal(await program.fails('init', URI, '--force', '--ignore-if-exists'), sentence)
  })

  it('refuses anything but an s3:// URI', async () => {
    for (const [uri, problem] of [
      ['https://acme/charts', 'uri https://acme/charts protocol is not s3'],
      ['charts', 'uri charts protocol is not s3'],
      ['s3://', 'parse uri s3://: no bucket name'],
    ] as const) {
      assert.equal(await program.fails('init', uri), `Error: ${problem}\nHint: write it as s3://BUCKET/PREFIX\n`)
    }
  })

  it('reports a bucket that is not there', async () => {
    assert.equal(
      await program.fails('init', 's3://nowhere/charts'),
      'Error: upload index to s3: upload index to S3 bucket: there is no bucket nowhere\n',
    )
  })

  it('prints JSON when asked to', async () => {
    const created = { repository: URI, initialized: true, format: 'json', dropped: 0 }
    assert.deepEqual(resultOf('init', await program.ok('init', URI, '-o', 'json')), created)
    const kept = { repository: URI, initialized: false, format: 'json', dropped: 0 }
    assert.deepEqual(resultOf('init', await program.ok('init', URI, '-o', 'json', '--ignore-if-exists')), kept)
  })
})
