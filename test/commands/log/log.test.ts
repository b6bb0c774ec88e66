import assert from 'node:assert/strict'
import { asKey } from '../../../lib/core/keys.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'

interface Entry {
  readonly id: string
  readonly state: string
  readonly command: string | null
  readonly changes: readonly {
    readonly change: string
    readonly name: string
    readonly version: string
    readonly digest: string | null
  }[]
  readonly [field: string]: unknown
}

describe('log', () => {
  const program = useProgram()
  const read = async (...argv: string[]): Promise<{ readonly entries: readonly Entry[]; readonly hasMore: boolean }> =>
    resultOf('log', await program.ok('log', URI, '-ojson', ...argv)) as { entries: Entry[]; hasMore: boolean }
  const told = ({ entries }: { readonly entries: readonly Entry[] }): string[] =>
    entries.map(({ changes, command, state }) =>
      [command ?? '-', state, ...changes.map(({ change, name, version }) => `${change} ${name} ${version}`)].join(', '),
    )
  const push = async (name: string, version: string, ...flags: string[]): Promise<string> =>
    program.ok('push', await program.chart(name, version), URI, ...flags)

  beforeEach(async () => {
    await program.ok('init', URI)
  })

  it('says that there are no deltas', async () => {
    assert.equal(await program.ok('log', URI), 'No deltas: nothing has changed recently.\n')
    assert.deepEqual(await read(), { repository: URI, entries: [], hasMore: false })
  })

  it('lists pending and folded deltas, newest first, with author and changes', async () => {
    await push('app', '1.0.0')
    await push('web', '2.0.0', '--no-compact')
    const log = await read()
    assert.deepEqual(told(log), ['push, pending, added web 2.0.0', 'push, folded, added app 1.0.0'])
    const [newest] = log.entries
    assert.deepEqual(
      [newest?.['user'], newest?.['host'], newest?.['tool'], newest?.['foldedAt']],
      ['tester', 'test-host', 'helm-s3/development', null],
    )
    assert.match(newest?.changes[0]?.digest ?? '', /^[0-9a-f]{64}$/)
    const lines = (await program.ok('log', URI)).split('\n')
    assert.match(lines[0] ?? '', /^WHEN +WHO +COMMAND +STATE +CHANGES$/)
    assert.match(lines[1] ?? '', /^\d{4}-\d\d-\d\dT\S+Z +tester@test-host +push +pending +\+ web 2\.0\.0$/)
  })

  it('shows one line for each change of a delta, at most ten', async () => {
    const paths = []
    for (let i = 0; i < 12; i++) paths.push(await program.chart('app', `1.${String(i)}.0`))
    await program.ok('push', ...paths, URI, '--no-compact')
    await program.ok('delete', 'app', URI, '--version=1.0.0')
    const lines = (await program.ok('log', URI)).split('\n')
    assert.match(lines[1] ?? '', /delete +folded +- app 1\.0\.0$/)
    assert.match(lines[2] ?? '', /push +folded +\+ app 1\.0\.0$/)
    assert.match(lines[3] ?? '', /^ +\+ app 1\.1\.0$/)
    assert.match(lines[11] ?? '', /^ +and 3 more, which -o json shows$/)
    assert.equal((await read()).entries[1]?.changes.length, 12)
  })

  it('shows a collected delta by the versions that it touched', async () => {
    await push('app', '1.0.0')
    const [key = ''] = await program.keys('charts/index.d/')
    await program.bucket.delete(asKey(key))
    const log = await read()
    assert.deepEqual(told(log), ['-, collected, touched app 1.0.0'])
    assert.equal(log.entries[0]?.['isComplete'], false)
    assert.match(await program.ok('log', URI), /collected +~ app 1\.0\.0\n$/)
  })

  it('shows the removal of an orphan as such, and not as the removal of a version', async () => {
    for (const file of ['app-0.9.0.tgz', 'app-1-2.0.0.tgz']) {
      await program.bucket.put(asKey(`charts/${file}`), Buffer.from('died'), {
        when: 'always',
        metadata: { 'chart-digest': '0'.repeat(64) },
      })
    }
    program.pass(2 * 3_600_000)
    await program.ok('prune', URI, '--orphans', '--allow-many-orphans')
    assert.deepEqual(told(await read()), ['prune, folded, orphan app 0.9.0, orphan app 1-2.0.0, orphan app-1 2.0.0'])
    const lines = (await program.ok('log', URI)).split('\n').slice(1)
    assert.match(lines[0] ?? '', /prune +folded +x app-0\.9\.0\.tgz \(no entry\)$/)
    assert.match(lines[1] ?? '', /^ +x app-1-2\.0\.0\.tgz \(no entry\)$/)
    assert.deepEqual(lines.slice(2), [''])
  })

  it('shows the deltas of one chart, and no more than --limit', async () => {
    for (const [name, version] of [
      ['app', '1.0.0'],
      ['web', '1.0.0'],
      ['app', '1.1.0'],
    ] as const)
      await push(name, version, '--no-compact')
    assert.deepEqual(told(await read('app')), ['push, pending, added app 1.1.0', 'push, pending, added app 1.0.0'])
    const limited = await read('--limit=1')
    assert.deepEqual([told(limited), limited.hasMore], [['push, pending, added app 1.1.0'], true])
    assert.equal((await read('app', '--limit=2')).hasMore, false)
    assert.match(await program.ok('log', URI, '--limit=2'), /\n\nOnly the newest 2 are shown: --limit shows more\.\n$/)
    assert.equal(await program.ok('log', URI, 'nothing'), 'No deltas: nothing of nothing has changed recently.\n')
  })

  it('names a delta that it cannot read, and shows the others', async () => {
    await push('app', '1.0.0', '--no-compact')
    await program.bucket.put(asKey('charts/index.d/01HF7YATZ80000000000000000.yaml'), Buffer.from('apiVersion: v9\n'), {
      when: 'always',
    })
    const { status, stdout, stderr } = await program.run('log', URI, '-ojson')
    assert.equal(status, 0)
    assert.deepEqual(told(resultOf('log', stdout) as { entries: Entry[] }), ['push, pending, added app 1.0.0'])
    assert.match(stderr, /^helm-s3: ignored charts\/index\.d\/01HF7YATZ8.*unknown apiVersion "v9"/)
  })

  it('reads only the end of index.yaml, and only as many deltas as it needs for --limit', async () => {
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await push('app', version, '--no-compact')
    const requests: string[] = []
    const { bucket } = program
    program.fail({
      get: async (key, options) => {
        requests.push(`${key.replace(/[0-7][0-9A-Z]{25}/, 'ULID')} ${String(options?.first ?? 'all')}`)
        return bucket.get(key, options)
      },
      getTail: async (key, last, unless) => {
        requests.push(`${key} ${String(last)}`)
        return bucket.getTail(key, last, unless)
      },
    })
    await read('--limit=1')
    assert.deepEqual(requests, [
      'charts/index.yaml 262144',
      'charts/index.d/ULID.yaml all',
      'charts/index.d/ULID.yaml all',
    ])
  })

  it('finds the annotations also when they come after the entries', async () => {
    await push('app', '1.0.0', '--no-compact')
    const id = (await read()).entries[0]?.id ?? ''
    const folded = JSON.stringify({ at: '2026-01-01T00:00:00Z', touched: [['app', '1.0.0']] })
    const index = `apiVersion: v1\nentries: {}\nannotations:\n  helm-s3/folded/${id}: '${folded}'\n`
    await program.bucket.put(asKey('charts/index.yaml'), Buffer.from(index), { when: 'always' })
    const log = await read()
    assert.deepEqual(told(log), ['push, folded, added app 1.0.0'])
    assert.equal(log.entries[0]?.['foldedAt'], '2026-01-01T00:00:00Z')
  })

  it('fails where there is no repository, and for a limit below 1', async () => {
    assert.match(await program.fails('log', 's3://acme/other'), /^Error: there is no index\.yaml/)
    assert.match(
      await program.fails('log', URI, '--limit=0'),
      /^Error: invalid argument "0" for "--limit" flag: must be a whole number, at least 1/,
    )
  })
})
