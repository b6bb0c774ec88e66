import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { applyEdit } from './edits.ts'
import { MUTANTS } from './mutants.ts'

const LIB = new URL('../../lib/', import.meta.url)

/** That each shows is tried by `npm run test:simulation`. */
describe('the rules that the simulation breaks', () => {
  it('stand each in one place of the program', () => {
    for (const { also = [], file, find, replace } of MUTANTS) {
      for (const edit of [{ file, find, replace }, ...also])
        assert.doesNotThrow(() => applyEdit(readFileSync(new URL(edit.file, LIB), 'utf8'), edit))
    }
  })
})
