import assert from 'node:assert/strict'
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempFolder } from '../support/temp-folder.ts'
import { run, writeScript } from './shell.ts'

const LAUNCHER = join(import.meta.dirname, '../../bin/helm-s3')

describe('launcher', () => {
  const path = useTempFolder()
  const launcher = (): string => path('a plugin', 'bin', 'helm-s3')
  const putBundle = (): void => {
    mkdirSync(path('a plugin', 'dist'))
    writeFileSync(path('a plugin', 'dist', 'helm-s3.cjs'), "process.stdout.write(['bundle', ...process.argv.slice(2)].join('|'))")
  }

  beforeEach(() => {
    cpSync(LAUNCHER, launcher())
  })

  it('says how to build a program that is not there', () => {
    const { status, stdout, stderr } = run(launcher(), ['version'])
    assert.deepEqual([status, stdout], [1, ''])
    assert.equal(stderr, `Error: helm-s3 is not built: run \`npm ci && npm run build\` in ${path('a plugin')}\n`)
  })

  it('hands every argument on as it is, empty ones too', () => {
    putBundle()
    assert.equal(run(launcher(), ['download', '', 'a b', '$HOME', '*']).stdout, 'bundle|download||a b|$HOME|*')
  })

  it('finds its files through symbolic links, absolute and relative, to itself and to its folder', () => {
    putBundle()
    mkdirSync(path('elsewhere'))
    symlinkSync(launcher(), path('elsewhere', 'absolute'))
    symlinkSync('../a plugin/bin/helm-s3', path('elsewhere', 'relative'))
    symlinkSync('relative', path('elsewhere', 'twice'))
    symlinkSync(path('a plugin'), path('elsewhere', 'folder'))
    for (const link of ['absolute', 'relative', 'twice', 'folder/bin/helm-s3']) {
      assert.equal(run(path('elsewhere', link), []).stdout, 'bundle', link)
    }
  })

  it('prefers the self-contained program', () => {
    putBundle()
    writeScript(path('a plugin', 'dist', 'helm-s3'), 'echo "program $1"')
    assert.equal(run(launcher(), ['x']).stdout, 'program x\n')
  })

  it('takes the node of HELM_S3_NODE, then the one beside it, then that of the PATH', () => {
    putBundle()
    writeScript(path('my node'), 'echo mine')
    writeScript(path('bin', 'node'), 'echo of the path')
    const env = { PATH: `${path('bin')}:${process.env['PATH'] ?? ''}` }
    assert.equal(run(launcher(), [], env).stdout, 'of the path\n')
    writeScript(path('a plugin', 'bin', 'node'), 'echo beside')
    assert.equal(run(launcher(), [], env).stdout, 'beside\n')
    assert.equal(run(launcher(), [], { ...env, HELM_S3_NODE: path('my node') }).stdout, 'mine\n')
  })

  it('says in one line that there is no node', () => {
    putBundle()
    const { status, stderr } = run(launcher(), [], { HELM_S3_NODE: '/nowhere/node' })
    assert.equal(status, 1)
    assert.match(stderr, /^Error: helm-s3 needs Node.js 20 or newer, and '\/nowhere\/node' is not there: [^\n]*\n$/)
  })

  it('passes the exit status on', () => {
    mkdirSync(path('a plugin', 'dist'))
    writeFileSync(path('a plugin', 'dist', 'helm-s3.cjs'), 'process.exitCode = 3')
    assert.equal(run(launcher(), []).status, 3)
  })
})
