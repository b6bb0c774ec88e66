import { LineChart, type LineSeriesOption } from 'echarts/charts'
import { GridComponent, type GridComponentOption, TitleComponent, type TitleComponentOption } from 'echarts/components'
import { type ComposeOption, init, use } from 'echarts/core'
import { LabelLayout } from 'echarts/features'
import { SVGRenderer } from 'echarts/renderers'

/** A line chart: both axes logarithmic, each line named at its end, readable on light and dark pages. */
export interface Chart {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly formatX: (value: number) => string
  readonly formatY: (value: number) => string
  readonly series: readonly ChartSeries[]
}

export interface ChartSeries {
  readonly name: string
  /** y is above 0; x is 0 or more. */
  readonly points: readonly Point[]
  readonly isDashed: boolean
}

interface Point {
  readonly x: number
  readonly y: number
}

type Option = ComposeOption<GridComponentOption | LineSeriesOption | TitleComponentOption>

use([GridComponent, LabelLayout, LineChart, SVGRenderer, TitleComponent])

const SIZE = { width: 900, height: 460 }
/** What is beside the lines: on the right their names. */
const PLOT = { left: 84, right: 290, top: 52, bottom: 64 }
const FONT = { fontFamily: "system-ui, -apple-system, 'Segoe UI', sans-serif", fontSize: 13 }

/**
 * On white and on near black. Those of the lines are distinct on both, also for most people who see colours
 * differently.
 */
const LINES: readonly (readonly [light: string, dark: string])[] = [
  ['#0b62a4', '#6cb6ff'],
  ['#c2410c', '#ff9e64'],
  ['#0f7b52', '#5fd3a0'],
  ['#8e3bb0', '#d2a8ff'],
  ['#a16207', '#e3c25b'],
  ['#b4236b', '#ff86b8'],
  ['#4b5563', '#b6bec9'],
]
const TEXT = ['#24292f', '#e6edf3'] as const
const PAGE = ['#ffffff', '#0d1117'] as const
const GRID = ['#d0d7de', '#30363d'] as const

const DARK = [...LINES, TEXT, PAGE, GRID]
  .map(([light, dark]) => `[fill="${light}"] { fill: ${dark} }\n[stroke="${light}"] { stroke: ${dark} }`)
  .join('\n')
const STYLE = `<style>\n@media (prefers-color-scheme: dark) {\n${DARK}\n}\n</style>`

/**
 * The chart as SVG text: the same for the same chart.
 * @throws Error when it has no points
 */
export function renderChart(chart: Chart): string {
  const points = chart.series.flatMap((series) => series.points)
  if (points.length === 0) throw new Error(`nothing to draw: ${chart.title}`)
  const drawing = init(null, null, { renderer: 'svg', ssr: true, ...SIZE })
  try {
    drawing.setOption(optionOf(chart, points))
    const description = `${chart.yLabel} against ${chart.xLabel}: ${chart.series.map(({ name }) => name).join(', ')}`
    return dressed(drawing.renderToSVGString(), description)
  } finally {
    drawing.dispose()
  }
}

function optionOf({ formatX, formatY, series, title, xLabel, yLabel }: Chart, points: readonly Point[]): Option {
  const x = xScale(points.map((point) => point.x))
  const y = yScale(points.map((point) => point.y))
  return {
    animation: false,
    backgroundColor: PAGE[0],
    color: LINES.map(([light]) => light),
    textStyle: FONT,
    title: {
      text: title,
      left: 79,
      top: 12,
      borderColor: PAGE[0],
      textStyle: { color: TEXT[0], fontSize: 16, fontWeight: 600 },
    },
    grid: PLOT,
    xAxis: { ...axisOf(x, formatX), name: xLabel, nameGap: 38 },
    yAxis: { ...axisOf(y, formatY), name: yLabel, nameGap: 62 },
    series: series.map(({ isDashed, name, points: own }): LineSeriesOption => ({
      type: 'line',
      silent: true,
      clip: false,
      symbol: 'circle',
      symbolSize: 7,
      lineStyle: { width: 2.25, type: isDashed ? [6, 5] : 'solid' },
      data: own.map((point) => [x.place(point.x), y.place(point.y)]),
      endLabel: { show: true, formatter: () => name, color: 'inherit', distance: 11, lineHeight: 17, ...FONT },
      labelLayout: { x: SIZE.width - PLOT.right + 14, moveOverlap: 'shiftY' },
    })),
  }
}

/** Where values stand, as powers of ten. */
interface Scale {
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
  readonly place: (value: number) => number
}

/** 0, where it occurs, stands one step left of the least power of ten. */
function xScale(values: readonly number[]): Scale {
  const powers = values.filter((value) => value > 0).map(Math.log10)
  const first = powers.length === 0 ? 0 : Math.floor(Math.min(...powers))
  const max = Math.max(first + 1, ...powers)
  const hasZero = powers.length < values.length
  const min = hasZero ? first - 1 : first
  const ticks = [...(hasZero ? [0] : []), ...powersOfTen(first, Math.floor(max))]
  return { min, max, ticks, place: (value) => (value === 0 ? min : Math.log10(value)) }
}

function yScale(values: readonly number[]): Scale {
  const min = Math.floor(Math.log10(Math.min(...values)))
  const max = Math.max(min + 1, Math.ceil(Math.log10(Math.max(...values))))
  const powers = powersOfTen(min, max)
  // Few powers of ten leave room for lines between them.
  const between = max - min > 2 ? [] : powers.slice(0, -1).flatMap((power) => [2 * power, 5 * power])
  return { min, max, ticks: [...powers, ...between].sort((a, b) => a - b), place: Math.log10 }
}

function powersOfTen(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${String(first + i)}`))
}

function axisOf({ max, min, place, ticks }: Scale, format: (value: number) => string) {
  const texts = new Map(ticks.map((tick) => [place(tick), format(tick)]))
  const customValues = [...texts.keys()]
  return {
    type: 'value' as const,
    min,
    max,
    nameLocation: 'middle' as const,
    nameTextStyle: { color: TEXT[0], ...FONT },
    axisLine: { show: false },
    axisTick: { show: false, customValues },
    axisLabel: { color: TEXT[0], customValues, formatter: (at: number) => texts.get(at) ?? '', ...FONT },
    splitLine: { show: true, customValues, lineStyle: { color: GRID[0] } },
  }
}

/** With a description and the colours of dark pages; without what scripts would need, and the number of the drawing. */
function dressed(svg: string, description: string): string {
  const label = description.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  return `${svg
    .replace(/<style >[^]*<\/style>\n?/, '')
    .replace(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, '')
    .replace('>', ` role="img" aria-label="${label}">\n${STYLE}`)}\n`
}
