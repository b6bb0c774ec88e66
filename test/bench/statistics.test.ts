import assert from 'node:assert/strict'
import { median, ratioOf, spread } from '../../bench/statistics.ts'

describe('statistics of the bench', () => {
  it('takes the middle of an odd number of values, and the mean of the middle two of an even one', () => {
    assert.equal(median([30, 10, 20]), 20)
    assert.equal(median([40, 10, 20, 30]), 25)
    assert.equal(median([7]), 7)
  })

  it('does not change what it is given', () => {
    const values = [3, 1, 2]
    median(values)
    assert.deepEqual(values, [3, 1, 2])
  })

  it('compares neighbouring runs, so that a machine that grows slower does not count', () => {
    assert.equal(ratioOf([20, 40, 80], [10, 20, 40]), 2)
    assert.equal(ratioOf([20, 200, 22], [10, 100, 10]), 2)
  })

  it('compares medians when one was run more often', () => {
    assert.equal(ratioOf([100], [10, 20, 30]), 5)
  })

  it('gives the least and the greatest', () => {
    assert.deepEqual(spread([5, 2, 9]), { least: 2, most: 9 })
  })

  it('has no answer for nothing', () => {
    assert.throws(() => median([]))
    assert.throws(() => ratioOf([], []))
    assert.throws(() => spread([]))
  })
})
