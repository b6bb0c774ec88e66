import assert from 'node:assert/strict'
import { type Chart, renderChart } from '../../bench/charts.ts'

const CHART: Chart = {
  title: 'Time <of> a push',
  xLabel: 'pending deltas',
  yLabel: 'seconds',
  formatX: String,
  formatY: (value) => `${String(value)} s`,
  series: [
    { name: 'ours', isDashed: false, points: [{ x: 0, y: 0.1 }, { x: 10, y: 0.2 }, { x: 1000, y: 2 }] },
    { name: 'peer & co', isDashed: true, points: [{ x: 10, y: 2 }] },
  ],
}

const numbers = (svg: string, pattern: RegExp): number[] => [...svg.matchAll(pattern)].map((match) => Number(match[1]))

describe('charts of the bench', () => {
  const svg = renderChart(CHART)

  it('draws a point for each value and a line for each series', () => {
    assert.equal([...svg.matchAll(/<circle /g)].length, 4)
    assert.equal([...svg.matchAll(/<polyline /g)].length, 2)
    assert.equal([...svg.matchAll(/class="line line1 dashed"/g)].length, 1)
  })

  it('escapes texts', () => {
    assert.match(svg, />Time &lt;of&gt; a push</)
    assert.match(svg, />peer &amp; co</)
  })

  it('has logarithmic axes with labelled powers of ten, and a place for 0 left of them', () => {
    for (const label of ['0', '10', '100', '1000', '0.1 s', '1 s', '10 s']) assert.ok(svg.includes(`>${label}</text>`), label)
    const [zero = 0, ten = 0, thousand = 0] = numbers(svg, /<circle class="dot0" cx="([\d.]+)"/g)
    assert.ok(zero < ten && Math.abs(thousand - ten - 2 * (ten - zero)) < 1, [zero, ten, thousand].join())
  })

  it('keeps everything inside of the picture', () => {
    for (const x of numbers(svg, / c?x[12]?="([\d.-]+)"/g)) assert.ok(x >= 0 && x <= 900, String(x))
    for (const y of numbers(svg, / c?y[12]?="([\d.-]+)"/g)) assert.ok(y >= 0 && y <= 460, String(y))
  })

  it('moves the names of lines apart that end at the same place', () => {
    const points = [{ x: 1, y: 1 }, { x: 100, y: 5 }]
    const names = ['a', 'b', 'c'].map((name) => ({ name, points, isDashed: false }))
    const at = numbers(renderChart({ ...CHART, series: names }), /<text x="624" y="([\d.]+)"/g)
    assert.equal(at.length, 3)
    assert.ok(at.every((y, i) => i === 0 || y - (at[i - 1] ?? y) >= 16), at.join())
  })

  it('draws lines between powers of ten only where there is room', () => {
    assert.ok(svg.includes('>0.5 s</text>') && svg.includes('>2 s</text>'))
    const wide = { name: 'a', isDashed: false, points: [{ x: 1, y: 0.1 }, { x: 2, y: 900 }] }
    assert.ok(!renderChart({ ...CHART, series: [wide] }).includes('>2 s</text>'))
  })

  it('has colours for light and for dark pages', () => {
    assert.match(svg, /@media \(prefers-color-scheme: dark\)/)
  })

  it('refuses to draw nothing', () => {
    assert.throws(() => renderChart({ ...CHART, series: [] }), /nothing to draw/)
  })
})
