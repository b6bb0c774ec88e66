import assert from 'node:assert/strict'
import { median, ratioOf, spread } from '../../bench/statistics.ts'

describe('statistics of the bench', () => {
  it('give as median the middle of an odd number of values, and the mean of the middle two of an even number', () => {
    assert.equal(median([30, 10, 20]), 20)
    assert.equal(median([40, 10, 20, 30]), 25)
    assert.equal(median([7]), 7)
  })

  it('do not change the given values', () => {
    const values = [3, 1, 2]
    median(values)
    assert.deepEqual(values, [3, 1, 2])
  })

  it('compare neighbouring runs, so that a machine that becomes slower does not affect the ratio', () => {
    assert.equal(ratioOf([20, 40, 80], [10, 20, 40]), 2)
    assert.equal(ratioOf([20, 200, 22], [10, 100, 10]), 2)
  })

  it('compare medians when the numbers of runs differ', () => {
    assert.equal(ratioOf([100], [10, 20, 30]), 5)
  })

  it('give the smallest and the greatest value', () => {
    assert.deepEqual(spread([5, 2, 9]), { least: 2, most: 9 })
  })

  it('throw for an empty list', () => {
    assert.throws(() => median([]))
    assert.throws(() => ratioOf([], []))
    assert.throws(() => spread([]))
  })
})
