import assert from 'node:assert/strict'
import { contractSurprises } from './contract-run.ts'

describe('the contract on a store', () => {
  it('holds no surprise when exactly what is known fails', () => {
    assert.deepEqual(contractSurprises({ passes: 1, fails: [] }, {}), [])
    assert.deepEqual(contractSurprises({ passes: 1, fails: ['a', 'b'] }, { fails: ['a'], mayFail: ['b'] }), [])
    assert.deepEqual(contractSurprises({ passes: 1, fails: ['a'] }, { fails: ['a'], mayFail: ['b'] }), [])
  })

  it('surprises by what fails and was not known, and by a limit that is no longer there', () => {
    assert.deepEqual(contractSurprises({ passes: 1, fails: ['b'] }, { fails: ['a'] }), [
      'the contract fails: b',
      'a known limit is no longer there: a',
    ])
  })
})
