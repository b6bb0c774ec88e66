import { type Chart, renderChart } from '../charts.ts'
import { count, duration, markdownTable, size } from '../format.ts'
import { known } from '../report.ts'
import { median } from '../statistics.ts'
import type { Growth, GrowthChart, GrowthPoint, GrowthResult, GrowthSeries } from './growth.ts'

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

/** One row a point; in each cell the median time, the greatest memory, and of concurrent writers what was kept. */
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
  const kept = point.kept === undefined ? [] : [`${String(point.kept)} of ${String(point.at)} in the index`]
  return [duration(timeOf(point)), ...(memory === undefined ? [] : [size(memory)]), ...kept].join(', ')
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
    isDashed: program.startsWith('peer'),
    points: points.flatMap((point) => {
      const y = value === 'time' ? timeOf(point) : memoryOf(point)
      return y === undefined ? [] : [{ x: point.at, y }]
    }),
  }))
  if (lines.every(({ points }) => points.length === 0)) return undefined
  const isTime = value === 'time'
  return {
    title,
    xLabel: axis,
    yLabel: isTime ? 'time' : 'peak memory',
    formatX: count,
    formatY: isTime ? axisDuration : size,
    series: lines,
  }
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
