import assert from 'node:assert/strict'
import { growthCharts, growthReport, growthTable } from '../../bench/growth/growth-report.ts'
import { GROWTHS } from '../../bench/growth/growths.ts'
import { type GrowthSeries, withPoint } from '../../bench/growth/growth.ts'

const MB = 1024 * 1024
const samples = (...walls: readonly number[]) => walls.map((wall) => ({ wall, cpu: wall, memory: 10 * MB }))

describe('growth in the bench', () => {
  let series: GrowthSeries[] = []

  beforeEach(() => {
    series = withPoint([], 'push', 'Node bundle', { at: 300, samples: samples(100, 120, 110) })
    series = withPoint(series, 'push', 'peer', { at: 300, samples: samples(70) })
    series = withPoint(series, 'push', 'Node bundle', { at: 30, samples: samples(1200) })
  })

  it('has sorted points for each case and program, and a new point replaces an old one', () => {
    series = withPoint(series, 'push', 'Node bundle', { at: 300, samples: samples(90) })
    assert.deepEqual(
      series.map(({ points, program }) => [program, points.map(({ at, samples: [first] }) => [at, first?.wall])]),
      [
        [
          'Node bundle',
          [
            [30, 1200],
            [300, 90],
          ],
        ],
        ['peer', [[300, 70]]],
      ],
    )
  })

  it('has a table of medians and memory with a row for each measured size', () => {
    assert.deepEqual(growthTable('versions', series).split('\n').slice(2), [
      '| 30 | 1.20 s, 10 MB |  |',
      '| 300 | 110 ms, 10 MB | 70 ms, 10 MB |',
    ])
  })

  it('shows how many charts of concurrent writers the index kept', () => {
    const kept = withPoint([], 'pushes at once', 'peer', { at: 20, samples: samples(1000), kept: 1 })
    assert.match(growthTable('processes', kept), /\| 20 \| 1\.00 s, 10 MB, 1 of 20 in the index \|/)
  })

  it('has a picture for every image of the page and no other', () => {
    const results = [{ name: 'versions', at: '2026-01-01T00:00:00Z', series, failed: 'no memory\nat line 1' }]
    const shown = [...growthReport(GROWTHS, results, 'charts').matchAll(/\(charts\/(.*?)\)/g)].map((match) => match[1])
    assert.deepEqual(shown, ['versions-push.svg', 'versions-push-memory.svg'])
    assert.deepEqual([...growthCharts(GROWTHS, results).keys()], shown)
    assert.match(growthReport(GROWTHS, results, 'charts'), /Ended early: no memory$/m)
  })

  it('shows counted traffic in the table and a picture, with an earlier build as a dashed line', () => {
    const traffic = { requests: 9, received: 2 * MB, sent: MB }
    const moved = samples(1000).map((sample) => ({ ...sample, traffic }))
    const far = ['Node bundle', 'before'].reduce<GrowthSeries[]>(
      (all, program) => withPoint(all, 'push', program, { at: 300, samples: moved }),
      [],
    )
    assert.match(
      growthTable('versions', far),
      /\| 300 \| 1\.00 s, 10 MB, 3\.0 MB moved \| 1\.00 s, 10 MB, 3\.0 MB moved \|/,
    )
    const results = [{ name: 'far-versions', at: '2026-01-01T00:00:00Z', series: far }]
    const pictures = growthCharts(GROWTHS, results)
    assert.deepEqual([...pictures.keys()], ['far-push-moved.svg', 'far-push-time.svg', 'far-push-memory.svg'])
    for (const picture of pictures.values()) assert.match(picture, /stroke-dasharray="6,5"/)
  })

  it('has pictures with different names', () => {
    const files = GROWTHS.flatMap(({ charts }) => charts.map(({ file }) => file))
    assert.equal(new Set(files).size, files.length)
  })
})
