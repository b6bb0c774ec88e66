import assert from 'node:assert/strict'
import { formatAge, formatBytes, formatCount, formatTime } from '../../lib/text/format.ts'

describe('formats for people', () => {
  it('give bytes in the unit that fits', () => {
    for (const [bytes, text] of [
      [0, '0 B'],
      [1023, '1023 B'],
      [1024, '1.0 KiB'],
      [4608, '4.5 KiB'],
      [48 * 1024 * 1024, '48 MiB'],
      [5 * 1024 ** 4, '5.0 TiB'],
    ] as const) {
      assert.equal(formatBytes(bytes), text)
    }
  })

  it('give ages in the two largest units', () => {
    const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000]
    for (const [age, text] of [
      [-5, '0s'],
      [999, '0s'],
      [42 * minute, '42m'],
      [minute + 5 * second, '1m5s'],
      [2 * day + 3 * hour + minute, '2d3h'],
      [day + second, '1d'],
    ] as const) {
      assert.equal(formatAge(age), text)
    }
  })

  it('count things, and give dates', () => {
    assert.deepEqual(
      [formatCount(1, 'delta'), formatCount(0, 'delta'), formatCount(2, 'entry', 'entries')],
      ['1 delta', '0 deltas', '2 entries'],
    )
    assert.equal(formatTime(1_700_000_000_999), '2023-11-14T22:13:20Z')
  })
})
