import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { COMMANDS } from '../../lib/cli/command-table.ts'
import { staticCompletion } from '../../scripts/completion/static-completion.ts'
import { useTempFolder } from '../support/temp-folder.ts'
import { run, writeScript } from './shell.ts'

const ROOT = join(import.meta.dirname, '../..')

describe('completion.yaml', () => {
  const { commands = [] } = staticCompletion()

  it('is what the command table says, once it is built', () => {
    assert.deepEqual(parse(readFileSync(join(ROOT, 'completion.yaml'), 'utf8')), staticCompletion())
  })

  it('has every command that users see, by each of its names', () => {
    const names = COMMANDS.filter(({ isHidden }) => !isHidden).flatMap(({ aliases, usage }) => [
      usage.split(' ')[0],
      ...aliases,
    ])
    assert.deepEqual(
      commands.map(({ name }) => name),
      [...names, 'help'],
    )
  })

  it('has flags as Helm wants them: no dashes, each once, letters paired with their names, no letter that Helm has', () => {
    for (const { flags = [] } of commands) {
      assert.equal(new Set(flags).size, flags.length)
      const letters = flags.filter((flag) => flag.length === 1)
      assert.deepEqual(
        letters,
        flags.slice(0, letters.length).map((name) => ({ destination: 'd', output: 'o', quiet: 'q' })[name]),
      )
      assert.ok(flags.every((flag) => /^[a-z][a-z-]*$/.test(flag) && flag !== 'help'))
    }
  })
})

describe('plugin.complete', () => {
  const path = useTempFolder()

  it('can be started, finds the program beside it, hands all words on and keeps stderr silent', () => {
    assert.equal(statSync(join(ROOT, 'plugin.complete')).mode & 0o111, 0o111)
    writeScript(path('a plugin', 'bin', 'helm-s3'), 'printf "%s|" "$@"; echo noise >&2')
    writeScript(path('a plugin', 'plugin.complete'), readFileSync(join(ROOT, 'plugin.complete'), 'utf8'))
    const expected = { status: 0, stdout: '__complete|delete|a b||', stderr: '' }
    assert.deepEqual(run(path('a plugin', 'plugin.complete'), ['delete', 'a b', '']), expected)
  })
})
