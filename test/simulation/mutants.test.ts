import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { applyEdit } from './edits.ts'
import { MUTANTS } from './mutants.ts'

const LIB = new URL('../../lib/', import.meta.url)

/** `npm run test:simulation` checks that the simulation detects each mutant. */
describe('the mutants of the simulation', () => {
  it('each match exactly one place in the program', () => {
    for (const { also = [], file, find, replace } of MUTANTS) {
      for (const edit of [{ file, find, replace }, ...also])
        assert.doesNotThrow(() => applyEdit(readFileSync(new URL(edit.file, LIB), 'utf8'), edit))
    }
  })
})
