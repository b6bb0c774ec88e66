/** A line chart as SVG text: both axes logarithmic, each line labelled at its end, readable on light and dark pages. */
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

const WIDTH = 900
const HEIGHT = 460
const PLOT = { left: 84, right: 610, top: 52, bottom: 396 }
const LABEL_HEIGHT = 17

/** Distinct on white and on near black, also for most people who see colours differently. */
const LIGHT = ['#0b62a4', '#c2410c', '#0f7b52', '#8e3bb0', '#a16207', '#b4236b', '#4b5563']
const DARK = ['#6cb6ff', '#ff9e64', '#5fd3a0', '#d2a8ff', '#e3c25b', '#ff86b8', '#b6bec9']

const STYLE = `
text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 }
.page { fill: #ffffff }
.grid { stroke: #d0d7de; stroke-width: 1 }
.line { fill: none; stroke-width: 2.25; stroke-linejoin: round }
.dashed { stroke-dasharray: 6 5 }
${LIGHT.map((colour, i) => seriesStyle(i, colour)).join('\n')}
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.page { fill: #0d1117 }
.grid { stroke: #30363d }
${DARK.map((colour, i) => seriesStyle(i, colour)).join('\n')}
}`.trim()

export function renderChart(chart: Chart): string {
  const points = chart.series.flatMap((series) => series.points)
  if (points.length === 0) throw new Error(`nothing to draw: ${chart.title}`)
  const x = xScale(points.map((point) => point.x))
  const y = yScale(points.map((point) => point.y))
  const description = `${chart.yLabel} against ${chart.xLabel}: ${chart.series.map(({ name }) => name).join(', ')}`
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="${escape(description)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${String(WIDTH)}" height="${String(HEIGHT)}"/>`,
    text(PLOT.left, 28, chart.title, 'start', 'title'),
    ...x.ticks.map((tick) => vertical(x.place(tick), chart.formatX(tick))),
    ...y.ticks.map((tick) => horizontal(y.place(tick), chart.formatY(tick))),
    text((PLOT.left + PLOT.right) / 2, PLOT.bottom + 46, chart.xLabel, 'middle'),
    `<text transform="translate(20 ${String((PLOT.top + PLOT.bottom) / 2)}) rotate(-90)" text-anchor="middle">${escape(chart.yLabel)}</text>`,
    ...chart.series.map((series, i) => drawSeries(series, i, x, y)),
    ...endLabels(chart.series, y),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

interface Scale {
  readonly ticks: readonly number[]
  readonly place: (value: number) => number
}

/** Powers of ten; 0, where it occurs, stands one step left of the least power. */
function xScale(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0)
  const hasZero = positive.length < values.length
  const first = Math.floor(Math.log10(positive.length === 0 ? 1 : Math.min(...positive)))
  const last = Math.max(first + 1, Math.log10(positive.length === 0 ? 10 : Math.max(...positive)))
  const start = hasZero ? first - 1 : first
  const place = (value: number): number => {
    const at = value === 0 ? start : Math.log10(value)
    return round(PLOT.left + ((at - start) / (last - start)) * (PLOT.right - PLOT.left))
  }
  const powers = powersOfTen(first, Math.floor(last))
  return { ticks: hasZero ? [0, ...powers] : powers, place }
}

function yScale(values: readonly number[]): Scale {
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))))
  const place = (value: number): number => round(PLOT.bottom - ((Math.log10(value) - first) / (last - first)) * (PLOT.bottom - PLOT.top))
  const powers = powersOfTen(first, last)
  // Few powers of ten leave room for lines between them.
  const between = last - first > 2 ? [] : powers.slice(0, -1).flatMap((power) => [2 * power, 5 * power])
  return { ticks: [...powers, ...between], place }
}

function powersOfTen(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${String(first + i)}`))
}

function drawSeries({ isDashed, points }: ChartSeries, i: number, x: Scale, y: Scale): string {
  const places = points.map((point) => ({ x: x.place(point.x), y: y.place(point.y) }))
  const path = places.map((place) => `${String(place.x)},${String(place.y)}`).join(' ')
  const dots = places.map((place) => `<circle class="dot${String(colourOf(i))}" cx="${String(place.x)}" cy="${String(place.y)}" r="3.5"/>`)
  return `<polyline class="line line${String(colourOf(i))}${isDashed ? ' dashed' : ''}" points="${path}"/>\n${dots.join('')}`
}

/** The name of each line beside its last point; names that would overlap are moved apart. */
function endLabels(series: readonly ChartSeries[], y: Scale): string[] {
  const labels = series.flatMap(({ name, points }, i) => {
    const last = points.at(-1)
    return last === undefined ? [] : [{ name, i, at: y.place(last.y) }]
  })
  labels.sort((a, b) => a.at - b.at)
  let free = PLOT.top
  const placed = labels.map((label) => {
    const at = Math.max(label.at, free)
    free = at + LABEL_HEIGHT
    return { ...label, at }
  })
  const overflow = Math.max(0, free - LABEL_HEIGHT - PLOT.bottom)
  return placed.map(({ at, i, name }) => text(PLOT.right + 14, round(at - overflow + 4), name, 'start', `dot${String(colourOf(i))}`))
}

function vertical(x: number, label: string): string {
  const line = `<line class="grid" x1="${String(x)}" x2="${String(x)}" y1="${String(PLOT.top)}" y2="${String(PLOT.bottom)}"/>`
  return line + text(x, PLOT.bottom + 20, label, 'middle')
}

function horizontal(y: number, label: string): string {
  const line = `<line class="grid" x1="${String(PLOT.left)}" x2="${String(PLOT.right)}" y1="${String(y)}" y2="${String(y)}"/>`
  return line + text(PLOT.left - 8, y + 4, label, 'end')
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', className?: string): string {
  const classes = className === undefined ? '' : ` class="${className}"`
  return `<text x="${String(x)}" y="${String(y)}" text-anchor="${anchor}"${classes}>${escape(content)}</text>`
}

function seriesStyle(i: number, colour: string): string {
  return `.line${String(i)} { stroke: ${colour} } .dot${String(i)} { fill: ${colour} }`
}

function colourOf(i: number): number {
  return i % LIGHT.length
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
