import assert from 'node:assert/strict'
import type { Key } from '../../../lib/core/keys.ts'
import { resultOf } from '../../support/json-schema.ts'
import { useProgram } from '../../support/program.ts'

const URI = 's3://acme/charts'
const MINUTE = 60_000

interface CheckValue {
  readonly findings: readonly { readonly code: string; readonly key: string | null }[]
  readonly fixed: readonly { readonly code: string }[]
}

/** A store that lists an object and answers its GET as if it did not exist. */
describe('a delta that the store lists and never returns', () => {
  const program = useProgram()
  let ghost: string

  beforeEach(async () => {
    await program.ok('init', URI)
    await program.ok('push', await program.chart('app', '1.0.0'), URI, '--relative')
    await program.ok('push', await program.chart('app', '1.1.0'), URI, '--relative', '--no-compact')
    ghost = (await program.keys('charts/index.d/')).at(-1) ?? ''
    program.fail({ get: async (key: Key, options) => (key === ghost ? undefined : program.bucket.get(key, options)) })
  })

  const index = (): Promise<string> => program.ok('download', '', '', '', `${URI}/index.yaml`)
  const check = async (...flags: readonly string[]): Promise<CheckValue & { readonly status: number }> => {
    const { status, stderr, stdout } = await program.run('check', URI, '-ojson', ...flags)
    assert.equal(stderr, '')
    return { status, ...(resultOf('check', stdout) as CheckValue) }
  }

  it('makes readers fail with its key and a hint to check --fix', async () => {
    const message = await program.fails('download', '', '', '', `${URI}/index.yaml`)
    assert.ok(message.includes(`${ghost} is listed, not folded, and cannot be found`), message)
    assert.match(message, /`helm s3 check s3:\/\/acme\/charts --fix` gets past a delta/)
  })

  it('is reported by check --fix, and not given up while it is recent: the store may still return it', async () => {
    const { findings, status } = await check('--fix')
    assert.deepEqual([status, findings.map(({ code, key }) => [code, key])], [1, [['delta-unreadable', ghost]]])
    program.fail({})
    assert.match(await index(), /1\.1\.0/)
  })

  it('is given up by check --fix when it is ten minutes old, and a reindex adds the version that it was to add', async () => {
    program.pass(11 * MINUTE)
    const { findings, fixed } = await check('--fix')
    assert.deepEqual(
      fixed.map(({ code }) => code),
      ['delta-unreadable'],
    )
    assert.deepEqual(
      findings.filter(({ code }) => code === 'archive-unlisted').map(({ key }) => key),
      ['charts/app-1.1.0.tgz'],
    )
    assert.doesNotMatch(await index(), /1\.1\.0/)
    await program.ok('reindex', URI)
    assert.match(await index(), /1\.1\.0/)
    assert.equal((await check()).status, 0)
    program.pass(11 * MINUTE)
    await program.ok('compact', URI)
    assert.equal((await program.keys('charts/index.d/')).includes(ghost), false)
  })
})
