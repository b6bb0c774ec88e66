import assert from 'node:assert/strict'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'

describe('compact', () => {
  const program = useProgram()
  const pushed = async (version: string): Promise<string> => {
    const { delta } = resultOf(
      'push',
      await program.ok('push', await program.chart('app', version), URI, '--no-compact', '-ojson'),
    ) as { delta: string }
    return delta
  }

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('folds the pending deltas and lists their ids', async () => {
    const ids = [await pushed('1.0.0'), await pushed('1.1.0')]
    const stdout = await program.ok('compact', URI)
    assert.equal(stdout, `Folded 2 deltas into index.yaml, generation 2:\n  ${ids.join('\n  ')}\n`)
    assert.match(await program.text('charts/index.yaml'), /app-1\.1\.0\.tgz/)
  })

  it('writes nothing when there is nothing to do', async () => {
    const before = await program.object('charts/index.yaml')
    assert.equal(await program.ok('compact', URI), 'Nothing to fold, nothing to collect.\n')
    assert.equal((await program.object('charts/index.yaml'))?.etag, before?.etag)
  })

  it('only says what it would do in a dry run', async () => {
    const id = await pushed('1.0.0')
    const before = await program.object('charts/index.yaml')
    assert.equal(await program.ok('compact', URI, '--dry-run'), `Would fold 1 delta into index.yaml:\n  ${id}\n`)
    assert.equal((await program.object('charts/index.yaml'))?.etag, before?.etag)
  })

  it('changes the form of the index with --format', async () => {
    assert.equal(await program.ok('compact', URI, '--format=yaml'), 'Wrote index.yaml anew as yaml, generation 2.\n')
    assert.match(await program.text('charts/index.yaml'), /^entries: {}\n/m)
  })

  it('refuses a grace window that is no duration or too short', async () => {
    assert.match(
      await program.fails('compact', URI, '--grace-window=10s'),
      /^Error: the grace window must be at least 1m\nHint: ./,
    )
    assert.match(
      await program.fails('compact', URI, '--grace-window=later'),
      /^Error: invalid argument "later" for "--grace-window" flag: time: invalid duration/,
    )
  })

  it('prints JSON when asked to', async () => {
    const id = await pushed('1.0.0')
    assert.deepEqual(resultOf('compact', await program.ok('compact', URI, '-ojson')), {
      repository: URI,
      dryRun: false,
      folded: [id],
      collected: [],
      written: true,
      generation: 2,
      format: 'json',
      skipped: [],
    })
  })
})
