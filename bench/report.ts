import { count, duration, markdownTable, short, size } from './format.ts'
import type { Machine } from './machine.ts'
import { type Goal, type LineResult, type Row, isMet, trafficOf } from './result.ts'
import { median, spread } from './statistics.ts'

/** Every goal with what was found. */
export function goalTable(lines: readonly LineResult[]): string {
  const rows = lines.flatMap((line) => {
    const reason = line.failed ?? line.skipped
    if (reason !== undefined)
      return [
        [line.title, '', '', '', '', '', `${line.failed === undefined ? 'skipped' : 'failed'}: ${firstLine(reason)}`],
      ]
    if (line.goals.length === 0) return [[line.title, '', '', '', '', '', line.notes.join(' ')]]
    return line.goals.map((goal, i) => [
      i === 0 ? line.title : '',
      goal.what,
      goal.program,
      `${goal.sense} ${quantity(goal.limit, goal.unit)}`,
      goal.value === undefined ? '' : quantity(goal.value, goal.unit),
      goal.cpu === undefined ? '' : short(goal.cpu),
      verdict(goal, line.isFullSize),
    ])
  })
  return markdownTable(['what', 'case', 'program', 'goal', 'found', 'of CPU time', ''], rows)
}

/** Every case with its medians, spread and traffic. */
export function detailTable(lines: readonly LineResult[]): string {
  const headers = [
    'line',
    'case',
    'program',
    'runs',
    'median',
    'least – most',
    'CPU',
    'peak memory',
    'requests',
    'received',
    'sent',
  ]
  return markdownTable(
    headers,
    lines.flatMap((line) => line.rows.map((row, i) => [i === 0 ? line.name : '', ...detailCells(row)])),
  )
}

/** What the lines say beside their numbers, as a list. */
export function noteList(lines: readonly LineResult[]): string {
  return lines.flatMap(({ name, notes }) => notes.map((note) => `- ${name}: ${note}`)).join('\n')
}

/** The machine, the programs and when it was. */
export function machineTable({ machine, versions }: Machine, lines: readonly { readonly at: string }[]): string {
  const days = [...new Set(lines.map(({ at }) => at.slice(0, 10)))].sort()
  const rows = [
    ['date', days.join(', ')],
    ['machine', `${count(machine.cores)} cores, ${machine.cpu}, ${size(machine.memory)} of memory, ${machine.system}`],
    ...Object.entries(versions),
  ]
  return markdownTable(['', ''], rows)
}

function detailCells(row: Row): string[] {
  const { program, samples, what } = row
  const traffic = trafficOf(row)
  const walls = samples.map(({ wall }) => wall)
  const { least, most } = spread(walls)
  const cpu = known(samples.map((sample) => sample.cpu))
  const memory = known(samples.map((sample) => sample.memory))
  return [
    what,
    program,
    String(samples.length),
    duration(median(walls)),
    `${duration(least)} – ${duration(most)}`,
    cpu.length === 0 ? '' : duration(median(cpu)),
    memory.length === 0 ? '' : size(Math.max(...memory)),
    ...(traffic === undefined ? ['', '', ''] : [count(traffic.requests), size(traffic.received), size(traffic.sent)]),
  ]
}

function verdict(goal: Goal, isFullSize: boolean): string {
  const met = isMet(goal)
  if (met === undefined) return 'nothing to compare with'
  const text = met ? 'met' : '**missed**'
  return isFullSize ? text : `${text} (at a small size)`
}

function quantity(value: number, unit: Goal['unit']): string {
  if (unit === 'bytes') return size(value)
  if (unit === 'MB') return `${short(value)} MB`
  return `${unit === 'times' ? short(value) : count(value)} ${unit}`
}

export function known(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
