import { type Chart, renderChart } from '../charts.ts'
import { count, duration, markdownTable, size } from '../format.ts'
import { known } from '../report.ts'
import { bytesMoved, trafficOf } from '../result.ts'
import { median } from '../statistics.ts'
import type { Growth, GrowthChart, GrowthPoint, GrowthResult, GrowthSeries } from './growth.ts'

/** The programs that this one is compared with. */
const OTHERS: ReadonlySet<string> = new Set(['before', 'peer'])

/** Tables and pictures of how costs grow, as Markdown. `folder`: where the pictures lie, as seen from the page. */
export function growthReport(growths: readonly Growth[], results: readonly GrowthResult[], folder: string): string {
  const sections = growths.flatMap((growth) => {
    const result = results.find(({ name }) => name === growth.name)
    return result === undefined ? [] : [`### ${growth.title}`, ...growthSection(growth, result, folder)]
  })
  return sections.join('\n\n')
}

/** Every picture that can be drawn, by file name. */
export function growthCharts(growths: readonly Growth[], results: readonly GrowthResult[]): Map<string, string> {
  const pictures = new Map<string, string>()
  for (const growth of growths) {
    const result = results.find(({ name }) => name === growth.name)
    for (const chart of growth.charts) {
      const drawn = result === undefined ? undefined : drawChart(growth, chart, result)
      if (drawn !== undefined) pictures.set(`${chart.file}.svg`, renderChart(drawn))
    }
  }
  return pictures
}

function growthSection(growth: Growth, result: GrowthResult, folder: string): string[] {
  const whats = [...new Set(result.series.map(({ what }) => what))]
  const tables = whats.flatMap((what) => [
    `**${what}**`,
    growthTable(
      growth.axis,
      result.series.filter((series) => series.what === what),
    ),
  ])
  const pictures = growth.charts.filter((chart) => drawChart(growth, chart, result) !== undefined)
  const failed = result.failed === undefined ? [] : [`Ended early: ${result.failed.split('\n', 1)[0] ?? ''}`]
  return [...pictures.map(({ file, title }) => `![${title}](${folder}/${file}.svg)`), ...tables, ...failed]
}

/**
 * One row a point; in each cell the median time, the greatest memory, the most bytes moved where they were counted, and
 * of concurrent writers what was kept.
 */
export function growthTable(axis: string, series: readonly GrowthSeries[]): string {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b)
  const rows = steps.map((at) => [
    count(at),
    ...series.map(({ points }) => pointCell(points.find((point) => point.at === at))),
  ])
  return markdownTable([axis, ...series.map(({ program }) => program)], rows)
}

function pointCell(point: GrowthPoint | undefined): string {
  if (point === undefined) return ''
  const memory = memoryOf(point)
  const moved = movedBy(point)
  const kept = point.kept === undefined ? [] : [`${String(point.kept)} of ${String(point.at)} in the index`]
  return [
    duration(timeOf(point)),
    ...(memory === undefined ? [] : [size(memory)]),
    ...(moved === undefined ? [] : [`${size(moved)} moved`]),
    ...kept,
  ].join(', ')
}

function drawChart(
  { axis }: Growth,
  { shows, title, value }: GrowthChart,
  { series }: GrowthResult,
): Chart | undefined {
  const shown = series.filter(shows)
  const several = new Set(shown.map(({ what }) => what)).size > 1
  const lines = shown.map(({ points, program, what }) => ({
    name: several ? `${what} (${program})` : program,
    isDashed: OTHERS.has(program.split(',', 1)[0] ?? ''),
    points: points.flatMap((point) => {
      const y = VALUES[value].of(point)
      return y === undefined ? [] : [{ x: point.at, y }]
    }),
  }))
  if (lines.every(({ points }) => points.length === 0)) return undefined
  const { format, label } = VALUES[value]
  return { title, xLabel: axis, yLabel: label, formatX: count, formatY: format, series: lines }
}

/** `10 ms`, `1 s`, `100 s` */
function axisDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${String(milliseconds)} ms` : `${count(milliseconds / 1000)} s`
}

function timeOf({ samples }: GrowthPoint): number {
  return median(samples.map(({ wall }) => wall))
}

function memoryOf({ samples }: GrowthPoint): number | undefined {
  const memories = known(samples.map(({ memory }) => memory))
  return memories.length === 0 ? undefined : Math.max(...memories)
}

function movedBy(point: GrowthPoint): number | undefined {
  const traffic = trafficOf(point)
  return traffic === undefined ? undefined : bytesMoved(traffic)
}

/** What a chart can show of a point. */
const VALUES: Readonly<Record<GrowthChart['value'], ChartValue>> = {
  time: { label: 'time', format: axisDuration, of: timeOf },
  memory: { label: 'peak memory', format: size, of: memoryOf },
  moved: { label: 'bytes moved', format: size, of: movedBy },
}

interface ChartValue {
  readonly label: string
  readonly format: (value: number) => string
  readonly of: (point: GrowthPoint) => number | undefined
}
