import assert from 'node:assert/strict'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { useTempFolder } from '../support/temp-folder.ts'
import { type ShellResult, run, writeScript } from './shell.ts'

const ROOT = join(import.meta.dirname, '../..')
const { hooks } = parse(readFileSync(join(ROOT, 'plugin.yaml'), 'utf8')) as { hooks: Record<string, string> }

describe('plugin hooks', () => {
  const path = useTempFolder()
  const plugin = (...parts: string[]): string => path('plugins', 'helm-s3 (1)', ...parts)

  /** Runs a hook as Helm 4 does: the text through `sh -c`, with nothing but the name and folder of the plugin. */
  const hook = (name: string, env: Readonly<Record<string, string>> = {}): ShellResult =>
    run('sh', ['-c', hooks[name] ?? ''], { HELM_PLUGIN_DIR: plugin(), HELM_PLUGIN_NAME: 's3', ...env })

  /** A PATH whose `npm` only makes `node_modules`. */
  const fakeNpm = (): Record<string, string> => {
    writeScript(path('fake', 'npm'), `mkdir node_modules && echo "$@" >${path('npm-arguments')}`)
    return { PATH: `${path('fake')}:${process.env['PATH'] ?? ''}` }
  }
  const putProgram = (): void => {
    mkdirSync(plugin('dist'))
    writeFileSync(plugin('dist', 'helm-s3.cjs'), "process.stdout.write(process.argv.slice(2).join('|'))")
  }

  beforeEach(() => {
    for (const part of ['bin', 's3-getter', 'scripts/hook.sh', 'plugin.yaml'])
      cpSync(join(ROOT, part), plugin(part), { recursive: true })
    writeFileSync(
      plugin('scripts', 'build.mjs'),
      `import { mkdirSync, writeFileSync } from 'node:fs'
mkdirSync('dist', { recursive: true })
writeFileSync('dist/helm-s3.cjs', 'process.stdout.write("built " + process.argv.slice(2).join("|"))')`,
    )
  })

  it('put the getter beside the plugin, where it runs the program of the plugin', () => {
    putProgram()
    assert.deepEqual(hook('install'), { status: 0, stdout: '', stderr: '' })
    assert.deepEqual(readdirSync(path('plugins')).sort(), ['helm-s3 (1)', 's3-getter'])
    assert.equal(
      readFileSync(path('plugins', 's3-getter', 'plugin.yaml'), 'utf8'),
      readFileSync(join(ROOT, 's3-getter/plugin.yaml'), 'utf8'),
    )
    assert.equal(
      run(path('plugins', 's3-getter', 'bin', 'helm-s3'), ['download', '', '', '', 's3://b/k']).stdout,
      'download||||s3://b/k',
    )
  })

  it('work for a plugin that is a symbolic link to a checkout', () => {
    putProgram()
    mkdirSync(path('linked'))
    symlinkSync(plugin(), path('linked', 'checkout'))
    assert.equal(hook('install', { HELM_PLUGIN_DIR: path('linked', 'checkout') }).status, 0)
    assert.deepEqual(readdirSync(path('linked')).sort(), ['checkout', 's3-getter'])
    assert.equal(run(path('linked', 's3-getter', 'bin', 'helm-s3'), ['x']).stdout, 'x')
  })

  it('the getter of a checkout runs as it lies there', () => {
    putProgram()
    assert.equal(run(plugin('s3-getter', 'bin', 'helm-s3'), ['x']).stdout, 'x')
  })

  it('build a checkout without a program, and leave no packages behind', () => {
    assert.deepEqual(hook('install', fakeNpm()), { status: 0, stdout: '', stderr: '' })
    assert.equal(readFileSync(path('npm-arguments'), 'utf8'), 'ci --include=dev --ignore-scripts\n')
    assert.equal(existsSync(plugin('node_modules')), false)
    assert.equal(run(path('plugins', 's3-getter', 'bin', 'helm-s3'), ['x']).stdout, 'built x')
  })

  it('build with the packages that a developer has installed, and leave them there', () => {
    mkdirSync(plugin('node_modules'))
    assert.equal(hook('install', fakeNpm()).status, 0)
    assert.equal(existsSync(path('npm-arguments')), false)
    assert.equal(existsSync(plugin('node_modules')), true)
  })

  it('build an updated git checkout anew, and only that', () => {
    putProgram()
    assert.equal(hook('update', fakeNpm()).status, 0)
    assert.equal(run(plugin('bin', 'helm-s3'), ['x']).stdout, 'x')
    mkdirSync(plugin('.git'))
    assert.equal(hook('update', fakeNpm()).status, 0)
    assert.equal(run(plugin('bin', 'helm-s3'), ['x']).stdout, 'built x')
  })

  it('show why a build failed, and leave neither packages nor a getter', () => {
    writeFileSync(plugin('scripts', 'build.mjs'), "process.stderr.write('boom\\n'); process.exitCode = 1")
    const { status, stdout, stderr } = hook('install', fakeNpm())
    assert.deepEqual([status, stdout, stderr], [1, '', 'boom\nError: helm-s3: `npm run build` failed\n'])
    assert.equal(existsSync(plugin('node_modules')), false)
    assert.deepEqual(readdirSync(path('plugins')), ['helm-s3 (1)'])
  })

  it('say what is missing for a build', () => {
    for (const tool of ['sh', 'dirname', 'basename', 'mktemp', 'rm']) {
      mkdirSync(path('bare'), { recursive: true })
      symlinkSync(run('sh', ['-c', `command -v ${tool}`]).stdout.trim(), path('bare', tool))
    }
    const { status, stderr } = hook('install', { PATH: path('bare') })
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^Error: helm-s3: building from source needs Node.js 20 or newer with npm, and 'node' is not on the PATH; .*\n$/,
    )
  })

  it('do nothing when told so', () => {
    const result = hook('install', { HELM_S3_PLUGIN_NO_INSTALL_HOOK: '1' })
    assert.deepEqual(result, {
      status: 0,
      stdout: 'Development mode: not downloading versioned release.\n',
      stderr: '',
    })
    assert.deepEqual(readdirSync(path('plugins')), ['helm-s3 (1)'])
  })

  it('replace an older getter, and leave a plugin of others alone', () => {
    putProgram()
    const getter = (...parts: string[]): string => path('plugins', 's3-getter', ...parts)
    mkdirSync(getter(), { recursive: true })
    writeFileSync(getter('plugin.yaml'), 'name: s3-getter\nversion: 0.0.1\n')
    writeFileSync(getter('old'), '')
    assert.equal(hook('install').status, 0)
    assert.equal(existsSync(getter('old')), false)

    writeFileSync(getter('plugin.yaml'), 'name: other\n')
    const { status, stderr } = hook('update')
    assert.equal(status, 1)
    assert.match(stderr, /is there already and is another plugin/)
    assert.equal(readFileSync(getter('plugin.yaml'), 'utf8'), 'name: other\n')
  })

  it('remove the getter after Helm has removed the plugin', () => {
    putProgram()
    hook('install')
    rmSync(plugin(), { recursive: true })
    assert.deepEqual(hook('delete'), { status: 0, stdout: '', stderr: '' })
    assert.deepEqual(readdirSync(path('plugins')), [])
  })

  it('remove no plugin of others that lies where the getter would', () => {
    const getter = (...parts: string[]): string => path('plugins', 's3-getter', ...parts)
    const nothing = { status: 0, stdout: '', stderr: '' }
    mkdirSync(getter(), { recursive: true })
    for (const text of [undefined, 'name: other\n', 'name: s3-getter-of-others\nusage: "name: s3-getter"\n']) {
      if (text !== undefined) writeFileSync(getter('plugin.yaml'), text)
      assert.deepEqual(hook('delete'), nothing)
      assert.equal(existsSync(getter()), true)
    }
    rmSync(getter(), { recursive: true })
    assert.deepEqual(hook('delete'), nothing)
    mkdirSync(path('foreign'))
    writeFileSync(path('foreign', 'plugin.yaml'), 'name: other\n')
    symlinkSync(path('foreign'), getter())
    assert.deepEqual(hook('delete'), nothing)
    assert.deepEqual(readdirSync(path('plugins')).sort(), ['helm-s3 (1)', 's3-getter'])
    // A link to a getter of ours goes, and not what it leads to.
    writeFileSync(path('foreign', 'plugin.yaml'), 'name: s3-getter\n')
    assert.deepEqual(hook('delete'), nothing)
    assert.deepEqual([existsSync(getter()), existsSync(path('foreign', 'plugin.yaml'))], [false, true])
  })

  it('remove nothing without the folder of the plugin', () => {
    mkdirSync(path('s3-getter'))
    const result = run('sh', ['-c', `cd ${path()} && { ${hooks['delete'] ?? ''}; }`], { HELM_PLUGIN_DIR: '' })
    assert.equal(result.status, 0)
    assert.equal(existsSync(path('s3-getter')), true)
  })
})
