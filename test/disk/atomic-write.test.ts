import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceAtomically, replaceAtomicallyIf, writeFileAtomically } from '../../lib/disk/atomic-write.ts'
import { hasCode } from '../../lib/errors.ts'
import { draftsIn, letAge } from '../support/left-drafts.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('an atomic write', () => {
  const path = useTempFolder()

  it('writes a new file and replaces an old one', () => {
    writeFileAtomically(path('a'), 'one')
    writeFileAtomically(path('a'), new TextEncoder().encode('two'))
    assert.equal(readFileSync(path('a'), 'utf8'), 'two')
    assert.equal(statSync(path('a')).mode & 0o077, 0o044 & ~process.umask())
  })

  it('leaves no other file in the folder', () => {
    writeFileAtomically(path('a'), 'one')
    assert.deepEqual(readdirSync(path()), ['a'])
  })

  it('leaves only the old file when the new file cannot be written', () => {
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

  it('fails with the file and the cause when the folder is missing', () => {
    assert.throws(
      () => {
        writeFileAtomically(path('no', 'a'), 'x')
      },
      (error) =>
        hasCode(error, 'local-file') && error.message === `write ${path('no', 'a')}: no such file or directory`,
    )
  })

  it('can write a whole folder', () => {
    replaceAtomically(path('chart'), (draft) => {
      mkdirSync(draft)
      writeFileSync(`${draft}/Chart.yaml`, 'name: a')
    })
    assert.equal(readFileSync(path('chart', 'Chart.yaml'), 'utf8'), 'name: a')
  })

  it('changes nothing when the new file is rejected', () => {
    writeFileSync(path('a'), 'old')
    const isReplaced = replaceAtomicallyIf(path('a'), (draft) => {
      writeFileSync(draft, 'new')
      return false
    })
    assert.equal(isReplaced, false)
    assert.deepEqual(readdirSync(path()), ['a'])
    assert.equal(readFileSync(path('a'), 'utf8'), 'old')
  })

  it('removes the files that a killed process has left in the folder, an hour later', () => {
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
