import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempFolder } from '../support/temp-folder.ts'
import { run } from './shell.ts'

const ROOT = join(import.meta.dirname, '../..')

/** What stands in the launchers for Windows, which this machine cannot run. */
for (const [file, programs] of [
  ['bin/helm-s3.cmd', ['"%dist%\\helm-s3.exe"', '"%node%" --no-warnings "%dist%\\helm-s3.cjs"']],
  ['s3-getter/bin/helm-s3.cmd', ['"%~dp0%main%\\bin\\helm-s3.cmd"']],
] as const) {
  describe(file, () => {
    const text = readFileSync(join(ROOT, file), 'latin1')
    const lines = text.split('\r\n')
    const commands = lines.filter((line) => line !== '' && !line.startsWith('rem '))

    it('has the line ends that cmd.exe needs to find labels, and ASCII only, whatever the code page', () => {
      assert.deepEqual(text.match(/(?<!\r)\n|\r(?!\n)|[^\x00-\x7f]/g), null)
      assert.equal(lines.at(-1), '')
    })

    it('shows no command, and leaves no variable behind', () => {
      assert.deepEqual(commands.slice(0, 2), ['@echo off', 'setlocal'])
    })

    it('reads no `!` and no `^` in what it is given, as delayed expansion would', () => {
      assert.doesNotMatch(text, /enabledelayedexpansion|![a-z]+!/i)
    })

    it('quotes every path, which may have spaces, `&` and parentheses', () => {
      for (const line of commands.filter((one) => !one.startsWith('echo '))) {
        const bare = line.replaceAll(/"[^"]*"/g, '')
        assert.doesNotMatch(bare, /%~dp0|%dist%|%node%|%main%/, line)
      }
    })

    it('has no block in parentheses, which a parenthesis in a path would end', () => {
      for (const line of commands.filter((one) => !one.startsWith('echo '))) {
        const bare = line.replaceAll(/"[^"]*"/g, '').replace(/ in \(\) do /, '')
        assert.doesNotMatch(bare, /[()]/, line)
      }
    })

    it('starts the program with all arguments, as they are', () => {
      assert.deepEqual(
        commands.filter((line) => line.includes('%*')),
        programs.map((program) => `${program} %*`),
      )
    })

    it('ends with the status of the program', () => {
      const after = commands.flatMap((line, at) => (line.includes('%*') ? [commands[at + 1]] : []))
      // The last command of a file that is started without `call` takes the place of the file.
      assert.deepEqual(after, file.startsWith('bin/') ? ['exit /b %errorlevel%', 'exit /b %errorlevel%'] : [undefined])
    })

    it('jumps only to labels that it has, and runs into none of an error', () => {
      const labels = lines.filter((line) => line.startsWith(':')).map((line) => line.slice(1))
      const jumps = new Set(lines.flatMap((line) => /\bgoto (\w+)$/.exec(line)?.[1] ?? []))
      assert.deepEqual([...jumps].sort(), [...labels].sort())
      for (const label of labels.filter((one) => one !== 'program'))
        assert.match(commands[commands.indexOf(`:${label}`) - 1] ?? '', /^exit \/b /, label)
    })

    it('takes every status but 0 for a failure, negative ones too', () => {
      assert.doesNotMatch(commands.join('\n'), /\bif (not )?errorlevel\b/)
    })

    it('writes to stderr what it says itself', () => {
      for (const line of commands.filter((one) => one.startsWith('echo '))) assert.match(line, /^echo Error: .*>&2$/)
    })
  })
}

describe('the launchers for Windows', () => {
  const path = useTempFolder()
  const windows = readFileSync(join(ROOT, 'bin/helm-s3.cmd'), 'utf8')
  const others = readFileSync(join(ROOT, 'bin/helm-s3'), 'utf8')

  it('say what the other launcher says', () => {
    for (const text of [
      'Error: helm-s3 is not built',
      'Error: helm-s3 needs Node.js 20 or newer',
      'install it, or set HELM_S3_NODE to its path',
    ])
      assert.deepEqual([windows.includes(text), others.includes(text)], [true, true], text)
  })

  it('look for a node in the same order as the other launcher', () => {
    // The last one that is set wins.
    assert.deepEqual(windows.match(/set "node=[^"]*"/g), [
      'set "node=node"',
      'set "node=%~dp0node.exe"',
      'set "node=%HELM_S3_NODE%"',
    ])
  })

  it('come out of git with their line ends on every system', () => {
    const git = (...args: readonly string[]): void => {
      const { status, stderr } = run('git', ['-C', path(), '-c', 'core.autocrlf=false', '-c', 'core.eol=lf', ...args])
      assert.equal(status, 0, stderr)
    }
    git('init', '--quiet')
    cpSync(join(ROOT, '.gitattributes'), path('.gitattributes'))
    for (const file of ['with.cmd', 'without.sh']) writeFileSync(path(file), 'one\ntwo\n')
    git('add', '.gitattributes', 'with.cmd', 'without.sh')
    git('checkout-index', '--prefix=out/', 'with.cmd', 'without.sh')
    assert.equal(readFileSync(path('out', 'with.cmd'), 'utf8'), 'one\r\ntwo\r\n')
    assert.equal(readFileSync(path('out', 'without.sh'), 'utf8'), 'one\ntwo\n')
  })
})
