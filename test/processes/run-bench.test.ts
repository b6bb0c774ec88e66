import assert from 'node:assert/strict'
import { helm } from '../../bench/lines/helm.ts'
import { push } from '../../bench/lines/push.ts'
import { writers } from '../../bench/lines/writers.ts'
import { readOptions } from '../../bench/options.ts'
import { detailTable, goalTable } from '../../bench/report.ts'
import type { Results } from '../../bench/results.ts'
import { runBench } from '../../bench/run-bench.ts'
import { FULL_SIZES } from '../../bench/sizes.ts'

const SIZES = { ...FULL_SIZES, isFull: false, runs: 1, big: 60, shared: 60, writers: 2 }

/** The bench itself, with the program that is built and the embedded store. */
describe('the bench', () => {
  it('measures whole processes, saves its results after each line, and continues after a line that fails', async () => {
    const options = readOptions(['--quick'], [])
    assert.ok(typeof options === 'object')
    const kept: Results[] = []
    const lines = [
      push,
      helm,
      { ...helm, name: 'broken', measure: () => Promise.reject(new Error('it broke')) },
      writers,
    ]
    const keep = (results: Results): void => void kept.push(results)
    const results = await runBench({ ...options, sizes: SIZES }, { lines, growth: [] }, undefined, {
      keep,
      say: () => undefined,
    })

    assert.deepEqual(
      kept.map((each) => each.lines.length),
      [1, 2, 3, 4],
    )
    assert.deepEqual(kept.at(-1), results)
    assert.deepEqual(
      results.lines.map(({ failed, name, rows, skipped }) => [name, rows.length > 0, failed ?? skipped]),
      [
        ['push', true, undefined],
        ['helm', false, 'no Helm was given with `--helm PATH`'],
        ['broken', false, 'it broke'],
        ['writers', true, undefined],
      ],
    )
    const [pushed] = results.lines[0]?.rows ?? []
    assert.ok(pushed?.traffic !== undefined && pushed.traffic.requests > 0 && pushed.traffic.sent > 0)
    assert.match(goalTable(results.lines), /in index\.yaml \| Node bundle \| at least 2 charts \| 2 charts \|  \| met/)
    assert.equal(
      detailTable(results.lines).split('\n').length,
      2 + (results.lines[0]?.rows.length ?? 0) + (results.lines[3]?.rows.length ?? 0),
    )
  }).timeout(60_000)
})
