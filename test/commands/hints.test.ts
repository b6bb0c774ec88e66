import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { asKey } from '../../lib/core/keys.ts'
import { HelmS3Error } from '../../lib/errors.ts'
import { useProgram } from '../support/program.ts'

const URI = 's3://acme/charts'

describe('a hint that names a command', () => {
  const program = useProgram()
  const put = (key: string, text: string): Promise<unknown> =>
    program.bucket.put(asKey(key), Buffer.from(text), { when: 'always' })
  const commands = (stderr: string): readonly string[] =>
    [...stderr.matchAll(/`helm s3 ([^`]*)`/g)].map(([, command = '']) => command)
  const breakIndex = async (): Promise<void> => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    await put('charts/index.yaml', (await program.text('charts/index.yaml')).replace('"urls":', '"keywords":5,"urls":'))
  }
  /** Damages the index so that not even its charts can be told apart. */
  const breakWhole = async (): Promise<void> => {
    await breakIndex()
    await put('charts/index.yaml', `${await program.text('charts/index.yaml')}}`)
  }
  const lines = (repository: string): Readonly<Record<string, readonly string[]>> => ({
    list: ['list', repository],
    fetch: ['fetch', 'app', repository],
    delete: ['delete', 'app', repository, '--version=1.0.0'],
    prune: ['prune', repository, '--keep-last=1'],
    reindex: ['reindex', repository],
    copy: ['copy', 'app', repository, 's3://acme/other'],
  })

  for (const repository of ['stable', URI]) {
    for (const name of Object.keys(lines(repository))) {
      it(`is a command line to copy that repairs the index: ${name} of ${repository}`, async () => {
        await breakIndex()
        program.addRepository('stable', URI)
        await program.ok('init', 's3://acme/other')
        const stderr = await program.fails(...(lines(repository)[name] ?? []))
        assert.deepEqual(commands(stderr), [`check ${repository} --fix`, `reindex ${repository} --rebuild`])
        await program.run(...(commands(stderr)[0] ?? '').split(' '))
        assert.match(await program.ok('list', repository), /app +1\.0\.0/)
      })
    }
  }

  it('is printed also by a push that is committed although the index cannot be read', async () => {
    await breakWhole()
    const { stderr } = await program.run('push', await program.chart('app', '2.0.0'), URI)
    assert.deepEqual(commands(stderr), [`check ${URI} --fix`, `reindex ${URI} --rebuild`])
  })

  it('names the destination of a copy when the index there cannot be read', async () => {
    await program.ok('init', 's3://acme/other')
    await program.ok('push', await program.chart('app', '2.0.0'), 's3://acme/other')
    await breakWhole()
    const { stderr } = await program.run('copy', 'app', 's3://acme/other', URI)
    assert.deepEqual(commands(stderr), [`check ${URI} --fix`, `reindex ${URI} --rebuild`])
  })

  it('quotes a URL with a query for the shell', async () => {
    await breakIndex()
    const url = `${URI}?region=eu-west-2`
    assert.deepEqual(commands(await program.fails('list', url)), [`check '${url}' --fix`, `reindex '${url}' --rebuild`])
  })

  it('names the URL instead of the name of the repository for init, which takes no name', async () => {
    program.addRepository('stable', URI)
    assert.deepEqual(commands(await program.fails('list', 'stable')), [`init ${URI}`])
  })

  it('names the repository also when a write of index.yaml got no answer', async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--no-compact')
    let isGone = false
    const reached = <T>(answer: () => Promise<T>): Promise<T> =>
      isGone ? Promise.reject(new HelmS3Error('unreachable', 'nobody answers')) : answer()
    program.fail({
      get: (key, options) => reached(() => program.bucket.get(key, options)),
      getUnless: (key, etag) => reached(() => program.bucket.getUnless(key, etag)),
      getTail: (key, last, unless) => reached(() => program.bucket.getTail(key, last, unless)),
      put: async () => {
        isGone = true
        return { outcome: 'unknown', cause: undefined }
      },
    })
    const { status, stderr } = await program.run('compact', URI)
    assert.deepEqual([status, commands(stderr)], [3, [`compact ${URI}`]])
  })

  it('names a repository, or REPO in its place, in every text of the program', () => {
    const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !/definitions?\.ts$/.test(file),
    )
    assert.ok(files.length > 100)
    const without = files.flatMap((file) => {
      // Comments are removed, and texts over several lines are joined.
      const code = readFileSync(`lib/${file}`, 'utf8')
        .replace(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
        .replace(/['`] \+\n\s*['`]/g, '')
      return [...code.matchAll(/\\?`helm s3 [^`\\]*/g)]
        .map(([text]) => text)
        .filter((text) => /^\\?`helm s3 [a-z]/.test(text) && !/REPO|\$\{/.test(text))
    })
    assert.deepEqual(without, [])
  })
})
