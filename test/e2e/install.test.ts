import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { useWorkplace } from './support/matrix.ts'
import { replaceInFile } from './support/files.ts'
import { type Result, run } from './support/run.ts'
import { type HelmMajor, ROOT } from './support/workplace.ts'

/** A URL that Helm takes for a git server; git is configured to find it in a folder. */
const SOURCE = 'ssh://git@helm-s3.test/'

for (const major of [3, 4] as const satisfies readonly HelmMajor[]) {
  describe(`installation and removal of the plugin with Helm ${String(major)}`, () => {
    const at = useWorkplace('minio')

    const plugins = async (): Promise<string[]> => {
      const folder = at().path('data', 'plugins')
      return existsSync(folder) ? (await readdir(folder)).sort() : []
    }
    const helm = async (line: string): Promise<string> => {
      const { status, stderr, stdout } = await at().helm(major, line, gitEnvironment())
      assert.equal(status, 0, `${line}\n${stderr}`)
      return stdout
    }
    const git = async (cwd: string, ...args: string[]): Promise<Result> => {
      const identity = {
        GIT_AUTHOR_NAME: 'test',
        GIT_AUTHOR_EMAIL: 't@example.org',
        GIT_COMMITTER_NAME: 'test',
        GIT_COMMITTER_EMAIL: 't@example.org',
      }
      const result = await run('git', args, { ...at().env, ...identity }, cwd)
      assert.equal(result.status, 0, result.stderr)
      return result
    }
    /** The hook builds with npm, offline: from npm's cache, which `npm ci` in this checkout has filled. */
    const gitEnvironment = (): Record<string, string> => ({
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${at().folder}/.insteadOf`,
      GIT_CONFIG_VALUE_0: SOURCE,
      npm_config_cache: process.env.npm_config_cache ?? join(homedir(), '.npm'),
      npm_config_offline: 'true',
    })

    it('work with a local directory, and leave nothing behind', async () => {
      await helm(`plugin install ${ROOT.replace(/\/$/, '')}`)
      const list = await helm('plugin list')
      for (const plugin of [/^s3\s/m, /^s3-getter\s/m]) assert.match(list, plugin)
      assert.match(await helm('s3 version'), /^\d+\.\d+\.\d+\n$/)
      await helm(`s3 init ${at().url}`)
      await helm(`repo add repo ${at().url}`)
      await helm('plugin uninstall s3')
      assert.deepEqual(await plugins(), [])
    })

    it('leave a plugin of another name in the folder of the getter alone', async () => {
      await helm(`plugin install ${ROOT.replace(/\/$/, '')}`)
      await replaceInFile(
        at().path('data', 'plugins', 's3-getter', 'plugin.yaml'),
        /^name: s3-getter$/m,
        'name: other-getter',
      )
      await helm('plugin uninstall s3')
      assert.deepEqual(await plugins(), ['s3-getter'])
    })

    it('work with a git URL, with a build and an update', async function () {
      this.timeout(300_000)
      await git(at().folder, 'clone', '--quiet', '--bare', ROOT, at().path('helm-s3.git'))
      await helm(`plugin install ${SOURCE}helm-s3.git${major === 4 ? ' --verify=false' : ''}`)
      const [checkout = ''] = (await plugins()).filter((name) => name !== 's3-getter')
      const installed = at().path('data', 'plugins', checkout)
      assert.ok(!existsSync(join(installed, 'node_modules')), 'the hook removes what it has installed to build')
      assert.match(await helm('__complete s3 stat'), /^status\n/, 'the words for completion are there')
      const before = await helm('s3 version')
      await helm(`s3 init ${at().url}`)
      await helm(`repo add repo ${at().url}`)

      await git(at().folder, 'clone', '--quiet', at().path('helm-s3.git'), at().path('work'))
      await replaceInFile(at().path('work', 'package.json'), /"version": "[^"]*"/, '"version": "99.0.0"')
      await git(at().path('work'), 'commit', '--quiet', '--all', '--message', 'A newer version')
      await git(at().path('work'), 'push', '--quiet')
      await helm('plugin update s3')
      assert.notEqual(await helm('s3 version'), before)
      assert.equal(await helm('s3 version'), '99.0.0\n')
      await helm('repo update')

      await helm('plugin uninstall s3')
      assert.deepEqual(await plugins(), [])
    })
  })
}
