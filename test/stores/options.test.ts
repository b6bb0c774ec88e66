import assert from 'node:assert/strict'
import { readOptions } from './options.ts'

const STORES = [
  { name: 'a', isQuick: true },
  { name: 'b', isQuick: false },
  { name: 'c', isQuick: true },
]

describe('the command line of the tests of stores', () => {
  const read = (...argv: string[]) => readOptions(argv, STORES)

  it('means the stores of CI without names', () => {
    assert.deepEqual(read(), { names: ['a', 'c'], check: false, report: false })
    assert.deepEqual(read('--check'), { names: ['a', 'c'], check: true, report: false })
  })

  it('means the stores that it names, in their order, or all', () => {
    assert.deepEqual(read('c', 'b'), { names: ['b', 'c'], check: false, report: false })
    assert.deepEqual(read('--all'), { names: ['a', 'b', 'c'], check: false, report: false })
  })

  it('asks for help or for the names', () => {
    assert.equal(read('-h'), 'help')
    assert.equal(read('--list'), 'list')
  })

  it('refuses what it does not know, and what cannot stand together', () => {
    assert.throws(() => read('d'), /no such store: d; there are: a, b, c/)
    assert.throws(() => read('--nothing'))
    assert.throws(() => read('--all', 'a'), /exclude each other/)
    for (const other of ['--check', '--all', 'a']) assert.throws(() => read('--report', other), /stands alone/)
  })
})
