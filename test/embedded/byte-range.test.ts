import assert from 'node:assert/strict'
import { byteRange } from '../../embedded/byte-range.ts'

describe('a range of bytes', () => {
  it('ends at the end of the object', () => {
    assert.deepEqual(byteRange('bytes=0-3', 10), [0, 3])
    assert.deepEqual(byteRange('bytes=8-', 10), [8, 9])
    assert.deepEqual(byteRange('bytes=8-99', 10), [8, 9])
    assert.deepEqual(byteRange('bytes=-3', 10), [7, 9])
    assert.deepEqual(byteRange('bytes=-99', 10), [0, 9])
  })

  it('is the whole object when no range, an invalid one or several are given', () => {
    for (const range of [undefined, 'bytes=-', 'bytes=5-2', 'bytes=0-1,3-4', 'lines=0-1']) {
      assert.equal(byteRange(range, 10), undefined, range)
    }
  })

  it('is refused when it contains no byte of the object', () => {
    for (const range of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) {
      assert.throws(() => byteRange(range, 10), { code: 'InvalidRange', status: 416 }, range)
    }
    assert.throws(() => byteRange('bytes=0-9', 0), { code: 'InvalidRange' })
  })
})
