import assert from 'node:assert/strict'
import { judgeUpkeep } from '../../lib/core/upkeep.ts'

describe('upkeep', () => {
  for (const [oldestPending, oldestFolded, verdict] of [
    [undefined, undefined, 'tidy'],
    [10, 15, 'tidy'],
    [11, undefined, 'behind'],
    [11, 16, 'behind'],
    [undefined, 16, 'uncollected'],
    [10, 16, 'uncollected'],
  ] as const) {
    it(`is ${verdict} with these ages of the oldest deltas: pending ${String(oldestPending ?? 'none')}, folded ${String(oldestFolded ?? 'none')}`, () => {
      assert.equal(judgeUpkeep({ oldestPending, oldestFolded, graceWindow: 5, patience: 10 }), verdict)
    })
  }
})
