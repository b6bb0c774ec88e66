import assert from 'node:assert/strict'
import { type Chart, renderChart } from '../../bench/charts.ts'

const CHART: Chart = {
  title: 'Time <of> a push',
  xLabel: 'pending deltas',
  yLabel: 'seconds',
  formatX: String,
  formatY: (value) => `${String(value)} s`,
  series: [
    {
      name: 'ours',
      isDashed: false,
      points: [
        { x: 0, y: 0.1 },
        { x: 10, y: 0.2 },
        { x: 1000, y: 2 },
      ],
    },
    { name: 'peer & co', isDashed: true, points: [{ x: 10, y: 2 }] },
  ],
}

interface Place {
  readonly x: number
  readonly y: number
}

/** Where each text stands. */
function textsOf(svg: string): Map<string, Place> {
  const texts = svg.matchAll(/<text[^>]* transform="translate\(([\d.]+) ([\d.]+)\)"[^>]*>([^<]*)<\/text>/g)
  return new Map([...texts].map(([, x, y, text = '']) => [text, { x: Number(x), y: Number(y) }]))
}

/** Where the points of the lines stand, in their order. */
function pointsOf(svg: string): Place[] {
  const circles = svg.matchAll(/<path d="M1 0A[^"]*" transform="matrix\([\d.]+,0,0,[\d.]+,([\d.]+),([\d.]+)\)"/g)
  return [...circles].map(([, x, y]) => ({ x: Number(x), y: Number(y) }))
}

describe('charts of the bench', () => {
  const svg = renderChart(CHART)

  it('have a point for each value, and a dashed line for a dashed series', () => {
    assert.equal(pointsOf(svg).length, 4)
    assert.equal([...svg.matchAll(/stroke-dasharray="6,5"/g)].length, 1)
  })

  it('have escaped texts', () => {
    assert.match(svg, />Time &lt;of&gt; a push</)
    assert.match(svg, />peer &amp; co</)
    assert.match(svg, / aria-label="seconds against pending deltas: ours, peer &amp; co">/)
  })

  it('have logarithmic axes with labelled powers of ten, and a place for 0 before them', () => {
    const texts = textsOf(svg)
    for (const label of ['0', '10', '100', '1000', '0.1 s', '1 s', '10 s']) assert.ok(texts.has(label), label)
    const [zero = 0, ten = 0, thousand = 0] = pointsOf(svg).map(({ x }) => x)
    assert.ok(zero < ten && Math.abs(thousand - ten - 2 * (ten - zero)) < 1, [zero, ten, thousand].join())
    assert.deepEqual(
      [zero, ten, thousand],
      ['0', '10', '1000'].map((label) => texts.get(label)?.x),
    )
  })

  it('begin at the power of ten below the smallest value', () => {
    const points = [
      { x: 300, y: 0.1 },
      { x: 3000, y: 900 },
    ]
    const texts = textsOf(renderChart({ ...CHART, series: [{ name: 'a', isDashed: false, points }] }))
    assert.deepEqual(
      ['10', '100', '1000'].map((label) => texts.has(label)),
      [false, true, true],
    )
  })

  it('have every point and text inside the picture', () => {
    for (const { x, y } of [...textsOf(svg).values(), ...pointsOf(svg)]) {
      assert.ok(x >= 0 && x <= 900 && y >= 0 && y <= 460, [x, y].join())
    }
  })

  it('have separate names for lines that end at the same place', () => {
    const points = [
      { x: 1, y: 1 },
      { x: 100, y: 5 },
    ]
    const names = ['one', 'two', 'three']
    const texts = textsOf(renderChart({ ...CHART, series: names.map((name) => ({ name, points, isDashed: false })) }))
    const at = names.map((name) => texts.get(name)?.y ?? 0).sort((a, b) => a - b)
    assert.ok(
      at.every((y, i) => i === 0 || y - (at[i - 1] ?? y) >= 16),
      at.join(),
    )
  })

  it('have grid lines between powers of ten only when there is room', () => {
    assert.ok(textsOf(svg).has('0.5 s') && textsOf(svg).has('2 s'))
    const wide = {
      name: 'a',
      isDashed: false,
      points: [
        { x: 1, y: 0.1 },
        { x: 2, y: 900 },
      ],
    }
    assert.ok(!textsOf(renderChart({ ...CHART, series: [wide] })).has('2 s'))
  })

  it('have other colours on dark pages for every shape', () => {
    const [, dark = ''] = /prefers-color-scheme: dark\) \{([^]*)<\/style>/.exec(svg) ?? []
    for (const [attribute] of svg.replace(/<style>[^]*<\/style>/, '').matchAll(/(?:fill|stroke)="#\w{6}"/g)) {
      assert.ok(dark.includes(`[${attribute}]`), attribute)
    }
  })

  it('are the same text each time they are drawn', () => {
    assert.equal(renderChart(CHART), svg)
  })

  it('cannot be drawn without a series', () => {
    assert.throws(() => renderChart({ ...CHART, series: [] }), /nothing to draw/)
  })
})
