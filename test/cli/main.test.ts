import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { HelmS3Error } from '../../lib/errors.ts'
import { main } from '../../lib/cli/main.ts'
import { Interruption, type Io } from '../../lib/ui/output.ts'
import type { ObjectStore } from '../../lib/store/object-store.ts'
import { systemClock } from '../../lib/sys/clock.ts'
import { systemRandom } from '../../lib/sys/random.ts'
import { useProgram } from '../support/program.ts'

const never = (): Promise<never> => new Promise(() => undefined)

describe('main', () => {
  const program = useProgram()

  it('prints the help on stdout for no arguments, --help and help', async () => {
    const help = await program.ok()
    assert.match(help, /^helm s3 COMMAND \[flags\]\n/)
    assert.equal(await program.ok('--help'), help)
    assert.equal(await program.ok('help'), help)
  })

  it('exits with 3 when the outcome is unknown', async () => {
    program.fail({
      head: async () => {
        throw new HelmS3Error('outcome-unknown', 'nobody knows')
      },
    })
    const { status, stdout, stderr } = await program.run(
      'push',
      await program.chart('app', '1.0.0'),
      's3://acme/charts',
    )
    assert.deepEqual([status, stdout, stderr], [3, '', 'Error: nobody knows\n'])
  })

  it('prints the stack trace of an internal error only with --verbose', async () => {
    const faults: Partial<ObjectStore> = {
      list: async () => {
        throw new TypeError('a fault')
      },
    }
    program.fail(faults)
    const { status, stderr } = await program.run('compact', 's3://acme/charts')
    assert.deepEqual([status, stderr], [1, 'Error: unexpected: a fault\n'])
    assert.match(
      (await program.run('compact', 's3://acme/charts', '--verbose')).stderr,
      /^Error: unexpected: TypeError: a fault\n +at /,
    )
  })

  it('fails after the time of --timeout, and names that flag in the hint', async () => {
    program.fail({ list: never })
    const { status, stdout, stderr } = await program.run('compact', 's3://acme/charts', '--timeout=20ms')
    assert.deepEqual([status, stdout], [1, ''])
    assert.match(stderr, /^Error: not done after 20ms\nHint: .*--timeout/)
  })

  it('exits without a message on a broken pipe and on an interruption', async () => {
    const wiring = { clock: systemClock, random: systemRandom, host: undefined, createStore: never }
    const errors: string[] = []
    const stderr = { isTerminal: false, write: async (text: string | Uint8Array) => void errors.push(String(text)) }
    const closed: Io = {
      stdin: { isTerminal: true, chunks: () => Readable.from([]) },
      stdout: {
        isTerminal: false,
        write: async () => Promise.reject(Object.assign(new Error('broken pipe'), { code: 'EPIPE' })),
      },
      stderr,
    }
    assert.equal(await main(['version'], {}, closed, wiring), 141)
    const controller = new AbortController()
    const io: Io = { stdin: closed.stdin, stdout: closed.stdout, stderr, interrupted: controller.signal }
    const running = main(['compact', 's3://acme/charts'], {}, io, wiring)
    controller.abort(new Interruption('SIGINT', 130))
    assert.equal(await running, 130)
    assert.deepEqual(errors, [])
  })

  it('writes user, host, tool and command into the delta', async () => {
    await program.ok('init', 's3://acme/charts')
    await program.ok('push', await program.chart('app', '1.0.0'), 's3://acme/charts', '--no-compact')
    const [key = ''] = await program.keys('charts/index.d/')
    const { origin } = JSON.parse(await program.text(key)) as { origin: unknown }
    assert.deepEqual(origin, { user: 'tester', host: 'test-host', tool: 'helm-s3/development', command: 'push' })
  })

  it('exits with 1 for every error, and with a status for each kind of error with --exit-codes=fine', async () => {
    const cases = [
      [['push', 'a.tgz'], 2],
      [['fetch', 'app', 'stable'], 9],
      [['compact', 's3://acme/charts'], 4],
      [['init', 's3://nowhere/charts'], 4],
    ] as const
    for (const [argv, fine] of cases) {
      assert.equal((await program.run(...argv)).status, 1)
      assert.equal((await program.run(...argv, '--exit-codes=fine')).status, fine, argv.join(' '))
      assert.equal((await program.run('--exit-codes', 'fine', ...argv)).status, fine)
      program.env['HELM_S3_EXIT_CODES'] = 'fine'
      assert.equal((await program.run(...argv)).status, fine)
      assert.equal((await program.run(...argv, '--exit-codes=default')).status, 1)
      delete program.env['HELM_S3_EXIT_CODES']
    }
    assert.match(
      await program.fails('version', '--exit-codes=coarse'),
      /invalid argument "coarse" for "--exit-codes" flag: must be default or fine/,
    )
  })
})
