import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resultOf } from '../support/json-schema.ts'
import { useProgram } from '../support/program.ts'

const URI = 's3://acme/charts'

describe('delete', () => {
  const program = useProgram()
  const archives = async (): Promise<string[]> => (await program.keys('charts/app-')).map((key) => key.slice('charts/'.length))

  beforeEach(async () => {
    await program.ok('init', URI)
    const paths = [await program.chart('app', '1.0.0'), await program.chart('app', '1.1.0'), await program.chart('app', '2.0.0')]
    await program.ok('push', ...paths, URI)
  })

  it('removes a version from index and bucket', async () => {
    assert.equal(await program.ok('delete', 'app', '--version', '1.1.0', URI), 'Successfully deleted the chart from the repository.\n')
    assert.deepEqual(await archives(), ['app-1.0.0.tgz', 'app-2.0.0.tgz'])
    assert.ok(!(await program.text('charts/index.yaml')).includes('app-1.1.0.tgz'))
  })

  it('takes several versions, repeated and in lists, each once', async () => {
    const stdout = await program.ok('del', 'app', URI, '--version= 1.0.0 ,,2.0.0', '--version=1.0.0')
    assert.equal(stdout, 'Successfully deleted 2 chart versions from the repository.\n')
    assert.deepEqual(await archives(), ['app-1.1.0.tgz'])
  })

  it('counts versions after removing duplicates', async () => {
    const stdout = await program.ok('delete', 'app', URI, '--version=1.0.0,1.0.0')
    assert.equal(stdout, 'Successfully deleted the chart from the repository.\n')
  })

  it('does nothing when one of the versions is missing', async () => {
    const stderr = await program.fails('delete', 'app', URI, '--version=1.0.0', '--version=9.9.9')
    assert.equal(stderr, 'Error: chart app version 9.9.9 not found in index\nHint: nothing was deleted\n')
    assert.equal((await archives()).length, 3)
  })

  it('wants a version that is not empty', async () => {
    assert.equal(await program.fails('delete', 'app', URI), 'Error: required flag(s) "version" not set\n')
    for (const empty of ['--version=', '--version= , ']) {
      assert.equal(await program.fails('delete', 'app', URI, empty), 'Error: at least one non-empty --version is required\n')
    }
  })

  it('takes the version out of the local index of Helm', async () => {
    const index = (await program.object('charts/index.yaml'))?.body
    program.addRepository('stable', URI, Buffer.from(index ?? []).toString())
    await program.ok('delete', 'app', 'stable', '--version=1.1.0')
    const cached = readFileSync(program.path('cache', 'stable-index.yaml'), 'utf8')
    assert.ok(cached.includes('2.0.0') && !cached.includes('app-1.1.0.tgz'))
  })

  it('deletes all versions of a chart, and says what would go in a dry run', async () => {
    const before = await program.keys()
    assert.equal(await program.ok('delete', 'app', URI, '--all', '--dry-run'), 'Would delete:\n  app 2.0.0\n  app 1.1.0\n  app 1.0.0\n')
    assert.deepEqual(await program.keys(), before)
    assert.equal(await program.ok('delete', 'app', URI, '--all'), 'Successfully deleted 3 chart versions from the repository.\n')
    assert.deepEqual(await archives(), [])
  })

  it('finds no version of an unknown chart, and passes over it when told to', async () => {
    const before = await program.keys()
    for (const flags of [['--all'], ['--all', '--dry-run']]) {
      assert.equal(await program.fails('delete', 'nothing', URI, ...flags), 'Error: chart nothing not found in index\nHint: nothing was deleted\n')
    }
    assert.equal(await program.ok('delete', 'nothing', URI, '--all', '--ignore-missing'), 'Nothing to delete.\n')
    assert.deepEqual(await program.keys(), before)
    assert.equal((await program.run('delete', 'nothing', URI, '--all', '--exit-codes=fine')).status, 4)
    assert.match(await program.ok('delete', 'app', URI, '--all', '--ignore-missing'), /^Successfully deleted 3 chart versions/)
  })

  it('passes over versions that are missing when told to', async () => {
    const stdout = await program.ok('delete', 'app', URI, '--version=1.0.0,9.9.9', '--ignore-missing')
    assert.equal(stdout, 'Successfully deleted the chart from the repository.\n')
    assert.deepEqual(await archives(), ['app-1.1.0.tgz', 'app-2.0.0.tgz'])
    assert.match(await program.fails('delete', 'app', URI, '--version=9.9.9', '--dry-run'), /9\.9\.9 not found in index/)
  })

  it('refuses contradictions before it writes anything', async () => {
    const before = await program.keys()
    assert.match(await program.fails('delete', 'app', URI, '--all', '--version=1.0.0'), /^Error: --all and --version cannot be given together/)
    assert.deepEqual(await program.keys(), before)
  })

  it('prints JSON when asked to', async () => {
    const result = resultOf('delete', await program.ok('delete', 'app', URI, '--version=1.0.0', '-ojson')) as Record<string, unknown>
    assert.match(String(result['delta']), /^[0-9A-Z]{26}$/)
    const removed = [{ name: 'app', version: '1.0.0' }]
    assert.deepEqual(result, { repository: URI, dryRun: false, delta: result['delta'], removed, keptArchives: [] })
  })
})
