import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempFolder } from '../support/temp-folder.ts'
import { run, writeScript } from './shell.ts'

const LAUNCHER = join(import.meta.dirname, '../../bin/helm-s3')

describe('launcher', () => {
  const path = useTempFolder()
  const launcher = (): string => path('a plugin', 'bin', 'helm-s3')
  const program = (): string => path('a plugin', 'dist', 'helm-s3')
  const putBundle = (): void => {
    mkdirSync(path('a plugin', 'dist'))
    writeFileSync(
      path('a plugin', 'dist', 'helm-s3.cjs'),
      "process.stdout.write(['bundle', ...process.argv.slice(2)].join('|'))",
    )
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

  it('prefers the self-contained program, and tries it out once', () => {
    putBundle()
    writeScript(program(), `echo "$1" >>"${path('calls')}"; echo "program $1"`)
    for (const word of ['x', 'y'])
      assert.deepEqual(run(launcher(), [word]), { status: 0, stdout: `program ${word}\n`, stderr: '' })
    assert.equal(readFileSync(path('calls'), 'utf8'), 'version\nx\ny\n')
  })

  for (const [what, bytes] of [
    ['of another processor', elf(0xb7, '/lib/ld-linux-aarch64.so.1')],
    ['of another C library', elf(0x3e, '/lib/ld-of-nobody.so.1')],
    ['that is cut short', elf(0x3e, '/lib64/ld-linux-x86-64.so.2').subarray(0, 40)],
    ['that ends at once', Buffer.from('#!/bin/sh\nexit 127\n')],
  ] as const) {
    it(`runs the bundle in the place of a program ${what}`, () => {
      putBundle()
      writeFileSync(program(), bytes, { mode: 0o755 })
      for (let call = 0; call < 2; call++)
        assert.deepEqual(run(launcher(), ['x']), { status: 0, stdout: 'bundle|x', stderr: '' })
    })
  }

  it('tries a program out again when it is a newer one, and on another machine', () => {
    putBundle()
    writeScript(program(), 'echo program')
    assert.equal(run(launcher(), []).stdout, 'program\n')
    const mark = path('a plugin', 'dist', 'cache', 'runs-on')
    const machine = readFileSync(mark, 'utf8')

    writeScript(program(), 'exit 1')
    utimesSync(program(), Date.now() / 1000 + 10, Date.now() / 1000 + 10)
    assert.equal(run(launcher(), []).stdout, 'bundle')

    utimesSync(program(), 0, 0)
    writeFileSync(mark, `${machine.trimEnd()}/lib/ld-other.so.1\n`)
    assert.equal(run(launcher(), []).stdout, 'bundle')
  })

  it('runs a program in a folder that cannot be written', () => {
    writeScript(program(), 'echo program')
    writeFileSync(path('a plugin', 'dist', 'cache'), 'not a folder')
    assert.deepEqual(run(launcher(), []), { status: 0, stdout: 'program\n', stderr: '' })
  })

  it('says that the program does not run here when there is no node either', () => {
    putBundle()
    writeScript(program(), 'exit 127')
    const { status, stderr } = run(launcher(), [], { HELM_S3_NODE: '/nowhere/node' })
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^Error: helm-s3 needs Node.js 20 or newer, because \S+ plugin\S*\/dist\/helm-s3 does not run on this machine, and [^\n]*\n$/,
    )
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

/**
 * The start of an ELF executable for a processor, by its number, with the path of its dynamic loader; no code follows.
 */
function elf(processor: number, loader: string): Buffer {
  const header = Buffer.alloc(64 + 56)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  for (const [offset, value] of [
    [16, 2],
    [18, processor],
    [20, 1],
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    header.writeUInt16LE(value, offset)
  header.writeUInt32LE(64, 32)
  // One program header, of the type PT_INTERP.
  const segment = 64
  header.writeUInt32LE(3, segment)
  header.writeUInt32LE(4, segment + 4)
  header.writeUInt32LE(header.length, segment + 8)
  header.writeUInt32LE(loader.length + 1, segment + 32)
  header.writeUInt32LE(loader.length + 1, segment + 40)
  return Buffer.concat([header, Buffer.from(`${loader}\0`)])
}
