import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceAtomically, replaceAtomicallyIf, writeFileAtomically } from '../../lib/disk/atomic-write.ts'
import { hasCode } from '../../lib/errors.ts'
import { draftsIn, letAge } from '../support/left-drafts.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('atomic write', () => {
  const path = useTempFolder()

  it('writes a new file and replaces an old one', () => {
    writeFileAtomically(path('a'), 'one')
    writeFileAtomically(path('a'), new TextEncoder().encode('two'))
    assert.equal(readFileSync(path('a'), 'utf8'), 'two')
    assert.equal(statSync(path('a')).mode & 0o077, 0o044 & ~process.umask())
  })

  it('leaves nothing beside the file', () => {
    writeFileAtomically(path('a'), 'one')
    assert.deepEqual(readdirSync(path()), ['a'])
  })

  it('leaves the old file and no remains when the new one cannot be made', () => {
    writeFileSync(path('a'), 'old')
    assert.throws(() => {
      replaceAtomically(path('a'), (draft) => {
        writeFileSync(draft, 'half')
        throw new Error('disk on fire')
      })
    }, /disk on fire/)
    assert.deepEqual(readdirSync(path()), ['a'])
    assert.equal(readFileSync(path('a'), 'utf8'), 'old')
  })

  it('names the file and the cause when the folder is missing', () => {
    assert.throws(
      () => {
        writeFileAtomically(path('no', 'a'), 'x')
      },
      (error) =>
        hasCode(error, 'local-file') && error.message === `write ${path('no', 'a')}: no such file or directory`,
    )
  })

  it('puts a whole folder in place', () => {
    replaceAtomically(path('chart'), (draft) => {
      mkdirSync(draft)
      writeFileSync(`${draft}/Chart.yaml`, 'name: a')
    })
    assert.equal(readFileSync(path('chart', 'Chart.yaml'), 'utf8'), 'name: a')
  })

  it('leaves everything as it was when the new one turns out not to be wanted', () => {
    writeFileSync(path('a'), 'old')
    const isReplaced = replaceAtomicallyIf(path('a'), (draft) => {
      writeFileSync(draft, 'new')
      return false
    })
    assert.equal(isReplaced, false)
    assert.deepEqual(readdirSync(path()), ['a'])
    assert.equal(readFileSync(path('a'), 'utf8'), 'old')
  })

  it('takes away what a killed process has left in the folder, an hour later, whatever it was writing', () => {
    const killed = join(import.meta.dirname, 'killed-write.ts')
    const { signal } = spawnSync(process.execPath, ['--import=tsx', killed, path('a')], { stdio: 'inherit' })
    assert.equal(signal, 'SIGKILL')
    assert.equal(draftsIn(path()).length, 1)
    writeFileAtomically(path('b'), 'one')
    assert.equal(draftsIn(path()).length, 1)
    letAge(...draftsIn(path()))
    writeFileAtomically(path('b'), 'two')
    assert.deepEqual(readdirSync(path()), ['b'])
  })
})
