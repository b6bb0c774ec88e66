import assert from 'node:assert/strict'
import { join } from 'node:path'
import { farVersions } from '../../bench/growth/far-versions.ts'
import { readOptions } from '../../bench/options.ts'
import { ROOT } from '../../bench/programs.ts'
import { runBench } from '../../bench/run-bench.ts'
import { FULL_SIZES } from '../../bench/sizes.ts'

const SIZES = { ...FULL_SIZES, isFull: false, runs: 1, big: 60, shared: 60, writers: 2 }
/** So many versions are more than one page. */
const PAGED = 1500

/** The bench itself, with the program that is built and the embedded store. */
describe('the bench', () => {
  it('compares this program far away with an earlier build, and counts in the same runs', async () => {
    const options = readOptions(['--growth', '--before', join(ROOT, 'bin', 'helm-s3')], [])
    assert.ok(typeof options === 'object')
    const sizes = { ...SIZES, roundTrip: 2, growth: { ...SIZES.growth, versions: [PAGED] } }
    const reporting = { keep: () => undefined, say: () => undefined }
    const { growth } = await runBench({ ...options, sizes }, { lines: [], growth: [farVersions] }, undefined, reporting)
    const [{ failed, series = [] } = {}] = growth
    assert.equal(failed, undefined)
    const whats = (program: string) => series.filter((each) => each.program === program).map(({ what }) => what)
    assert.deepEqual(whats('Node bundle'), ['push', 'fetch', 'getter, warm cache', 'delete'])
    assert.deepEqual(whats('before'), whats('Node bundle'))
    const counted = series.flatMap(({ points }) => points.flatMap(({ samples }) => samples.map((each) => each.traffic)))
    assert.ok(counted.length >= 8 && counted.every((traffic) => traffic !== undefined && traffic.requests > 0))
  }).timeout(120_000)
})
