import assert from 'node:assert/strict'
import fc from 'fast-check'
import { formatDuration, parseAge, parseDuration } from '../../lib/text/duration.ts'

describe('duration', () => {
  const values: readonly (readonly [string, number])[] = [
    ['5m0s', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['300ms', 300],
    ['2m3.5s', 123_500],
    ['.5s', 500],
    ['+1s', 1000],
    ['-1s', -1000],
    ['0', 0],
    ['1000us', 1],
  ]
  for (const [text, milliseconds] of values) {
    it(`reads ${text} as Go does`, () => {
      assert.equal(parseDuration(text), milliseconds)
    })
  }

  const problems: readonly (readonly [string, string])[] = [
    ['', 'time: invalid duration ""'],
    ['5', 'time: missing unit in duration "5"'],
    ['5d', 'time: unknown unit "d" in duration "5d"'],
    ['soon', 'time: invalid duration "soon"'],
    ['1m 2s', 'time: unknown unit "m " in duration "1m 2s"'],
    ['-', 'time: invalid duration "-"'],
  ]
  for (const [text, problem] of problems) {
    it(`refuses ${JSON.stringify(text)} in the words of Go`, () => {
      assert.deepEqual(parseDuration(text), { problem })
    })
  }

  it('writes what it reads', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10 ** 10 }), (ms) => parseDuration(formatDuration(ms)) === ms))
    assert.equal(formatDuration(300_000), '5m0s')
    assert.equal(formatDuration(5_400_000), '1h30m0s')
    assert.equal(formatDuration(-1500), '-1.5s')
    assert.equal(formatDuration(250), '250ms')
  })
})

describe('ages', () => {
  it('are durations, or whole days or weeks', () => {
    assert.equal(parseAge('90d'), 90 * 86_400_000)
    assert.equal(parseAge('2w'), 14 * 86_400_000)
    assert.equal(parseAge('36h'), 36 * 3_600_000)
    assert.deepEqual(parseAge('-1h'), { problem: 'must not be negative' })
    assert.deepEqual(parseAge('1.5d'), { problem: 'time: unknown unit "d" in duration "1.5d"' })
  })
})
