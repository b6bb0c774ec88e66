import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newDraft, removeDraft, sweepDrafts } from '../../lib/sys/drafts.ts'
import { leaveDraft, letAge } from '../support/left-drafts.ts'
import { useTempFolder } from '../support/temp-folder.ts'

describe('drafts', () => {
  const path = useTempFolder()
  const leaveFolder = (): string =>
    leaveDraft(path(), (draft) => {
      mkdirSync(join(draft, 'deep'), { recursive: true })
      writeFileSync(join(draft, 'deep', 'file'), 'half')
    })

  it('have names that differ', () => {
    assert.notEqual(newDraft(path()), newDraft(path()))
    assert.deepEqual(readdirSync(path()), [])
  })

  it('that nobody has touched for an hour are removed, files and folders with all that is in them', () => {
    letAge(leaveDraft(path()), leaveFolder())
    sweepDrafts(path())
    assert.deepEqual(readdirSync(path()), [])
  })

  it('that a run may be working on are left alone', () => {
    const drafts = [leaveDraft(path()), leaveFolder()]
    sweepDrafts(path())
    assert.deepEqual(drafts.filter(existsSync), drafts)
  })

  it('are the only things that are removed, whatever else is there and however old', () => {
    const uuid = '0b0e1b1e-7a51-4c5e-9c36-6f7a3a4b1c2d'
    const names = [
      'index.yaml',
      '.helm-s3-draft-',
      '.helm-s3-draft-mine',
      `helm-s3-draft-${uuid}`,
      `.helm-s3-draft-${uuid}.yaml`,
      `.helm-s3-draft-${uuid.toUpperCase()}`,
      `my.helm-s3-draft-${uuid}`,
      '.app-1.0.0.tgz.backup',
    ]
    for (const name of names) writeFileSync(path(name), '')
    letAge(...names.map((name) => path(name)))
    sweepDrafts(path())
    assert.deepEqual(readdirSync(path()).sort(), names.sort())
  })

  it('are not what a symbolic link leads to, nor the link', () => {
    mkdirSync(path('kept'))
    writeFileSync(path('kept', 'file'), 'mine')
    const link = leaveDraft(path(), (draft) => {
      symlinkSync(path('kept'), draft)
    })
    const holder = leaveDraft(path(), (draft) => {
      mkdirSync(draft)
      symlinkSync(path('kept'), join(draft, 'link'))
    })
    letAge(path('kept'), link, holder)
    sweepDrafts(path())
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.equal(existsSync(holder), false)
    assert.equal(readFileSync(path('kept', 'file'), 'utf8'), 'mine')
  })

  it('that cannot be listed or are gone are no error', () => {
    sweepDrafts(path('none'))
    writeFileSync(path('file'), '')
    sweepDrafts(path('file'))
    removeDraft(newDraft(path()))
  })
})
