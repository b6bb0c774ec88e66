import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type Server, type Socket, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { run } from './shell.ts'

const ROOT = join(import.meta.dirname, '../..')
const PROGRAM = join(ROOT, 'bin/helm-s3')

/** The program as `npm run build` leaves it in dist/. */
describe('bundle', () => {
  it('knows the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    assert.deepEqual(run(PROGRAM, ['version']), { status: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('prints help on stdout and complaints on stderr', () => {
    const help = run(PROGRAM, [])
    assert.deepEqual([help.status, help.stderr], [0, ''])
    assert.match(help.stdout, /^helm s3 COMMAND \[flags\]\n/)
    assert.deepEqual(run(PROGRAM, ['pus']), {
      status: 1,
      stdout: '',
      stderr: 'Error: unknown command "pus" for "s3"\n\nDid you mean this?\n\tpush\n\n',
    })
  })

  it('has the names of the packages that it loads on demand', () => {
    assert.equal(run(PROGRAM, ['version', '-o', 'yaml']).stderr, '')
  })

  it('leaves silently when the reader of its output has gone', () => {
    const { stdout, stderr } = run('sh', ['-c', `{ "${PROGRAM}" --help; echo "status $?" >&2; } | true`])
    assert.equal(stdout, '')
    assert.match(stderr, /^status (0|141)\n$/)
  })

  describe('against a store that never answers', () => {
    let server: Server
    const sockets: Socket[] = []
    const env = (): Record<string, string> => ({
      PATH: process.env['PATH'] ?? '',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'geheim',
    })
    const start = (
      ...argv: readonly string[]
    ): { child: ChildProcess; ended: Promise<{ status: number; stdout: string; stderr: string }> } => {
      const child = spawn(PROGRAM, argv, { env: env(), stdio: ['ignore', 'pipe', 'pipe'] })
      const said = { stdout: '', stderr: '' }
      child.stdout.on('data', (chunk) => (said.stdout += String(chunk)))
      child.stderr.on('data', (chunk) => (said.stderr += String(chunk)))
      return { child, ended: once(child, 'close').then(([status]) => ({ status: status as number, ...said })) }
    }

    beforeEach(async () => {
      server = createServer((socket) => {
        sockets.push(socket.on('error', () => undefined))
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
    })

    afterEach(() => {
      for (const socket of sockets.splice(0)) socket.destroy()
      server.close()
    })

    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      it(`ends with status ${String(status)} on ${signal}, and says nothing`, async () => {
        const { child, ended } = start('compact', 's3://bucket/charts')
        await once(server, 'connection')
        child.kill(signal)
        assert.deepEqual(await ended, { status, stdout: '', stderr: '' })
      })
    }

    it('keeps the limit of --timeout, and shows no secret', async () => {
      const { status, stdout, stderr } = await start('compact', 's3://bucket/charts', '--timeout=300ms', '--verbose')
        .ended
      assert.deepEqual([status, stdout], [1, ''])
      assert.match(stderr, /^Error: not done after 300ms\n/)
      assert.ok(!stderr.includes('geheim'))
    })
  })
})
