import assert from 'node:assert/strict'
import { asKey } from '../../../lib/core/keys.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const HOUR = 3_600_000

interface Report {
  readonly pending: { readonly deltas: number; readonly oldestSeconds: number | null }
  readonly folded: { readonly deltas: number; readonly oldestSeconds: number | null }
  readonly upkeep: string
  readonly reason: string
  readonly command: string | null
  readonly [field: string]: unknown
}

describe('status', () => {
  const program = useProgram()
  const report = async (...flags: string[]): Promise<Report> =>
    resultOf('status', await program.ok('status', URI, '-ojson', ...flags)) as Report
  const pass = (milliseconds: number): void => program.pass(milliseconds)

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('reports an empty repository', async () => {
    const { index, ...rest } = await report()
    const { size } = (await program.object('charts/index.yaml')) ?? {}
    assert.match(
      JSON.stringify(index),
      new RegExp(`^{"bytes":${String(size)},"format":"json","writtenAt":"\\d{4}-.*Z","pages":0,"parts":null}$`),
    )
    assert.deepEqual(rest, {
      repository: URI,
      generation: 1,
      charts: 0,
      versions: 0,
      pending: { deltas: 0, oldestSeconds: null },
      folded: { deltas: 0, oldestSeconds: null },
      lastCompactionAt: null,
      skipped: [],
      upkeep: 'tidy',
      reason: 'index.yaml contains every push and deletion',
      command: null,
    })
  })

  it('counts charts and versions of pending deltas, too', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), await program.chart('app', '1.1.0'), URI)
    await program.ok('push', await program.chart('web', '1.0.0'), URI, '--no-compact')
    const { charts, versions, generation, pending, folded, lastCompactionAt, upkeep, reason } = await report()
    assert.deepEqual(
      { charts, versions, generation, upkeep, reason },
      { charts: 2, versions: 3, generation: 2, upkeep: 'tidy', reason: 'all pending deltas are recent' },
    )
    assert.deepEqual([pending.deltas, folded.deltas], [1, 1])
    assert.match(String(lastCompactionAt), /^\d{4}-/)
  })

  it('counts in a large index without reading its pages, and tells how many there are', async () => {
    const large = (i: number): Promise<string> =>
      program.chart(`chart-${String(i)}`, '1.0.0', {
        'Chart.yaml': `apiVersion: v2\nname: chart-${String(i)}\nversion: 1.0.0\ndescription: "${'#'.repeat(90_000)}"\n`,
      })
    await program.ok('push', ...(await Promise.all(Array.from({ length: 9 }, (_, i) => large(i)))), URI)
    await program.ok('push', await program.chart('web', '1.0.0'), URI, '--no-compact')
    let bytes = 0
    program.fail({
      get: (key, options) => (assert.notEqual(key, 'charts/index.yaml'), program.bucket.get(key, options)),
      getRange: (key, range, etag) => ((bytes += range.end - range.start), program.bucket.getRange(key, range, etag)),
    })
    const { charts, index, versions } = await report()
    const { bytes: size, pages } = index as { bytes: number; pages: number }
    assert.deepEqual([charts, versions, pages], [10, 10, 3])
    assert.ok(bytes > 0 && bytes < size / 2)
    assert.match(await program.ok('status', URI), /\nindex\.yaml +\d+(?:\.\d)? .iB, json, 3 pages, written /)
  })

  it('reports a delta that has been pending too long, and the command to run', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--no-compact')
    pass(HOUR)
    const { upkeep, command, pending } = await report()
    assert.deepEqual([upkeep, command], ['behind', `helm s3 compact ${URI}`])
    assert.ok((pending.oldestSeconds ?? 0) >= 3600)
    assert.match(
      await program.ok('status', URI),
      /\nbehind: the oldest pending delta has been waiting for 1h.*\n {2}helm s3 compact s3:\/\/acme\/charts\n$/,
    )
    assert.equal((await report('--patience=2h')).upkeep, 'tidy')
  })

  it('reports folded deltas that were not collected for too long', async () => {
    await program.ok('push', await program.chart('app', '1.0.0'), URI)
    pass(19 * 60_000)
    assert.equal((await report()).upkeep, 'tidy')
    pass(21 * 60_000)
    const { upkeep, folded, command } = await report()
    assert.deepEqual([upkeep, folded.deltas, command], ['uncollected', 1, `helm s3 compact ${URI}`])
  })

  it('names an object that it ignores below index.d/', async () => {
    await program.bucket.put(asKey('charts/index.d/notes.txt'), Buffer.from('?'), { when: 'always' })
    assert.deepEqual((await report())['skipped'], [
      { key: 'charts/index.d/notes.txt', reason: 'its name is not <ULID>.yaml' },
    ])
    assert.match(await program.ok('status', URI), /Ignored +charts\/index\.d\/notes\.txt: its name is not/)
  })

  it('prints a line for each fact', async () => {
    program.addRepository('stable', URI)
    const lines = (await program.ok('status', 'stable')).split('\n')
    assert.deepEqual(
      lines.map((line) => line.replace(/ {2}.*/, '')),
      [
        'Repository',
        'Generation',
        'Charts',
        'Versions',
        'index.yaml',
        'Pending',
        'Folded, not collected',
        'Last compaction',
        '',
        'tidy: index.yaml contains every push and deletion',
        '',
      ],
    )
  })

  it('fails where there is no repository, and for a --patience that is not positive', async () => {
    assert.match(
      await program.fails('status', 's3://acme/other'),
      /^Error: there is no index\.yaml at s3:\/\/acme\/other\nHint: /,
    )
    assert.match(await program.fails('status', URI, '--patience=0s'), /^Error: --patience must be above zero\nHint: /)
    assert.match(await program.fails('status'), /^Error: accepts 1 arg\(s\), received 0\n/)
  })
})
