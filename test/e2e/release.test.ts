import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostTarget } from '../../scripts/executable/targets.ts'
import { run as runTool } from '../../scripts/run.ts'
import { FORM } from './support/form.ts'
import { useWorkplace } from './support/matrix.ts'
import { CHARTS, type HelmMajor, ROOT } from './support/workplace.ts'

const RELEASE = join(ROOT, 'dist', 'release')
const KEY = 'release@example.org'
/** The tools that hooks and launchers call. Node.js is not among them. */
const TOOLS = [
  'sh',
  'dirname',
  'basename',
  'mktemp',
  'rm',
  'cp',
  'mv',
  'mkdir',
  'rmdir',
  'grep',
  'chmod',
  'readlink',
  'cat',
]

if (FORM === 'executable') {
  describe('a release', () => {
    const at = useWorkplace('minio')
    let keys = ''
    let archive = ''

    before(async function () {
      this.timeout(300_000)
      keys = await mkdtemp(join(tmpdir(), 'gpg-'))
      const gpg = (...args: string[]): Promise<string> =>
        runTool('gpg', ['--homedir', keys, '--batch', '--passphrase', '', '--pinentry-mode', 'loopback', ...args])
      await gpg('--quick-generate-key', `Release <${KEY}>`, 'rsa2048', 'sign', 'never')
      await gpg('--output', join(keys, 'secret.gpg'), '--export-secret-keys', KEY)
      await gpg('--output', join(keys, 'public.gpg'), '--export', KEY)
      await release('--key', KEY, '--keyring', join(keys, 'secret.gpg'))
      archive = (await readdir(RELEASE)).find((name) => name.endsWith('.tar.gz')) ?? ''
    })
    after(async () => {
      await runTool('gpgconf', ['--homedir', keys, '--kill', 'gpg-agent'])
      await rm(keys, { recursive: true, force: true })
    })

    const release = (...flags: string[]): Promise<string> =>
      runTool(process.execPath, ['--import=tsx', 'scripts/release.ts', '--only', hostTarget().name, ...flags], {
        cwd: ROOT,
      })
    const plugins = async (): Promise<string[]> => {
      const folder = at().path('data', 'plugins')
      return existsSync(folder) ? (await readdir(folder)).sort() : []
    }
    /** Runs Helm as on a machine without Node.js. */
    const helm = async (major: HelmMajor, line: string): Promise<string> => {
      const { status, stdout, stderr } = await at().helm(major, line, { PATH: await bareTools() })
      assert.equal(status, 0, `${line}\n${stderr}`)
      return stdout
    }
    const bareTools = async (): Promise<string> => {
      const folder = at().path('tools')
      if (!existsSync(folder)) {
        await mkdir(folder)
        for (const tool of TOOLS)
          await symlink((await runTool('sh', ['-c', `command -v ${tool}`])).trim(), join(folder, tool))
      }
      return folder
    }
    const expectWorking = async (major: HelmMajor): Promise<void> => {
      assert.match(await helm(major, 's3 version'), /^\d+\.\d+\.\d+\n$/)
      await helm(major, `s3 init ${at().url}`)
      await helm(major, `repo add repo ${at().url}`)
      await helm(major, `s3 push ${join(CHARTS, 'anchor-1.2.3.tgz')} repo`)
      await helm(major, 'repo update')
      await helm(major, 'pull repo/anchor --version 1.2.3')
      await helm(major, 'plugin uninstall s3')
      assert.deepEqual(await plugins(), [])
    }

    it('has the name that scripts look for, a checksum, and for Helm 4 a signature', async () => {
      const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }
      const name = `helm-s3_${version}_${hostTarget().name}.tar.gz`
      assert.deepEqual((await readdir(RELEASE)).sort(), [`helm-s3_${version}_checksums.txt`, name, `${name}.prov`])
      assert.equal(
        (await runTool('sha256sum', ['--check', `helm-s3_${version}_checksums.txt`], { cwd: RELEASE })).trim(),
        `${name}: OK`,
      )
    })

    it('is installed by Helm 4 from its file, verified, and uninstalled', async () => {
      await helm(4, `plugin install ${join(RELEASE, archive)} --keyring ${join(keys, 'public.gpg')}`)
      assert.match(await helm(4, 'plugin list'), /^s3-getter\s/m)
      await expectWorking(4)
    })

    it('is refused by Helm 4 when its bytes are not those that were signed', async () => {
      await mkdir(at().path('bad'))
      for (const suffix of ['', '.prov']) await cp(join(RELEASE, archive + suffix), at().path('bad', archive + suffix))
      await appendFile(at().path('bad', archive), 'x')
      const { status, stderr } = await at().helm(
        4,
        `plugin install ${at().path('bad', archive)} --keyring ${join(keys, 'public.gpg')}`,
      )
      assert.equal(status, 1)
      assert.match(stderr, /plugin verification failed/)
      assert.deepEqual(await plugins(), [])
    })

    describe('on a web server', () => {
      let server: Server
      const url = (): string => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/${archive}`
      before((done) => {
        server = createServer((request, response) => {
          readFile(join(RELEASE, request.url ?? '')).then(
            (body) =>
              response
                .writeHead(200, { 'content-type': 'application/gzip', 'content-length': body.length })
                .end(request.method === 'HEAD' ? undefined : body),
            () => response.writeHead(404).end(),
          )
        }).listen(0, '127.0.0.1', done)
      })
      after(() => server.close())

      it('is installed by Helm 3', async () => {
        await helm(3, `plugin install ${url()}`)
        await expectWorking(3)
      })

      it('is installed by Helm 4, verified', async () => {
        await helm(4, `plugin install ${url()} --keyring ${join(keys, 'public.gpg')}`)
        await expectWorking(4)
      })
    })

    for (const major of [3, 4] as const) {
      it(`is installed by Helm ${String(major)} from an unpacked folder, uninstalled, and installed from another`, async () => {
        for (const folder of ['first', 'second']) {
          await mkdir(at().path(folder))
          await runTool('tar', ['-xzf', join(RELEASE, archive), '-C', at().path(folder)])
        }
        await helm(major, `plugin install ${at().path('first')}`)
        assert.match(await helm(major, 's3 version'), /^\d+\.\d+\.\d+\n$/)
        await helm(major, 'plugin uninstall s3')
        await helm(major, `plugin install ${at().path('second')}`)
        await expectWorking(major)
      })
    }

    for (const [flags, complaint] of [
      [['--only', 'plan9_amd64'], /there is no platform plan9_amd64/],
      [['--keyring', 'x'], /go with --key/],
      [['--sign'], /--sign/],
    ] as const) {
      it(`is not built with ${flags.join(' ')}`, async () => {
        await assert.rejects(release(...flags), complaint)
      })
    }

    // This test is the last one, because it replaces the signed release.
    describe('that is built again', () => {
      it('is the same, byte for byte', async function () {
        this.timeout(300_000)
        const before = await runTool('sha256sum', [archive], { cwd: RELEASE })
        await release()
        assert.equal(await runTool('sha256sum', [archive], { cwd: RELEASE }), before)
        assert.equal(existsSync(join(RELEASE, `${archive}.prov`)), false)
      })
    })
  })
}
