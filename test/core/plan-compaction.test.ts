import assert from 'node:assert/strict'
import type { FoldedDelta } from '../../lib/core/log/bookkeeping.ts'
import type { DeltaId } from '../../lib/core/log/delta-id.ts'
import { type CompactionInput, isIdle, planCompaction } from '../../lib/core/plan-compaction.ts'
import { delta, entry, id, moment } from '../support/builders.ts'

const MINUTE = 60
const GRACE = 5 * MINUTE
const HOUR = 60 * MINUTE

function input(
  at: number,
  folded: Readonly<Record<number, Partial<FoldedDelta>>>,
  rest: Partial<CompactionInput> = {},
): CompactionInput {
  const states = Object.entries(folded).map(([n, state]): [DeltaId, FoldedDelta] => [
    id(Number(n)),
    { at: moment(Number(n)), touched: [], gone: undefined, ...state },
  ])
  return {
    bookkeeping: { generation: 1, writeId: 'x', folded: new Map(states) },
    listed: Object.keys(folded).map((n) => ({ id: id(Number(n)) })),
    pending: [],
    date: moment(at),
    graceWindow: GRACE * 1000,
    retention: HOUR * 1000,
    unknownFrom: undefined,
    ended: new Set(),
    ...rest,
  }
}

describe('a compaction plan', () => {
  it('folds pending deltas, and records the time and the versions of each', () => {
    const plan = planCompaction(input(9, {}, { pending: [delta(1, { add: [entry('app', '1.0.0')] })] }))
    assert.deepEqual(plan.fold, [id(1)])
    assert.deepEqual(plan.folded.get(id(1)), {
      at: moment(9),
      touched: [{ name: 'app', version: '1.0.0' }],
      gone: undefined,
    })
    assert.equal(isIdle(plan), false)
  })

  it('does nothing when no delta is pending and no folded delta is old', () => {
    assert.equal(isIdle(planCompaction(input(GRACE, { 0: {}, 1: {} }))), true)
  })

  it('collects deltas that were folded longer ago than the grace window, the oldest first', () => {
    const plan = planCompaction(input(GRACE + 10, { 1: {}, 2: {}, 50: {} }))
    assert.deepEqual(plan.collect, [id(1), id(2)])
  })

  it('never collects a delta that it folds itself', () => {
    const pending = [delta(1, { add: [entry('app', '1.0.0')] })]
    const plan = planCompaction(input(HOUR, {}, { pending, listed: [{ id: id(1) }] }))
    assert.deepEqual(plan.collect, [])
  })

  it('counts the grace window from the time in the id when that is later than the fold', () => {
    assert.deepEqual(planCompaction(input(GRACE + 10, { 100: { at: moment(0) } })).collect, [])
  })

  it('collects nothing above a delta of an unknown apiVersion', () => {
    assert.deepEqual(planCompaction(input(HOUR, { 1: {}, 3: {} }, { unknownFrom: id(2) })).collect, [id(1)])
  })

  it('marks an id as gone when its delta is not listed after the grace window', () => {
    const early = planCompaction(input(GRACE, { 0: {} }, { listed: [] }))
    assert.equal(isIdle(early), true)
    const late = planCompaction(input(GRACE + 1, { 0: {} }, { listed: [] }))
    assert.deepEqual(late.mark, [id(0)])
    assert.equal(late.folded.get(id(0))?.gone, moment(GRACE + 1))
  })

  it('forgets an id only when it has been gone for longer than the retention', () => {
    const gone = { 0: { gone: moment(GRACE) } }
    assert.deepEqual(planCompaction(input(GRACE + HOUR, gone, { listed: [] })).forget, [])
    const plan = planCompaction(input(GRACE + HOUR + 1, gone, { listed: [] }))
    assert.deepEqual(plan.forget, [id(0)])
    assert.equal(plan.folded.has(id(0)), false)
  })
})
